package ecs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

// withHosts is a service with a cluster `default` of hosts, each with the attribute n and its number.
func withHosts(t *testing.T, n int) *Service {
	s := newService()
	must[*wire.CreateClusterOutput](t)(s.createCluster(operator, &wire.CreateClusterInput{}))
	for k := range n {
		must[*ecs.Instance](t)(do(operator, s, func(tx *state.Tx) (*ecs.Instance, error) {
			return command.RegisterInstance(tx, command.RegisterInstanceInput{
				Cluster: ecs.DefaultCluster, CPUUnits: 1024, MemoryMiB: 1024, DefaultZone: "a",
				Attributes: []ecs.Attribute{{Name: "n", Value: fmt.Sprint(k)}},
			})
		}))
	}
	return s
}

// filtered follows the pages and returns the attribute n of the listed instances.
func (s *Service) filtered(t *testing.T, filter string, size int32) (numbers []string) {
	t.Helper()
	in := &wire.ListContainerInstancesInput{Filter: &filter, MaxResults: &size}
	for {
		out := must[*wire.ListContainerInstancesOutput](t)(s.listContainerInstances(operator, in))
		for _, arn := range out.ContainerInstanceArns {
			i := s.Store.Snapshot().Instance(ecs.DefaultCluster, ecs.InstanceID(arn[strings.LastIndex(arn, "/")+1:]))
			n, _ := i.Attribute("n")
			numbers = append(numbers, n)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return numbers
		}
	}
}

func TestListContainerInstancesFilter(t *testing.T) {
	s := withHosts(t, 12)
	for _, c := range []struct {
		filter string
		want   []string
	}{
		{"attribute:n in [3, 5, 99]", []string{"3", "5"}},
		{"attribute:n >= 9 and not (attribute:n == 10)", []string{"9", "11"}},
		{"attribute:n < 2 and runningTasksCount == 0 and task:group !exists", []string{"0", "1"}},
		{"agentConnected == true", nil},
		{"", []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}},
	} {
		for _, size := range []int32{1, 2, 100} {
			if got := s.filtered(t, c.filter, size); !slices.Equal(got, c.want) {
				t.Errorf("%q by %d: %v, want %v", c.filter, size, got, c.want)
			}
		}
	}
}

func TestListContainerInstancesFilterErrors(t *testing.T) {
	s := withHosts(t, 2)
	list := func(in wire.ListContainerInstancesInput) error {
		_, err := s.listContainerInstances(operator, &in)
		return err
	}
	wantError(t, list(wire.ListContainerInstancesInput{Filter: new("attribute:n = 1")}), "InvalidParameterException",
		"The filter is invalid: column 13: = does not stand alone: == is meant, or a text in quotes")
	wantError(t, list(wire.ListContainerInstancesInput{Filter: new("attribute:n = 1"), Cluster: new("other")}),
		"ClusterNotFoundException", "Cluster not found.")

	first := must[*wire.ListContainerInstancesOutput](t)(s.listContainerInstances(operator, &wire.ListContainerInstancesInput{
		Filter: new("attribute:n exists"), MaxResults: new(int32(1)),
	}))
	wantError(t, list(wire.ListContainerInstancesInput{Filter: new("attribute:n == 1"), NextToken: first.NextToken}),
		"InvalidParameterException", "Invalid token.")
}

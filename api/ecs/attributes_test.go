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

// hostARNs lists the instances of the cluster `default`.
func (s *Service) hostARNs(t *testing.T) []string {
	t.Helper()
	return must[*wire.ListContainerInstancesOutput](t)(s.listContainerInstances(operator, &wire.ListContainerInstancesInput{})).ContainerInstanceArns
}

func shortID(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

func (s *Service) put(attributes ...wire.Attribute) ([]wire.Attribute, error) {
	out, err := s.putAttributes(operator, &wire.PutAttributesInput{Attributes: attributes})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

// listed follows the pages of ListAttributes and returns name=value@n, n being the number of the host.
func (s *Service) listed(t *testing.T, in wire.ListAttributesInput) []string {
	t.Helper()
	in.TargetType = new("container-instance")
	hosts, out := s.hostARNs(t), []string{}
	for {
		page := must[*wire.ListAttributesOutput](t)(s.listAttributes(operator, &in))
		if in.MaxResults != nil && len(page.Attributes) > int(*in.MaxResults) {
			t.Errorf("a page of %d", len(page.Attributes))
		}
		for _, a := range page.Attributes {
			if a.TargetType != nil {
				t.Errorf("targetType %s", *a.TargetType)
			}
			out = append(out, fmt.Sprintf("%s=%s@%d", *a.Name, value(a.Value), slices.Index(hosts, *a.TargetId)))
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			return out
		}
	}
}

func TestAttributesOfInstances(t *testing.T) {
	s := withHosts(t, 2)
	hosts := s.hostARNs(t)
	got := must[[]wire.Attribute](t)(s.put(
		wire.Attribute{Name: new("stack"), Value: new("prod"), TargetId: &hosts[1]},
		wire.Attribute{Name: new("bare"), TargetId: new(shortID(hosts[0])), TargetType: new("container-instance")},
	))
	if len(got) != 2 || *got[0].Name != "stack" || *got[0].Value != "prod" || *got[0].TargetId != hosts[1] || *got[1].TargetId != hosts[0] || got[1].Value != nil {
		t.Errorf("answer %+v", got)
	}
	all := []string{"bare=@0", "ecs.availability-zone=a@0", "n=0@0", "ecs.availability-zone=a@1", "n=1@1", "stack=prod@1"}
	for _, size := range []int32{1, 2, 3, 5, 6, 100} {
		if got := s.listed(t, wire.ListAttributesInput{MaxResults: &size}); !slices.Equal(got, all) {
			t.Errorf("by %d: %v", size, got)
		}
	}
	for _, tc := range []struct {
		name, value string
		want        []string
	}{
		{"n", "", []string{"n=0@0", "n=1@1"}}, {"n", "1", []string{"n=1@1"}}, {"n", "2", []string{}}, {"x", "", []string{}}, {"bare", "", []string{"bare=@0"}},
	} {
		in := wire.ListAttributesInput{AttributeName: &tc.name, AttributeValue: &tc.value, MaxResults: new(int32(1))}
		if got := s.listed(t, in); !slices.Equal(got, tc.want) {
			t.Errorf("%s=%s: %v", tc.name, tc.value, got)
		}
	}
	out := must[*wire.DeleteAttributesOutput](t)(s.deleteAttributes(operator, &wire.DeleteAttributesInput{Attributes: []wire.Attribute{
		{Name: new("stack"), TargetId: &hosts[1]}, {Name: new("stack"), TargetId: &hosts[0]},
	}}))
	if len(out.Attributes) != 1 || *out.Attributes[0].TargetId != hosts[1] || *out.Attributes[0].Value != "prod" {
		t.Errorf("deleted %+v", out.Attributes)
	}
	must[*ecs.Instance](t)(do(operator, s, func(tx *state.Tx) (*ecs.Instance, error) {
		return command.DeregisterInstance(tx, command.DeregisterInstanceInput{Cluster: ecs.DefaultCluster, ID: ecs.InstanceID(shortID(hosts[0]))})
	}))
	if got := s.listed(t, wire.ListAttributesInput{}); !slices.Equal(got, []string{"ecs.availability-zone=a@0", "n=1@0"}) { // host 1 is the first now
		t.Errorf("after a host has gone: %v", got)
	}
}

func TestListAttributesGoesOnWhenTheHostOfItsTokenIsGone(t *testing.T) {
	s := withHosts(t, 3)
	hosts := s.hostARNs(t)
	in := &wire.ListAttributesInput{TargetType: new("container-instance"), AttributeName: new("n"), MaxResults: new(int32(2))}
	in.NextToken = must[*wire.ListAttributesOutput](t)(s.listAttributes(operator, in)).NextToken
	must[*ecs.Instance](t)(do(operator, s, func(tx *state.Tx) (*ecs.Instance, error) {
		return command.DeregisterInstance(tx, command.DeregisterInstanceInput{Cluster: ecs.DefaultCluster, ID: ecs.InstanceID(shortID(hosts[1]))})
	}))
	out := must[*wire.ListAttributesOutput](t)(s.listAttributes(operator, in))
	if len(out.Attributes) != 1 || *out.Attributes[0].TargetId != hosts[2] || out.NextToken != nil {
		t.Errorf("%+v", out)
	}
}

func TestAttributesThatAreRefused(t *testing.T) {
	s := withHosts(t, 1)
	host := s.hostARNs(t)[0]
	const invalid = "InvalidParameterException"
	refuses := func(code, message string, attributes ...wire.Attribute) {
		t.Helper()
		_, err := s.put(attributes...)
		wantError(t, err, code, message)
		_, err = s.deleteAttributes(operator, &wire.DeleteAttributesInput{Attributes: attributes})
		wantError(t, err, code, message)
	}
	named := func(name, v string) wire.Attribute { return wire.Attribute{Name: &name, Value: &v, TargetId: &host} }
	refuses(invalid, "attributes can not be empty.")
	refuses(invalid, "attributes can have at most 10 items.", slices.Repeat([]wire.Attribute{named("a", "b")}, 11)...)
	must[[]wire.Attribute](t)(s.put(slices.Repeat([]wire.Attribute{named("a", "b")}, 10)...))
	for _, name := range []string{"", "a b", "a:b", "ä", strings.Repeat("a", 129)} {
		refuses(invalid, fmt.Sprintf("The attribute name %q is invalid: 1 to 128 letters, digits and . _ - / \\ are allowed.", name), named(name, "v"))
	}
	for _, v := range []string{" v", "v ", " ", "a\tb", "a=b", "ä", strings.Repeat("v", 129)} {
		refuses(invalid, "The value of attribute a is invalid: 1 to 128 letters, digits, . _ - / \\ @ : and inner blanks are allowed.", named("a", v))
	}
	long := strings.Repeat("v", 128)
	must[[]wire.Attribute](t)(s.put(named(long, long), named(`A0._-/\`, `a0._-/\@: z`), named("b", "x")))
	refuses(invalid, "targetId is missing", wire.Attribute{Name: new("a")})
	refuses(invalid, "targetType is missing: it is needed beside the short form of a target's id.", wire.Attribute{Name: new("a"), TargetId: new(shortID(host))})
	notFound := command.ErrTargetNotFound.Message
	refuses("TargetNotFoundException", notFound, wire.Attribute{Name: new("a"), TargetId: new(strings.Repeat("0", 32)), TargetType: new("container-instance")})
	refuses("TargetNotFoundException", notFound, wire.Attribute{Name: new("a"), TargetId: new(realm.InstanceARN("other", ecs.InstanceID(shortID(host))))})
	refuses(invalid, "Invalid identifier: expected an ARN of a container-instance.", wire.Attribute{Name: new("a"), TargetId: new(realm.ClusterARN("default"))})

	_, err := s.listAttributes(operator, &wire.ListAttributesInput{TargetType: new("container-instance"), AttributeValue: new("v")})
	wantError(t, err, invalid, "attributeName is missing: a value is looked for under a name.")
	_, err = s.listAttributes(operator, &wire.ListAttributesInput{TargetType: new("container-instance"), Cluster: new("nowhere")})
	wantError(t, err, "ClusterNotFoundException", "Cluster not found.")
	_, err = s.listAttributes(operator, &wire.ListAttributesInput{TargetType: new("container-instance"), MaxResults: new(int32(101))})
	wantError(t, err, invalid, "Max results can not be greater than 100")
}

package ecs

import (
	"fmt"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"

	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

// newProvider creates a provider over the group "g-NAME".
func (s *Service) newProvider(t *testing.T, name string, scaling *wire.ManagedScaling) *wire.CapacityProvider {
	t.Helper()
	return must[*wire.CreateCapacityProviderOutput](t)(s.createCapacityProvider(operator, &wire.CreateCapacityProviderInput{
		Name: &name, AutoScalingGroupProvider: &wire.AutoScalingGroupProvider{AutoScalingGroupArn: new("g-" + name), ManagedScaling: scaling},
	})).CapacityProvider
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func item(name string, base, weight int32) wire.CapacityProviderStrategyItem {
	return wire.CapacityProviderStrategyItem{CapacityProvider: &name, Base: &base, Weight: &weight}
}

func TestAnswersOfACapacityProvider(t *testing.T) {
	s := newService()
	out := must[*wire.CreateCapacityProviderOutput](t)(s.createCapacityProvider(operator, &wire.CreateCapacityProviderInput{
		Name: new("p"), AutoScalingGroupProvider: &wire.AutoScalingGroupProvider{AutoScalingGroupArn: new("g")},
		Tags: []wire.Tag{{Key: new("k"), Value: new("v")}},
	}))
	arn := realm.CapacityProviderARN("p")
	want := `{"autoScalingGroupProvider":{"autoScalingGroupArn":"g","managedScaling":{"instanceWarmupPeriod":300,"maximumScalingStepSize":10000,` +
		`"minimumScalingStepSize":1,"status":"DISABLED","targetCapacity":100},"managedTerminationProtection":"DISABLED"},` +
		`"capacityProviderArn":"` + arn + `","name":"p","status":"ACTIVE","tags":[%s]%s}`
	if got := text(t, out.CapacityProvider); got != fmt.Sprintf(want, `{"key":"k","value":"v"}`, "") {
		t.Errorf("created: %s", got)
	}
	described := func(include ...string) string {
		t.Helper()
		out := must[*wire.DescribeCapacityProvidersOutput](t)(s.describeCapacityProviders(operator,
			&wire.DescribeCapacityProvidersInput{CapacityProviders: []string{"p", arn, "nobody", "FARGATE"}, Include: include}))
		if len(out.CapacityProviders) != 2 || len(out.Failures) != 1 || *out.Failures[0].Reason != "MISSING" ||
			*out.Failures[0].Arn != realm.CapacityProviderARN("nobody") {
			t.Fatalf("%s", text(t, out))
		}
		if got := text(t, out.CapacityProviders[1]); got != `{"capacityProviderArn":"`+realm.CapacityProviderARN("FARGATE")+`","name":"FARGATE","status":"ACTIVE","tags":[]}` {
			t.Errorf("FARGATE: %s", got)
		}
		return text(t, out.CapacityProviders[0])
	}
	if got := described(); got != fmt.Sprintf(want, "", "") {
		t.Errorf("described: %s", got)
	}
	if got := described("TAGS"); got != fmt.Sprintf(want, `{"key":"k","value":"v"}`, "") {
		t.Errorf("described with tags: %s", got)
	}
	updated := must[*wire.UpdateCapacityProviderOutput](t)(s.updateCapacityProvider(operator, &wire.UpdateCapacityProviderInput{
		Name: &arn, AutoScalingGroupProvider: &wire.AutoScalingGroupProviderUpdate{
			ManagedTerminationProtection: new("ENABLED"),
			ManagedScaling: &wire.ManagedScaling{
				Status: new("ENABLED"), TargetCapacity: new(int32(80)), MinimumScalingStepSize: new(int32(2)), InstanceWarmupPeriod: new(int32(0)),
			},
		},
	})).CapacityProvider
	if got := text(t, updated.AutoScalingGroupProvider); *updated.UpdateStatus != "UPDATE_COMPLETE" || got != `{"autoScalingGroupArn":"g","managedScaling":`+
		`{"instanceWarmupPeriod":0,"maximumScalingStepSize":10000,"minimumScalingStepSize":2,"status":"ENABLED","targetCapacity":80},"managedTerminationProtection":"ENABLED"}` {
		t.Errorf("updated: %s", got)
	}
	deleted := must[*wire.DeleteCapacityProviderOutput](t)(s.deleteCapacityProvider(operator, &wire.DeleteCapacityProviderInput{CapacityProvider: &arn})).CapacityProvider
	if *deleted.Status != "INACTIVE" || *deleted.UpdateStatus != "DELETE_COMPLETE" {
		t.Errorf("deleted: %s", text(t, deleted))
	}
	if again := must[*wire.DescribeCapacityProvidersOutput](t)(s.describeCapacityProviders(operator,
		&wire.DescribeCapacityProvidersInput{CapacityProviders: []string{"p"}})); *again.CapacityProviders[0].Status != "INACTIVE" {
		t.Errorf("a deleted one, by name: %s", text(t, again))
	}
	given := s.newProvider(t, "q", &wire.ManagedScaling{Status: new("ENABLED"), MaximumScalingStepSize: new(int32(7))})
	if got := text(t, given.AutoScalingGroupProvider.ManagedScaling); got !=
		`{"instanceWarmupPeriod":300,"maximumScalingStepSize":7,"minimumScalingStepSize":1,"status":"ENABLED","targetCapacity":100}` {
		t.Errorf("defaults beside what is given: %s", got)
	}
}

func TestPagesOfCapacityProviders(t *testing.T) {
	s := newService()
	want := []string{"FARGATE", "FARGATE_SPOT"}
	for k := range 20 {
		want = append(want, fmt.Sprintf("p%02d", k))
		s.newProvider(t, want[k+2], nil)
	}
	s.newProvider(t, "Early", nil) // sorts before FARGATE
	s.newProvider(t, "gone", nil)
	must[*wire.DeleteCapacityProviderOutput](t)(s.deleteCapacityProvider(operator, &wire.DeleteCapacityProviderInput{CapacityProvider: new("gone")}))
	want = append([]string{"Early"}, want...)
	for _, size := range []*int32{nil, new(int32(1)), new(int32(4)), new(int32(10))} {
		var names []string
		in := &wire.DescribeCapacityProvidersInput{MaxResults: size}
		for {
			out := must[*wire.DescribeCapacityProvidersOutput](t)(s.describeCapacityProviders(operator, in))
			if n := override(10, size); len(out.CapacityProviders) > int(n) {
				t.Errorf("a page of %d", len(out.CapacityProviders))
			}
			for _, p := range out.CapacityProviders {
				names = append(names, *p.Name)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("by %v: %v", size, names)
		}
	}
	_, err := s.describeCapacityProviders(operator, &wire.DescribeCapacityProvidersInput{MaxResults: new(int32(11))})
	wantError(t, err, "InvalidParameterException", "Max results can not be greater than 10")
	_, err = s.describeCapacityProviders(operator, &wire.DescribeCapacityProvidersInput{CapacityProviders: slices.Repeat([]string{"p"}, 101)})
	wantError(t, err, "InvalidParameterException", "capacityProviders can have at most 100 items.")
}

// withGroups is a cluster `default` with the providers p (not scaled) and q (scaled), and a host in each group but q's.
func withGroups(t *testing.T) *Service {
	s := newService()
	must[*wire.CreateClusterOutput](t)(s.createCluster(operator, &wire.CreateClusterInput{}))
	s.newProvider(t, "p", nil)
	s.newProvider(t, "q", &wire.ManagedScaling{Status: new("ENABLED")})
	for _, group := range []string{"g-p", "", "elsewhere"} {
		s.join(t, group)
	}
	return s
}

// join registers a connected host in a group.
func (s *Service) join(t *testing.T, group string) *ecs.Instance {
	return must[*ecs.Instance](t)(do(operator, s, func(tx *state.Tx) (*ecs.Instance, error) {
		in := command.RegisterInstanceInput{Cluster: ecs.DefaultCluster, CPUUnits: 1024, MemoryMiB: 1024}
		if group != "" {
			in.Attributes = []ecs.Attribute{{Name: ecs.GroupAttribute, Value: group}}
		}
		i, err := command.RegisterInstance(tx, in)
		if err != nil {
			return nil, err
		}
		out, err := command.ConnectAgent(tx, command.ConnectAgentInput{Instance: i.ID})
		return out.Instance, err
	}))
}

func (s *Service) associate(t *testing.T, strategy []wire.CapacityProviderStrategyItem, names ...string) *wire.Cluster {
	t.Helper()
	return must[*wire.PutClusterCapacityProvidersOutput](t)(s.putClusterCapacityProviders(operator, &wire.PutClusterCapacityProvidersInput{
		Cluster: new("default"), CapacityProviders: names, DefaultCapacityProviderStrategy: strategy,
	})).Cluster
}

func TestAnswersOfAClusterWithProviders(t *testing.T) {
	s := withGroups(t)
	described := func(include ...string) wire.Cluster {
		return must[*wire.DescribeClustersOutput](t)(s.describeClusters(operator, &wire.DescribeClustersInput{Include: include})).Clusters[0]
	}
	if c := described("ATTACHMENTS"); c.AttachmentsStatus != nil || len(c.Attachments) != 0 {
		t.Errorf("before: %s", text(t, c))
	}
	got := s.associate(t, []wire.CapacityProviderStrategyItem{{CapacityProvider: new(realm.CapacityProviderARN("q"))}, item("p", 2, 3)}, "p", realm.CapacityProviderARN("q"), "FARGATE")
	if text(t, got.CapacityProviders) != `["p","q","FARGATE"]` || *got.AttachmentsStatus != "UPDATE_COMPLETE" || len(got.Attachments) != 2 ||
		text(t, got.DefaultCapacityProviderStrategy) != `[{"base":0,"capacityProvider":"q","weight":0},{"base":2,"capacityProvider":"p","weight":3}]` {
		t.Errorf("answer: %s", text(t, got))
	}
	plain, full := described(), described("ATTACHMENTS")
	if plain.Attachments != nil || text(t, plain.CapacityProviders) != text(t, got.CapacityProviders) || *plain.AttachmentsStatus != "UPDATE_COMPLETE" ||
		text(t, plain.DefaultCapacityProviderStrategy) != text(t, got.DefaultCapacityProviderStrategy) {
		t.Errorf("described: %s", text(t, plain))
	}
	a := full.Attachments[0]
	if len(full.Attachments) != 2 || len(*a.Id) != 36 || *a.Type != "as_policy" || *a.Status != "CREATED" ||
		text(t, a.Details) != `[{"name":"capacityProviderName","value":"p"},{"name":"autoScalingGroupName","value":"g-p"}]` {
		t.Errorf("attachments: %s", text(t, full.Attachments))
	}
	instances := must[*wire.DescribeContainerInstancesOutput](t)(s.describeContainerInstances(operator,
		&wire.DescribeContainerInstancesInput{ContainerInstances: s.hostARNs(t)})).ContainerInstances
	var names []string
	for _, i := range instances {
		names = append(names, value(i.CapacityProviderName))
	}
	if !slices.Equal(names, []string{"p", "", ""}) {
		t.Errorf("capacityProviderName of the hosts: %q", names)
	}
	if got := s.associate(t, []wire.CapacityProviderStrategyItem{}); *got.AttachmentsStatus != "UPDATE_COMPLETE" || text(t, got.CapacityProviders) != "[]" ||
		text(t, got.DefaultCapacityProviderStrategy) != "[]" || text(t, got.Attachments) != "[]" {
		t.Errorf("with nothing: %s", text(t, got))
	}
}

func TestCreateClusterWithProviders(t *testing.T) {
	s := withGroups(t)
	in := &wire.CreateClusterInput{
		ClusterName: new("n"), CapacityProviders: []string{"p", "FARGATE_SPOT"}, DefaultCapacityProviderStrategy: []wire.CapacityProviderStrategyItem{item("p", 0, 1)},
	}
	got := must[*wire.CreateClusterOutput](t)(s.createCluster(operator, in)).Cluster
	if text(t, got.CapacityProviders) != `["p","FARGATE_SPOT"]` || len(got.Attachments) != 1 || *got.AttachmentsStatus != "UPDATE_COMPLETE" ||
		text(t, got.DefaultCapacityProviderStrategy) != `[{"base":0,"capacityProvider":"p","weight":1}]` {
		t.Errorf("%s", text(t, got))
	}
	must[*wire.CreateClusterOutput](t)(s.createCluster(operator, in))
	in.CapacityProviders = in.CapacityProviders[:1]
	_, err := s.createCluster(operator, in)
	wantError(t, err, "InvalidParameterException", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
}

func (s *Service) runByStrategy(count int32, items ...wire.CapacityProviderStrategyItem) (*wire.RunTaskOutput, error) {
	return s.runTask(operator, &wire.RunTaskInput{TaskDefinition: new("f"), Count: &count, CapacityProviderStrategy: items})
}

func TestRunTaskByStrategy(t *testing.T) {
	s := withGroups(t)
	s.register(t, "f")
	s.associate(t, []wire.CapacityProviderStrategyItem{}, "p", "q")
	out := must[*wire.RunTaskOutput](t)(s.runByStrategy(3, item("p", 1, 0), item("q", 0, 1)))
	if len(out.Tasks) != 3 || len(out.Failures) != 0 {
		t.Fatalf("%s", text(t, out))
	}
	placed, waits := out.Tasks[0], out.Tasks[1]
	if *placed.CapacityProviderName != "p" || *placed.LastStatus != "PENDING" || *placed.LaunchType != "EC2" || placed.ContainerInstanceArn == nil {
		t.Errorf("placed: %s", text(t, placed))
	}
	if *waits.CapacityProviderName != "q" || *waits.LastStatus != "PROVISIONING" || *waits.DesiredStatus != "RUNNING" || waits.ContainerInstanceArn != nil ||
		waits.Connectivity != nil || waits.AvailabilityZone != nil || *waits.LaunchType != "EC2" {
		t.Errorf("waits: %s", text(t, waits))
	}
	stopped := must[*wire.StopTaskOutput](t)(s.stopTask(operator, &wire.StopTaskInput{Task: waits.TaskArn})).Task
	if *stopped.LastStatus != "STOPPED" || *stopped.StopCode != "UserInitiated" {
		t.Errorf("stopped: %s", text(t, stopped))
	}
	_, err := s.runTask(operator, &wire.RunTaskInput{
		TaskDefinition: new("f"), LaunchType: new("EC2"), CapacityProviderStrategy: []wire.CapacityProviderStrategyItem{item("p", 0, 1)},
	})
	wantError(t, err, "InvalidParameterException", "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
	_, err = s.runByStrategy(1, item("FARGATE", 0, 1))
	wantError(t, err, "InvalidParameterException",
		"The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster.")
}

func TestRunTaskOnAProviderWithoutInstances(t *testing.T) {
	s := withGroups(t)
	s.register(t, "f")
	s.newProvider(t, "none", nil)
	s.associate(t, []wire.CapacityProviderStrategyItem{}, "p", "none")
	_, err := s.runByStrategy(1, item("none", 0, 1))
	wantError(t, err, "InvalidParameterException", "No Container Instances were found in your capacity provider.")
	out := must[*wire.RunTaskOutput](t)(s.runByStrategy(2, item("p", 0, 1), item("none", 0, 1)))
	if len(out.Tasks) != 1 || text(t, out.Failures) != `[{"arn":"`+realm.CapacityProviderARN("none")+`","reason":"EMPTY CAPACITY PROVIDER"}]` {
		t.Errorf("%s", text(t, out))
	}
}

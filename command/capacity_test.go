package command

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"berth/ecs"
	"berth/state"
)

func createProvider(in CreateProviderInput) func(*state.Tx) (*ecs.CapacityProvider, error) {
	return func(tx *state.Tx) (*ecs.CapacityProvider, error) { return CreateCapacityProvider(tx, in) }
}

func updateProvider(in UpdateProviderInput) func(*state.Tx) (*ecs.CapacityProvider, error) {
	return func(tx *state.Tx) (*ecs.CapacityProvider, error) { return UpdateCapacityProvider(tx, in) }
}

func deleteProvider(name string) func(*state.Tx) (*ecs.CapacityProvider, error) {
	return func(tx *state.Tx) (*ecs.CapacityProvider, error) { return DeleteCapacityProvider(tx, name) }
}

func putProviders(cluster string, strategy []ecs.StrategyItem, names ...string) func(*state.Tx) (*ecs.Cluster, error) {
	return func(tx *state.Tx) (*ecs.Cluster, error) {
		return PutClusterCapacityProviders(tx, PutClusterProvidersInput{Cluster: cluster, Providers: names, DefaultStrategy: strategy})
	}
}

// newProvider creates a provider over the group "g-NAME", scaled or not.
func (w *world) newProvider(name string, scaled bool) *ecs.CapacityProvider {
	w.t.Helper()
	in := CreateProviderInput{Name: name, Group: "g-" + name, Scaling: ecs.DefaultManagedScaling}
	in.Scaling.Enabled = scaled
	return do(w, createProvider(in))
}

const noProvider = "The specified capacity provider does not exist. Specify a valid name or ARN and try again."

func TestCreateCapacityProvider(t *testing.T) {
	w := newWorld(t)
	arn := "arn:aws:autoscaling:r:1:autoScalingGroup:u:autoScalingGroupName/web"
	in := CreateProviderInput{Name: "p", Group: arn, Scaling: ecs.DefaultManagedScaling, Tags: []ecs.Tag{{Key: "k"}}}
	got := do(w, createProvider(in))
	want := &ecs.CapacityProvider{
		Name: "p", Status: ecs.ProviderActive, CreatedAt: w.now, Group: arn, Scaling: ecs.DefaultManagedScaling, Tags: in.Tags,
	}
	if !reflect.DeepEqual(got, want) || w.view.CapacityProvider("p") != got {
		t.Errorf("got %+v", got)
	}
	const invalid = "InvalidParameterException"
	w.refused(invalid, "The specified capacity provider already exists. "+
		"To change the configuration of an existing capacity provider, update the capacity provider.", fails(createProvider(in)))
	for _, group := range []string{arn, "web"} {
		w.refused(invalid, "The machine group "+group+" already belongs to capacity provider p.",
			fails(createProvider(CreateProviderInput{Name: "other", Group: group, Scaling: ecs.DefaultManagedScaling})))
	}
	for _, group := range []string{"", "arn:aws:x/"} {
		w.refused(invalid, "autoScalingGroupArn should name a machine group.",
			fails(createProvider(CreateProviderInput{Name: "other", Group: group, Scaling: ecs.DefaultManagedScaling})))
	}
	steps := ecs.DefaultManagedScaling
	steps.MinimumStep, steps.MaximumStep = 3, 2
	w.refused(invalid, "The minimum or maximum scaling step size value is invalid. The minimum can not exceed the maximum.",
		fails(createProvider(CreateProviderInput{Name: "other", Group: "g", Scaling: steps})))
	w.refused(invalid, "Managed termination protection needs managed scaling to be enabled.",
		fails(createProvider(CreateProviderInput{Name: "other", Group: "g", Scaling: ecs.DefaultManagedScaling, TerminationProtection: true})))
	steps.MinimumStep, steps.Enabled = 2, true // one step on the right side
	do(w, createProvider(CreateProviderInput{Name: "other", Group: "g", Scaling: steps, TerminationProtection: true}))
}

func TestNamesOfCapacityProviders(t *testing.T) {
	w := newWorld(t)
	for k, name := range []string{"p", "a-w_s0", strings.Repeat("p", 255), "my-aws", "eCluster"} {
		do(w, createProvider(CreateProviderInput{Name: name, Group: fmt.Sprint("g", k), Scaling: ecs.DefaultManagedScaling}))
	}
	reserved := "The specified capacity provider name is invalid. It can not begin with aws, ecs or fargate."
	characters := "The specified capacity provider name is invalid. 1 to 255 letters, digits, underscores and hyphens are allowed."
	for name, message := range map[string]string{
		"aws": reserved, "AWSx": reserved, "ecs-1": reserved, "Fargate": reserved, ecs.ProviderFargate: reserved, ecs.ProviderFargateSpot: reserved,
		"": characters, "a.b": characters, "a b": characters, strings.Repeat("p", 256): characters,
	} {
		w.refused("InvalidParameterException", message,
			fails(createProvider(CreateProviderInput{Name: name, Group: "new", Scaling: ecs.DefaultManagedScaling})))
	}
}

func TestUpdateCapacityProvider(t *testing.T) {
	w := newWorld(t)
	first := w.newProvider("p", true)
	on, off := true, false
	got := do(w, updateProvider(UpdateProviderInput{
		Name: "p", TargetCapacity: new(int32(90)), MinimumStep: new(int32(2)), MaximumStep: new(int32(3)), WarmupSeconds: new(int32(0)),
		TerminationProtection: &on,
	}))
	want := *first
	want.Scaling = ecs.ManagedScaling{Enabled: true, TargetCapacity: 90, MinimumStep: 2, MaximumStep: 3}
	want.TerminationProtection, want.UpdateStatus = true, "UPDATE_COMPLETE"
	if !reflect.DeepEqual(got, &want) {
		t.Errorf("got %+v", got)
	}
	w.refused("InvalidParameterException", "The minimum or maximum scaling step size value is invalid. The minimum can not exceed the maximum.",
		fails(updateProvider(UpdateProviderInput{Name: "p", MinimumStep: new(int32(4))})))
	w.refused("InvalidParameterException", "Managed termination protection needs managed scaling to be enabled.",
		fails(updateProvider(UpdateProviderInput{Name: "p", Enabled: &off})))
	got = do(w, updateProvider(UpdateProviderInput{Name: "p", Enabled: &off, TerminationProtection: &off}))
	if got.Scaling.Enabled || got.TerminationProtection || got.Scaling.TargetCapacity != 90 {
		t.Errorf("got %+v", got)
	}
	w.refused("InvalidParameterException", noProvider, fails(updateProvider(UpdateProviderInput{Name: "nobody"})))
	w.refused("InvalidParameterException", "The capacity provider FARGATE is reserved and can not be changed.",
		fails(updateProvider(UpdateProviderInput{Name: "FARGATE"})))
	do(w, deleteProvider("p"))
	w.refused("InvalidParameterException", noProvider, fails(updateProvider(UpdateProviderInput{Name: "p", Enabled: &on})))
}

func TestDeleteCapacityProvider(t *testing.T) {
	w := newWorld(t)
	w.newProvider("p", false)
	do(w, putProviders("c", nil, "p", "FARGATE"))
	w.refused("ClientException", "The capacity provider cannot be deleted because it is associated with cluster: c. "+
		"Remove the capacity provider from the cluster and try again.", fails(deleteProvider("p")))
	do(w, putProviders("c", nil, "FARGATE"))
	gone := do(w, deleteProvider("p"))
	if gone.Status != ecs.ProviderInactive || gone.UpdateStatus != "DELETE_COMPLETE" || gone.Cluster != "" {
		t.Errorf("%+v", gone)
	}
	if again := do(w, deleteProvider("p")); again != gone {
		t.Errorf("a repetition changed it: %+v", again)
	}
	w.refused("InvalidParameterException", "The specified capacity provider 'p' was not found. Specify a valid name or ARN and try again.",
		fails(putProviders("c", nil, "p")))
	w.now += second
	if anew := w.newProvider("p", true); anew.Status != ecs.ProviderActive || anew.CreatedAt != w.now || anew.UpdateStatus != "" {
		t.Errorf("made anew: %+v", anew)
	}
	w.refused("InvalidParameterException", noProvider, fails(deleteProvider("nobody")))
	for _, name := range []string{"FARGATE", "FARGATE_SPOT"} {
		w.refused("InvalidParameterException", "The capacity provider "+name+" is reserved and can not be deleted.", fails(deleteProvider(name)))
	}
}

func TestPutClusterCapacityProviders(t *testing.T) {
	w := newWorld(t)
	do(w, createCluster(CreateClusterInput{Name: "d"}))
	w.newProvider("p", false)
	w.newProvider("q", false)
	strategy := []ecs.StrategyItem{{Provider: "q", Base: 1, Weight: 2}, {Provider: "p", Weight: 1}}
	got := do(w, putProviders("c", strategy, "p", "q", "p"))
	if !slices.Equal(got.CapacityProviders, []string{"p", "q"}) || !slices.Equal(got.DefaultStrategy, strategy) || got.AttachmentsStatus != "UPDATE_COMPLETE" {
		t.Errorf("%+v", got)
	}
	p := w.view.CapacityProvider("p")
	if p.Cluster != "c" || len(p.Attachment) != 36 {
		t.Errorf("%+v", p)
	}
	do(w, putProviders("c", nil, "p"))
	if w.view.CapacityProvider("p") != p {
		t.Error("a provider that stays was changed")
	}
	if q := w.view.CapacityProvider("q"); q.Cluster != "" || q.Attachment != "" {
		t.Errorf("the one left out: %+v", q)
	}
	const invalid = "InvalidParameterException"
	w.refused(invalid, "The specified capacity provider 'p' is already associated with cluster c.", fails(putProviders("d", nil, "p")))
	w.refused(invalid, "The specified capacity provider 'x' was not found. Specify a valid name or ARN and try again.", fails(putProviders("d", nil, "q", "x")))
	do(w, putProviders("d", nil, "q", "FARGATE"))
	do(w, putProviders("c", nil, "p", "FARGATE", "FARGATE_SPOT")) // these are everybody's
	w.refused(invalid, errNotAssociated.Message, fails(putProviders("d", strategy, "q")))
	two := []ecs.StrategyItem{{Provider: "q", Base: 1, Weight: 2}, {Provider: "FARGATE", Base: 1, Weight: 1}}
	w.refused(invalid, "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers.",
		fails(putProviders("d", two, "q", "FARGATE")))
	two[0].Provider = "FARGATE_SPOT"
	w.refused(invalid, "The specified capacity provider strategy contains multiple capacity providers with a base value defined. Only one can have one.",
		fails(putProviders("d", two, "FARGATE_SPOT", "FARGATE")))
	if got := do(w, putProviders("d", nil)); len(got.CapacityProviders)+len(got.DefaultStrategy) != 0 || got.AttachmentsStatus != "UPDATE_COMPLETE" {
		t.Errorf("with nothing: %+v", got)
	}
	w.refused("ClusterNotFoundException", "Cluster not found.", fails(putProviders("nowhere", nil)))
	do(w, deleteCluster("d"))
	w.refused("ClusterNotFoundException", "The referenced cluster was inactive.", fails(putProviders("d", nil)))
}

func TestAClusterHasAtMostTwentyProviders(t *testing.T) {
	w := newWorld(t)
	names := []string{"FARGATE"}
	for k := range 20 {
		names = append(names, fmt.Sprint("p", k))
		w.newProvider(names[k+1], false)
	}
	w.refused("InvalidParameterException", "capacityProviders can have at most 20 items.", fails(putProviders("c", nil, names...)))
	do(w, putProviders("c", nil, names[1:]...))
}

func TestAProviderInUseStays(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	w.newProvider("p", false)
	do(w, putProviders("c", []ecs.StrategyItem{{Provider: "p"}}, "p"))
	w.host(inGroup("g-p"))
	task := w.runOne("f", nil)
	inUse := func() {
		t.Helper()
		w.refused("ResourceInUseException", "The specified capacity provider is in use and cannot be removed.", fails(putProviders("c", nil)))
	}
	inUse()
	w.stop(task.ID, "")
	inUse() // its containers still run
	w.report(task.ID, TaskReport{Status: over})
	do(w, putProviders("c", nil))
}

func TestClustersAndTheirProviders(t *testing.T) {
	w := newWorld(t)
	w.newProvider("p", false)
	in := CreateClusterInput{Name: "n", Providers: []string{"p", "FARGATE"}, DefaultStrategy: []ecs.StrategyItem{{Provider: "p", Weight: 1}}, Request: "d"}
	got := do(w, createCluster(in))
	if !slices.Equal(got.CapacityProviders, in.Providers) || !slices.Equal(got.DefaultStrategy, in.DefaultStrategy) ||
		w.view.CapacityProvider("p").Cluster != "n" || w.view.Cluster("n") != got {
		t.Errorf("%+v", got)
	}
	w.refused("InvalidParameterException", "The specified capacity provider 'p' is already associated with cluster n.",
		fails(createCluster(CreateClusterInput{Name: "m", Providers: []string{"p"}})))
	w.refused("InvalidParameterException", errNotAssociated.Message,
		fails(createCluster(CreateClusterInput{Name: "m", DefaultStrategy: in.DefaultStrategy})))
	if w.view.Cluster("m") != nil {
		t.Error("a refused cluster is there")
	}
	do(w, deleteCluster("n"))
	if p := w.view.CapacityProvider("p"); p.Cluster != "" {
		t.Errorf("the provider of a deleted cluster: %+v", p)
	}
	if anew := do(w, createCluster(CreateClusterInput{Name: "n"})); len(anew.CapacityProviders) != 0 || anew.AttachmentsStatus != "" {
		t.Errorf("made anew: %+v", anew)
	}
	do(w, putProviders("c", nil, "p"))
}

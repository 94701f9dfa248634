package command

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"berth/ecs"
	"berth/placement"
)

// sharing asks for tasks by a strategy.
func sharing(count int, items ...ecs.StrategyItem) func(*RunTaskInput) {
	return func(in *RunTaskInput) { in.ProviderStrategy, in.Count = items, count }
}

func TestStrategiesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	names := []string{"FARGATE", "FARGATE_SPOT"}
	var seven []ecs.StrategyItem
	for k := range 7 {
		name := fmt.Sprint("p", k)
		w.newProvider(name, false)
		names = append(names, name)
		seven = append(seven, ecs.StrategyItem{Provider: name, Weight: 1})
	}
	w.newProvider("stranger", false)
	do(w, putProviders("c", nil, names...))
	w.host(inGroup("g-p0"))
	for _, tc := range []struct {
		items         []ecs.StrategyItem
		code, message string
	}{
		{[]ecs.StrategyItem{{Provider: "p0"}, {Provider: "p1", Base: 1}}, "InvalidParameterException",
			"There are no capacity providers in the capacity provider strategy with a weight value greater than zero. At least one needs one."},
		{[]ecs.StrategyItem{{Provider: "p0", Base: 1, Weight: 1}, {Provider: "p1", Base: 1}}, "InvalidParameterException",
			"There are multiple capacity providers in the specified capacity provider strategy with a base value defined. Only one can have one."},
		{seven, "InvalidParameterException", "capacityProviderStrategy can have at most 6 items."},
		{[]ecs.StrategyItem{{Provider: "stranger"}}, "InvalidParameterException", errNotAssociated.Message},
		{[]ecs.StrategyItem{{Provider: "p0", Weight: 1}, {Provider: "nobody", Weight: 1}}, "InvalidParameterException", errNotAssociated.Message},
		{[]ecs.StrategyItem{{Provider: "p0", Weight: 1}, {Provider: "p0", Weight: 1}}, "InvalidParameterException",
			"The specified capacity provider strategy contains capacity provider p0 more than once."},
		{[]ecs.StrategyItem{{Provider: "p0", Weight: 1}, {Provider: "FARGATE", Weight: 1}}, "InvalidParameterException",
			"A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers."},
		{[]ecs.StrategyItem{{Provider: "FARGATE_SPOT", Weight: 1}, {Provider: "FARGATE", Weight: 1}}, "UnsupportedFeatureException",
			"Tasks on capacity provider FARGATE_SPOT are not built in this version of Berth; name a provider over your own hosts or a launch type."},
	} {
		w.refused(tc.code, tc.message, fails(runTask("f", sharing(1, tc.items...))))
	}
	w.runOne("f", sharing(1, seven[:6]...)) // one step on the right side
	w.runOne("f", sharing(1, ecs.StrategyItem{Provider: "p0"}))
}

func TestLaunchTypeMustSuitTheDefinition(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) { d.NetworkMode = ecs.NetworkAWSVPC })
	w.host(nil)
	external := func(in *RunTaskInput) { in.LaunchType, in.HasNetworkConfiguration = ecs.LaunchExternal, true }
	w.refused("InvalidParameterException", "Task definition does not support launch_type EXTERNAL.", fails(runTask("f", external)))
	do(w, runTask("f", func(in *RunTaskInput) { in.LaunchType, in.HasNetworkConfiguration = ecs.LaunchEC2, true }))
}

// providersOf counts the tasks of each provider.
func providersOf(tasks []*ecs.Task) map[string]int {
	out := map[string]int{}
	for _, t := range tasks {
		out[t.CapacityProvider]++
	}
	return out
}

// threeProviders is a cluster with the providers p, q and r, each with one host, none scaled.
func threeProviders(t *testing.T) (*world, map[string]*ecs.Instance) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) { d.Containers[0].MemoryMiB = 16 })
	hosts := map[string]*ecs.Instance{}
	for _, name := range []string{"p", "q", "r"} {
		w.newProvider(name, false)
		hosts[name] = w.host(inGroup("g-" + name))
	}
	do(w, putProviders("c", nil, "p", "q", "r"))
	return w, hosts
}

func TestTasksAreSplitOverProviders(t *testing.T) {
	w, hosts := threeProviders(t)
	strategy := []ecs.StrategyItem{{Provider: "p", Base: 1, Weight: 1}, {Provider: "q", Weight: 4}, {Provider: "r"}}
	tasks := append(w.run("f", sharing(10, strategy...)).Tasks, w.run("f", sharing(1, strategy...)).Tasks...) // one call takes ten
	if got := providersOf(tasks); !maps.Equal(got, map[string]int{"p": 3, "q": 8}) {
		t.Errorf("base 1, weights 1:4:0: %v", got)
	}
	for _, task := range tasks {
		if task.Instance != hosts[task.CapacityProvider].ID || task.LastStatus != ecs.StatusPending || task.Waiting != nil {
			t.Errorf("%s: on %s, %s", task.CapacityProvider, task.Instance, task.LastStatus)
		}
	}
	even := []ecs.StrategyItem{{Provider: "p", Weight: 1}, {Provider: "q", Weight: 1}}
	if got := providersOf(w.run("f", sharing(6, even...)).Tasks); !maps.Equal(got, map[string]int{"p": 3, "q": 3}) {
		t.Errorf("another strategy counts anew: %v", got)
	}
	apart := func(in *RunTaskInput) { sharing(1, even...)(in); in.Group = "apart" }
	if got := w.runOne("f", apart).CapacityProvider; got != "p" {
		t.Errorf("another group counts anew: %s", got)
	}
	one := w.runOne("f", sharing(1, even...))
	if one.CapacityProvider != "p" {
		t.Errorf("after three and three: %s", one.CapacityProvider)
	}
	w.stop(one.ID, "")
	if again := w.runOne("f", sharing(1, even...)); again.CapacityProvider != "p" {
		t.Errorf("one that stops is made up for where it was: %s", again.CapacityProvider)
	}
}

func TestTheDefaultStrategy(t *testing.T) {
	w, hosts := threeProviders(t)
	other := w.host(nil)
	do(w, putProviders("c", []ecs.StrategyItem{{Provider: "q", Weight: 1}}, "p", "q", "r"))
	if got := w.runOne("f", nil); got.CapacityProvider != "q" || got.Instance != hosts["q"].ID {
		t.Errorf("nothing given: provider %q on %s", got.CapacityProvider, got.Instance)
	}
	if got := w.runOne("f", sharing(1, ecs.StrategyItem{Provider: "r"})); got.CapacityProvider != "r" {
		t.Errorf("own strategy: %q", got.CapacityProvider)
	}
	var seen []ecs.InstanceID
	for range 4 {
		got := w.runOne("f", func(in *RunTaskInput) {
			in.LaunchType, in.Group = ecs.LaunchEC2, "typed"
			in.Strategies = []placement.Strategy{{Type: placement.Spread, Field: "instanceId"}}
		})
		if got.CapacityProvider != "" || got.StrategyDigest != "" {
			t.Fatalf("launch type: provider %q", got.CapacityProvider)
		}
		seen = append(seen, got.Instance)
	}
	if slices.Sort(seen); len(slices.Compact(seen)) != 4 || !slices.Contains(seen, other.ID) {
		t.Error("a launch type does not take every host of the cluster")
	}
	do(w, putProviders("c", []ecs.StrategyItem{{Provider: "q"}, {Provider: "r"}}, "p", "q", "r"))
	w.refused("InvalidParameterException",
		"There are no capacity providers in the capacity provider strategy with a weight value greater than zero. At least one needs one.", fails(runTask("f", nil)))
	do(w, putProviders("c", []ecs.StrategyItem{{Provider: "FARGATE"}}, "p", "q", "r", "FARGATE"))
	w.refused("UnsupportedFeatureException",
		"Tasks on capacity provider FARGATE are not built in this version of Berth; name a provider over your own hosts or a launch type.", fails(runTask("f", nil)))
	do(w, putProviders("c", nil, "p", "q", "r"))
	if got := w.runOne("f", nil); got.CapacityProvider != "" {
		t.Errorf("no default strategy: %q", got.CapacityProvider)
	}
}

func TestWithoutManagedScalingWhatDoesNotFitFails(t *testing.T) {
	w, hosts := threeProviders(t)
	w.define("big", func(d *ecs.TaskDefinition) { d.Containers[0].MemoryMiB = 600 })
	w.host(nil) // has room, and is of no group
	out := w.run("big", sharing(4, ecs.StrategyItem{Provider: "p", Weight: 1}, ecs.StrategyItem{Provider: "q", Weight: 1}))
	if got := providersOf(out.Tasks); !maps.Equal(got, map[string]int{"p": 1, "q": 1}) {
		t.Errorf("started: %v", got)
	}
	var failed []ecs.InstanceID
	for _, f := range out.Failures {
		if f.Reason != "RESOURCE:MEMORY" {
			t.Errorf("reason %q", f.Reason)
		}
		failed = append(failed, f.Instance)
	}
	if !slices.Equal(failed, []ecs.InstanceID{hosts["p"].ID, hosts["q"].ID}) {
		t.Errorf("failures of %v", failed)
	}
	if w.view.Waiting() != 0 {
		t.Error("a task waits though nothing scales")
	}
}

func TestProvidersWithoutInstances(t *testing.T) {
	w, _ := threeProviders(t)
	w.newProvider("empty", false)
	do(w, putProviders("c", nil, "p", "q", "r", "empty"))
	w.refused("InvalidParameterException", "No Container Instances were found in your capacity provider.",
		fails(runTask("f", sharing(2, ecs.StrategyItem{Provider: "empty"}))))
	out := w.run("f", sharing(4, ecs.StrategyItem{Provider: "p", Weight: 1}, ecs.StrategyItem{Provider: "empty", Weight: 1}))
	if got := providersOf(out.Tasks); !maps.Equal(got, map[string]int{"p": 2}) || len(out.Failures) != 0 || !slices.Equal(out.EmptyProviders, []string{"empty"}) {
		t.Errorf("started %v, failures %v, empty %v", got, out.Failures, out.EmptyProviders)
	}
}

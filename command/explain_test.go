package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"berth/ecs"
	"berth/placement"
	"berth/state"
)

// try runs a trial on a scratch of the world, and checks that the world stays as it was.
func try(w *world, fn func(tx *state.Tx) (Trial, error)) (Trial, error) {
	w.t.Helper()
	before := w.contents()
	ids := w.ids
	tx := w.view.Freeze(0).Scratch().Begin(w.now, func() string {
		ids++
		return fmt.Sprintf("%032x", ids)
	})
	trial, err := fn(tx)
	if after := w.contents(); !slices.Equal(before, after) {
		w.t.Errorf("a trial changed the world:\n%v\n%v", before, after)
	}
	return trial, err
}

func (w *world) contents() (all []string) {
	w.view.ScanTasks("c", "", func(t *ecs.Task) bool {
		all = append(all, fmt.Sprint(t.ID, t.Instance, t.LastStatus, w.view.Usage(t.Instance)))
		return true
	})
	return append(all, fmt.Sprint(w.view.Counts("c"), w.view.TaskCount()))
}

func tryRun(w *world, family string, change func(*RunTaskInput)) (Trial, error) {
	return try(w, func(tx *state.Tx) (Trial, error) { return TryRunTask(tx, runInput(family, change)) })
}

// provider makes an ACTIVE provider of cluster "c" over the group of its name, beside those that are there.
func (w *world) provider(name string, scaled bool) {
	w.t.Helper()
	w.must(func(tx *state.Tx) error {
		in := CreateProviderInput{Name: name, Group: name, Scaling: ecs.DefaultManagedScaling}
		in.Scaling.Enabled = scaled
		if _, err := CreateCapacityProvider(tx, in); err != nil {
			return err
		}
		names := append(slices.Clone(tx.Cluster("c").CapacityProviders), name)
		_, err := PutClusterCapacityProviders(tx, PutClusterProvidersInput{Cluster: "c", Providers: names})
		return err
	})
}

func inGroup(name string) func(*RegisterInstanceInput) {
	return func(in *RegisterInstanceInput) {
		in.Attributes = append(in.Attributes, ecs.Attribute{Name: ecs.GroupAttribute, Value: name})
	}
}

func by(items ...ecs.StrategyItem) func(*RunTaskInput) {
	return func(in *RunTaskInput) { in.ProviderStrategy = items }
}

// What is tried is what is then done: placements, failures and exceptions.
func TestATrialIsTheRunWithoutTheRun(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) { d.CPU, d.Memory = "400", "100" })
	w.host(nil)
	w.host(func(in *RegisterInstanceInput) { in.MemoryMiB = 50 })
	trial, err := tryRun(w, "f", func(in *RunTaskInput) { in.Count = 3 })
	if err != nil {
		t.Fatal(err)
	}
	done := w.run("f", func(in *RunTaskInput) { in.Count = 3 })
	if len(done.Tasks) != 2 || len(trial.Started.Tasks) != 2 {
		t.Fatalf("%d tasks tried, %d run, want 2", len(trial.Started.Tasks), len(done.Tasks))
	}
	for k := range done.Tasks {
		if trial.Started.Tasks[k].Instance != done.Tasks[k].Instance {
			t.Errorf("task %d: tried on %s, run on %s", k, trial.Started.Tasks[k].Instance, done.Tasks[k].Instance)
		}
	}
	if !slices.Equal(trial.Started.Failures, done.Failures) || len(done.Failures) != 1 {
		t.Errorf("failures tried %v, run %v", trial.Started.Failures, done.Failures)
	}
	q := trial.Questions
	if len(q) != 1 || q[0].Provider != "" || len(q[0].Instances) != 2 || trial.Group != "family:f" || trial.Definition.Revision != 1 {
		t.Fatalf("%+v", trial)
	}
	best, other := q[0].Instances[0], q[0].Instances[1]
	if best.Rank != 1 || other.Rank != 0 || other.Failed().Reason != "RESOURCE:MEMORY" || other.Failed().Amount.Missing() != 50 {
		t.Errorf("before the run: %+v, %+v", best, other.Failed())
	}
}

func TestATrialOfWhatIsRefused(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	if _, err := tryRun(w, "g", nil); err == nil || err.Error() != "ClientException: TaskDefinition not found." {
		t.Errorf("an unknown definition: %v", err)
	}
	trial, err := tryRun(w, "f", nil) // a cluster without instances: the exception comes from placement, and is part of the answer
	if err != nil || trial.Refused == nil || trial.Refused.Message != "No Container Instances were found in your cluster." {
		t.Errorf("%v, %v", trial.Refused, err)
	}
	// A token that is used up would make RunTask answer with the tasks of then.
	w.host(nil)
	token := func(in *RunTaskInput) { in.ClientToken, in.RequestDigest = "t", "d" }
	first := w.runOne("f", token)
	trial, err = tryRun(w, "f", token)
	if err != nil || trial.Refused != nil || len(trial.Started.Tasks) != 1 || trial.Started.Tasks[0].ID == first.ID {
		t.Errorf("with a used token: %+v, %v", trial.Started, err)
	}
}

func TestATrialOverProviders(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) { d.CPU = "600" })
	w.provider("fixed", false)
	w.provider("elastic", true)
	fixed := w.host(inGroup("fixed"))
	w.host(inGroup("elastic"))
	trial, err := tryRun(w, "f", func(in *RunTaskInput) {
		in.Count = 4
		by(ecs.StrategyItem{Provider: "fixed", Weight: 1}, ecs.StrategyItem{Provider: "elastic", Weight: 1})(in)
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, task := range trial.Started.Tasks {
		got[task.CapacityProvider+" "+string(task.LastStatus)]++
	}
	if want := map[string]int{"fixed PENDING": 1, "elastic PENDING": 1, "elastic PROVISIONING": 1}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("tasks %v, want %v", got, want)
	}
	if f := trial.Started.Failures; len(f) == 0 || f[0].Reason != "RESOURCE:CPU" || f[0].Instance != fixed.ID {
		t.Errorf("failures %v", f)
	}
	if len(trial.Questions) != 2 || trial.Questions[0].Provider != "fixed" || trial.Questions[1].Provider != "elastic" {
		t.Fatalf("%+v", trial.Questions)
	}
	out := trial.Questions[0].Instances[1]
	if f := out.Failed(); f == nil || f.Rule != "attributes" || f.Attributes[0] != (placement.MissingAttribute{Name: ecs.GroupAttribute, Wanted: "fixed", Have: "elastic", Exists: true}) {
		t.Errorf("the other group's instance: %+v", f)
	}
}

func TestATrialOfATask(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) {
		d.CPU = "600"
		d.Containers[0].PortMappings = []ecs.PortMapping{{ContainerPort: 80, HostPort: 8080, Protocol: ecs.TCP}}
	})
	w.provider("elastic", true)
	here := w.host(inGroup("elastic"))
	w.host(func(in *RegisterInstanceInput) { in.CPUUnits = 100 })
	elastic := by(ecs.StrategyItem{Provider: "elastic", Weight: 1})
	runs := w.runOne("f", elastic)
	waits := w.runOne("f", func(in *RunTaskInput) {
		elastic(in)
		in.Constraints = []ecs.PlacementConstraint{{Type: "distinctInstance"}}
	})
	if runs.Instance != here.ID || waits.Waiting == nil {
		t.Fatalf("%+v, %+v", runs, waits)
	}
	tryTask := func(task *ecs.Task) (Trial, error) {
		return try(w, func(tx *state.Tx) (Trial, error) { return TryTask(tx, tx.Task("c", task.ID)) })
	}

	trial, err := tryTask(waits) // held up by the other, and by its own constraint
	if err != nil || len(trial.Started.Tasks) != 0 || len(trial.Started.Failures) != 2 {
		t.Fatalf("the waiting task: %+v, %v", trial.Started, err)
	}
	for _, a := range trial.Questions[0].Instances {
		var failed []string
		for _, v := range a.Verdicts {
			if !v.Passed {
				failed = append(failed, v.Rule)
			}
			if v.Rule == "ports" && !v.Passed && v.Ports[0].Holder != runs.ID {
				t.Errorf("the port is held by %q, want %s", v.Ports[0].Holder, runs.ID)
			}
		}
		want := "[attributes cpu]"
		if a.Instance.ID == here.ID {
			want = "[cpu ports distinctInstance]"
		}
		if fmt.Sprint(failed) != want {
			t.Errorf("%s fails %v, want %s", a.Instance.ID, failed, want)
		}
	}

	trial, err = tryTask(runs) // as if it were not there: its own place is free
	if err != nil || len(trial.Started.Tasks) != 1 || trial.Started.Tasks[0].Instance != here.ID {
		t.Errorf("the running task: %+v, %v", trial.Started, err)
	}
	w.stop(waits.ID, "")
	if _, err = tryTask(waits); err == nil || !strings.Contains(err.Error(), "The specified task is stopped.") {
		t.Errorf("a stopped task: %v", err)
	}
}

package command

import (
	"reflect"
	"slices"
	"testing"

	"berth/ecs"
	"berth/state"
)

// scaledProvider stores one of cluster "c" with a machine group "g".
func (w *world) scaledProvider(protected bool) {
	w.must(func(tx *state.Tx) error {
		tx.PutCapacityProvider(&ecs.CapacityProvider{
			Name: "cp", Status: ecs.ProviderActive, Cluster: "c", Group: "g", Scaling: ecs.DefaultManagedScaling,
			TerminationProtection: protected, Tags: []ecs.Tag{{Key: "k"}},
		})
		return nil
	})
}

func scale(in ScaleInput) func(*state.Tx) (*ecs.CapacityProvider, error) {
	return func(tx *state.Tx) (*ecs.CapacityProvider, error) { return Scale(tx, in) }
}

func TestScaleDrainsWhatIsStillToGo(t *testing.T) {
	for _, protected := range []bool{true, false} {
		w := newWorld(t)
		w.scaledProvider(protected)
		w.define("f", nil)
		busy := w.host(nil)
		w.runOne("f", nil)
		idle, drained := w.host(nil), w.host(nil)
		do(w, setState(drained.ID, ecs.InstanceDraining, Caller{}))

		want := ecs.ScalingState{Reservation: 50, LowPoints: 1, Leaving: []ecs.InstanceID{"before"}}
		in := ScaleInput{Provider: "cp", State: want, Drain: []ecs.InstanceID{busy.ID, idle.ID, drained.ID, "nobody"}}
		p := do(w, scale(in))
		want.Leaving = []ecs.InstanceID{"before", idle.ID}
		status := ecs.InstanceActive
		if !protected {
			want.Leaving = []ecs.InstanceID{"before", busy.ID, idle.ID}
			status = ecs.InstanceDraining
		}
		if !reflect.DeepEqual(p.State, want) || p != w.view.CapacityProvider("cp") || len(p.Tags) != 1 {
			t.Errorf("protected %t: %+v, want state %+v", protected, p, want)
		}
		if got := w.view.InstanceByID(busy.ID).Status; got != status {
			t.Errorf("protected %t: the instance with a task is %s", protected, got)
		}
		if i := w.view.InstanceByID(idle.ID); i.Status != ecs.InstanceDraining {
			t.Errorf("protected %t: the idle instance is %s", protected, i.Status)
		}
		if !slices.Equal(in.State.Leaving, []ecs.InstanceID{"before"}) {
			t.Error("the input was changed")
		}
	}
}

func TestScalingOfAProviderThatIsGone(t *testing.T) {
	w := newWorld(t)
	if p := do(w, scale(ScaleInput{Provider: "cp"})); p != nil || w.view.CapacityProvider("cp") != nil {
		t.Error("a provider came back")
	}
	changes := w.must(func(tx *state.Tx) error {
		if err := EndScaleOut(tx, EndScaleOutInput{Provider: "cp"}); err != nil {
			return err
		}
		return EndScaleIn(tx, EndScaleInInput{Provider: "cp"})
	})
	if len(changes) != 0 {
		t.Errorf("changed %v", changes)
	}
}

func TestEndScaleOut(t *testing.T) {
	w := newWorld(t)
	w.scaledProvider(true)
	requests := []ecs.ScaleOutRequest{{At: 1, Hosts: 3}, {At: 2, Hosts: 3}}
	before := do(w, scale(ScaleInput{Provider: "cp", State: ecs.ScalingState{Requests: requests}}))
	w.must(func(tx *state.Tx) error { return EndScaleOut(tx, EndScaleOutInput{"cp", requests[0]}) })
	if got := w.view.CapacityProvider("cp").State.Requests; !slices.Equal(got, []ecs.ScaleOutRequest{{At: 2, Hosts: 3}}) {
		t.Errorf("left %v", got)
	}
	if len(before.State.Requests) != 2 || before.State.Requests[0].At != 1 {
		t.Error("the stored record was changed in place")
	}
}

func TestEndScaleIn(t *testing.T) {
	w := newWorld(t)
	w.scaledProvider(true)
	w.define("f", nil)
	idle, busy := w.host(nil), w.host(nil)
	w.must(func(tx *state.Tx) error {
		_, err := StartTask(tx, StartTaskInput{TaskSpec: TaskSpec{Cluster: "c", Family: "f"}, Instances: []ecs.InstanceID{busy.ID}})
		return err
	})
	do(w, scale(ScaleInput{Provider: "cp", State: ecs.ScalingState{Leaving: []ecs.InstanceID{idle.ID, busy.ID, "nobody"}}}))
	for _, id := range []ecs.InstanceID{idle.ID, idle.ID, busy.ID} { // the second time changes nothing
		w.must(func(tx *state.Tx) error { return EndScaleIn(tx, EndScaleInInput{"cp", id}) })
		if i := w.view.InstanceByID(id); i.Status != ecs.InstanceInactive {
			t.Errorf("%s is %s", id, i.Status)
		}
	}
	if got := w.view.CapacityProvider("cp").State.Leaving; !slices.Equal(got, []ecs.InstanceID{"nobody"}) {
		t.Errorf("left %v", got)
	}
	// Its host is gone: what ran there has ended.
	w.view.ScanTasks("c", "", func(task *ecs.Task) bool {
		if task.LastStatus != ecs.StatusStopped {
			t.Errorf("a task is %s on a host that was stopped", task.LastStatus)
		}
		return true
	})
}

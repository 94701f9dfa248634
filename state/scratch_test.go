package state

import (
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"berth/ecs"
)

// Two scratches of a snapshot, changed at random: each agrees with its own model, and the snapshot and the working view with theirs.
func TestAScratchIsItsOwnersAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, m := NewView(), newModel()
		tx := v.Begin(1, func() string { return "" })
		for range rapid.IntRange(0, 20).Draw(t, "before") {
			m.step(t, tx)
		}
		snapshot, want := v.Freeze(1), m.describe()
		one, other := snapshot.Scratch(), snapshot.Scratch()
		ofOne, ofOther := m.clone(), m.clone()
		txOne, txOther := one.Begin(2, nil), other.Begin(3, nil)
		for range rapid.IntRange(1, 20).Draw(t, "after") {
			ofOne.step(t, txOne)
			ofOther.step(t, txOther)
			m.step(t, tx)
		}
		compare(t, "one scratch", describeView(one), ofOne.describe())
		compare(t, "the other scratch", describeView(other), ofOther.describe())
		compare(t, "the working view", describeView(v), m.describe())
		compare(t, "the snapshot", describeView(snapshot), want)
		txOne.Rollback()
		compare(t, "a scratch rolled back", describeView(one), want)
	})
}

// Dry runs of many callers at once share one snapshot, while others read it: the race detector watches.
func TestScratchesAtOnce(t *testing.T) {
	v := NewView()
	v.StartJournal(8)
	v.SetPlacer(v)
	fill := func(tx *Tx, prefix string) {
		for k := range 50 {
			id := fmt.Sprintf("%s%d", prefix, k)
			tx.PutInstance(&ecs.Instance{Cluster: "c", ID: ecs.InstanceID(id), Status: ecs.InstanceActive})
			tx.PutTask(&ecs.Task{Cluster: "c", ID: ecs.TaskID(id), Family: "f", Group: "g", StartedBy: "s", ClientToken: "t",
				Instance: ecs.InstanceID(id), DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusRunning, CapacityProvider: "p", Waiting: &ecs.Waiting{}})
		}
	}
	fill(v.Begin(1, nil), "shared")
	snapshot := v.Freeze(1)
	want := describeView(snapshot)
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			s := snapshot.Scratch()
			if s.Placer() != nil || s.journal != nil {
				t.Error("a scratch has the journal or the placer of the working view")
			}
			fill(s.Begin(2, nil), fmt.Sprint("own", g, "-"))
			if n := len(describeView(snapshot)); n != len(want) {
				t.Errorf("the snapshot lists %d things, want %d", n, len(want))
			}
			if n := s.Counts("c").Instances; n != 100 {
				t.Errorf("a scratch has %d instances, want 100", n)
			}
		})
	}
	wait.Wait()
	compare(t, "the snapshot", describeView(snapshot), want)
}

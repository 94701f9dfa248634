package command

import (
	"fmt"
	"testing"

	"berth/ecs"
	"berth/state"
)

func TestExpire(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	keeps, goes, alive := w.host(nil), w.host(nil), w.host(nil)
	early, late, lives := w.runOne("f", nil), w.runOne("f", nil), w.runOne("f", nil)
	stopAt := func(id ecs.TaskID) ecs.Time {
		w.stop(id, "")
		return w.report(id, TaskReport{Status: over}).StoppedAt
	}
	stopAt(early.ID)
	before := stopAt(late.ID) // what stopped then is not before it
	w.must(fails(deregister(goes.ID, true)))
	w.now += second
	w.must(fails(deregister(keeps.ID, true)))
	in := ExpireInput{TasksStoppedBefore: before, InstancesInactiveBefore: w.now}
	more := do(w, func(tx *state.Tx) (bool, error) { return Expire(tx, in) })
	if more {
		t.Error("nothing was left")
	}
	if w.view.Task("c", early.ID) != nil || w.view.Task("c", late.ID) == nil || w.view.Task("c", lives.ID) == nil {
		t.Error("the wrong tasks went")
	}
	if w.view.InstanceByID(goes.ID) != nil || w.view.InstanceByID(keeps.ID) == nil || w.view.InstanceByID(alive.ID) == nil {
		t.Error("the wrong instances went")
	}
	if changes := w.must(func(tx *state.Tx) error { _, err := Expire(tx, in); return err }); len(changes) != 0 {
		t.Errorf("a repetition changed %v", changes)
	}
}

func TestExpireGoesInBatches(t *testing.T) {
	w := newWorld(t)
	w.must(func(tx *state.Tx) error {
		for k := range 2*expireBatch + 1 {
			tx.PutTask(&ecs.Task{ID: ecs.TaskID(fmt.Sprint(k)), Cluster: "c", DesiredStatus: over, LastStatus: over, StoppedAt: ecs.Time(k)})
		}
		return nil
	})
	for _, left := range []int{expireBatch + 1, 1, 0} {
		more := do(w, func(tx *state.Tx) (bool, error) { return Expire(tx, ExpireInput{TasksStoppedBefore: w.now}) })
		if w.view.TaskCount() != left || more != (left > 0) {
			t.Errorf("%d left, more is %v; want %d", w.view.TaskCount(), more, left)
		}
		if left == 1 && w.view.Task("c", ecs.TaskID(fmt.Sprint(2*expireBatch))) == nil {
			t.Error("the newest went before older ones")
		}
	}
}

package command

import (
	"testing"

	"berth/ecs"
	"berth/state"
)

func TestStopTask(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) { d.Containers[0].CPUUnits = 100 })
	i := w.host(nil)
	task := w.runOne("f", func(in *RunTaskInput) { in.Tags = []ecs.Tag{{Key: "k"}} })
	first := w.stop(task.ID, "")
	if first.DesiredStatus != over || first.LastStatus != pending || first.StopCode != ecs.StopUserInitiated ||
		first.StoppedReason != "Task stopped by user" || first.StoppingAt != w.now || first.Tags != nil || first.Version != 2 || first.StoppedAt != 0 {
		t.Errorf("%+v", first)
	}
	if u := w.view.Usage(i.ID); u.CPUUnits != 0 || u.MemoryMiB != 0 || u.Pending != 0 || u.Tasks != 1 {
		t.Errorf("what it held is not free at once: %+v", u)
	}
	if again := w.stop(task.ID, "second thought"); again != first {
		t.Errorf("a repetition changed the task: %+v", again)
	}
	w.report(task.ID, TaskReport{Status: over})
	if again := w.stop(task.ID, "third"); again.StoppedReason != "Task stopped by user" || again.LastStatus != over {
		t.Errorf("after the end: %+v", again)
	}
}

func TestStopTaskRefusals(t *testing.T) {
	w := newWorld(t)
	stop := func(cluster string, id ecs.TaskID) func(*state.Tx) error {
		return func(tx *state.Tx) error {
			_, err := StopTask(tx, StopTaskInput{Cluster: cluster, ID: id})
			return err
		}
	}
	w.refused("InvalidParameterException", "The referenced task was not found.", stop("c", "x"))
	w.refused("ClusterNotFoundException", "Cluster not found.", stop("nowhere", "x"))
	w.must(func(tx *state.Tx) error { _, err := DeleteCluster(tx, "c"); return err })
	w.refused("ClusterNotFoundException", "The referenced cluster was inactive.", stop("c", "x"))
}

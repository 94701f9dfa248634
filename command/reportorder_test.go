package command

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"berth/ecs"
	"berth/state"
)

// Whatever is reported in whatever order and with whatever clocks: timestamps keep their order, a life only moves forward, what was
// decided stays decided, versions count the changes, and a repeated report is none.
func TestReportsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt)
		w.define("f", pair)
		i := w.host(nil)
		id := w.runOne("f", nil).ID
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			w.now += ecs.Time(rapid.IntRange(-3, 10).Draw(rt, "clock")) * second
			before := w.view.Task("c", id)
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0:
				w.must(func(tx *state.Tx) error { _, err := StopTask(tx, StopTaskInput{Cluster: "c", ID: id}); return err })
			case 1:
				tx := w.begin()
				if _, err := DeregisterInstance(tx, DeregisterInstanceInput{Cluster: "c", ID: i.ID, Force: true}); err != nil {
					tx.Rollback() // it is INACTIVE already
				}
			default:
				r := drawReport(rt, w.now)
				r.Cluster, r.ID = "c", id
				w.must(func(tx *state.Tx) error { return ReportTask(tx, r) })
				if again := w.must(func(tx *state.Tx) error { return ReportTask(tx, r) }); len(again) != 0 {
					rt.Fatalf("the same report again: %+v, then %+v", again[0].Old, again[0].New)
				}
			}
			after := w.view.Task("c", id)
			checkOrder(rt, after)
			checkStep(rt, before, after)
		}
	})
}

func drawReport(rt *rapid.T, now ecs.Time) TaskReport {
	statuses := []ecs.Status{"", pending, running, over}
	reasons := []string{"", "", "Error: text", "OutOfMemoryError: x"}
	at := func(label string) ecs.Time {
		if !rapid.Bool().Draw(rt, label+" said") {
			return 0
		}
		return now + ecs.Time(rapid.IntRange(-30, 30).Draw(rt, label))*second
	}
	r := TaskReport{
		Status: rapid.SampledFrom(statuses).Draw(rt, "status"), Reason: rapid.SampledFrom(reasons).Draw(rt, "reason"),
		PullStartedAt: at("pull started"), PullStoppedAt: at("pull stopped"), ExecutionStoppedAt: at("execution stopped"),
	}
	for range rapid.IntRange(0, 3).Draw(rt, "containers") {
		c := ContainerReport{ // agents say the status always, and why only of what stopped
			Name:   rapid.SampledFrom([]string{"a", "b", "side", "who"}).Draw(rt, "name"),
			Status: rapid.SampledFrom(statuses[1:]).Draw(rt, "its status"),
		}
		if c.Status == over {
			c.Reason = rapid.SampledFrom(reasons).Draw(rt, "its reason")
			if rapid.Bool().Draw(rt, "ran") {
				c.ExitCode = exit(rapid.SampledFrom([]int32{0, 1, 137}).Draw(rt, "code"))
			}
		}
		r.Containers = append(r.Containers, c)
	}
	return r
}

// checkOrder is features.md B6.2, with what follows from a task's state.
func checkOrder(t reporter, task *ecs.Task) {
	last := task.CreatedAt
	for k, at := range []ecs.Time{
		task.PullStartedAt, task.PullStoppedAt, task.StartedAt, task.StoppingAt, task.ExecutionStoppedAt, task.StoppedAt,
	} {
		if at != 0 && at < last {
			t.Fatalf("timestamp %d is before the one it follows: %+v", k+1, task)
		}
		last = max(last, at)
	}
	stopping, stopped := task.DesiredStatus == over, task.LastStatus == over
	if (task.StoppingAt != 0) != stopping || (task.StoppedAt != 0) != stopped || stopped && !stopping ||
		task.ExecutionStoppedAt != 0 && !stopping || (task.StoppedReason != "") != stopping {
		t.Fatalf("desired %s, last %s does not agree with the rest: %+v", task.DesiredStatus, task.LastStatus, task)
	}
	if task.StopCode == ecs.StopTaskFailedToStart && task.StartedAt != 0 {
		t.Fatalf("failed to start, but started: %+v", task)
	}
}

func checkStep(t reporter, before, after *ecs.Task) {
	switch {
	case after.LastStatus.Before(before.LastStatus):
		t.Fatalf("from %s to %s", before.LastStatus, after.LastStatus)
	case before.StoppingAt != 0 && (after.StoppingAt != before.StoppingAt || after.StopCode != before.StopCode || after.StoppedReason != before.StoppedReason):
		t.Fatalf("a stop was decided twice: %+v, then %+v", before, after)
	case before.LastStatus == over && after != before:
		t.Fatalf("changed after the end: %+v, then %+v", before, after)
	case before.StartedAt != 0 && after.StartedAt != before.StartedAt || before.PullStartedAt != 0 && after.PullStartedAt != before.PullStartedAt:
		t.Fatalf("a time moved: %+v, then %+v", before, after)
	case after.Version != before.Version && after.Version != before.Version+1:
		t.Fatalf("version %d, then %d", before.Version, after.Version)
	}
	same := *after
	same.Version = before.Version
	if changed := !reflect.DeepEqual(&same, before); changed != (after.Version != before.Version) {
		t.Fatalf("changed: %v, but version %d after %d", changed, after.Version, before.Version)
	}
	for k := range after.Containers {
		if after.Containers[k].LastStatus.Before(before.Containers[k].LastStatus) {
			t.Fatalf("container %d went back", k)
		}
	}
}

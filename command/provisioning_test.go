package command

import (
	"fmt"
	"testing"

	"berth/ecs"
	"berth/placement"
	"berth/state"
)

// elastic is a cluster with the provider p, which scales, and no host.
func elastic(t *testing.T) *world {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) { d.Containers[0].MemoryMiB = 600; d.Containers[0].CPUUnits = 100 })
	w.newProvider("p", true)
	do(w, putProviders("c", []ecs.StrategyItem{{Provider: "p"}}, "p"))
	return w
}

func (w *world) placeWaiting(most int) int {
	w.t.Helper()
	return do(w, func(tx *state.Tx) (int, error) {
		return PlaceWaiting(tx, PlaceWaitingInput{Cluster: "c", Provider: "p", Max: most})
	})
}

func TestATaskWaitsForCapacity(t *testing.T) {
	w := elastic(t)
	w.host(nil) // has room and is of no group
	task := w.runOne("f", func(in *RunTaskInput) { in.Tags = []ecs.Tag{{Key: "k", Value: "v"}} })
	if task.LastStatus != ecs.StatusProvisioning || task.DesiredStatus != ecs.StatusRunning || task.Instance != "" || task.Waiting == nil ||
		task.CapacityProvider != "p" || task.Connectivity != "" || task.ConnectivityAt != 0 || task.Zone != "" || task.Version != 1 {
		t.Fatalf("%+v", task)
	}
	if w.placeWaiting(9) != 0 || w.view.Task("c", task.ID) != task {
		t.Error("it was placed without a host")
	}
	host := w.host(inGroup("arn:aws:autoscaling:r:1:autoScalingGroup:u:autoScalingGroupName/g-p"))
	w.now += second
	if w.placeWaiting(9) != 1 {
		t.Fatal("it was not placed on the host that came")
	}
	got := w.view.Task("c", task.ID)
	if got.LastStatus != ecs.StatusPending || got.Instance != host.ID || got.Waiting != nil || got.Zone != "z" || got.Version != 2 ||
		got.Connectivity != ecs.Connected || got.ConnectivityAt != w.now || got.CreatedAt != task.CreatedAt || got.LaunchType != ecs.LaunchEC2 ||
		len(got.Tags) != 1 || got.CapacityProvider != "p" {
		t.Errorf("%+v", got)
	}
	if w.view.Usage(host.ID).MemoryMiB != 600 || w.view.Counts("c").Waiting != 0 {
		t.Error("the books are wrong")
	}
	if w.placeWaiting(9) != 0 {
		t.Error("it was placed twice")
	}
	w.report(task.ID, TaskReport{Status: ecs.StatusRunning})
	if got = w.view.Task("c", task.ID); got.LastStatus != ecs.StatusRunning {
		t.Errorf("then: %s", got.LastStatus)
	}
}

func TestWhatFitsDoesNotWait(t *testing.T) {
	w := elastic(t)
	w.host(inGroup("g-p"))
	out := w.run("f", func(in *RunTaskInput) { in.Count = 3 })
	states := ""
	for _, task := range out.Tasks {
		states += string(task.LastStatus) + " "
	}
	if states != "PENDING PROVISIONING PROVISIONING " || len(out.Failures) != 0 {
		t.Errorf("%s, failures %v", states, out.Failures)
	}
}

func TestWaitingTasksArePlacedInOrder(t *testing.T) {
	w := elastic(t)
	w.define("small", func(d *ecs.TaskDefinition) { d.Containers[0].MemoryMiB = 100 })
	w.define("huge", func(d *ecs.TaskDefinition) { d.Containers[0].MemoryMiB = 5000 })
	huge := w.runOne("huge", nil) // fits nowhere and holds nobody up
	w.now += second
	first := w.runOne("f", nil)
	w.now += second
	second := w.runOne("f", nil)
	small := w.runOne("small", nil)
	w.host(inGroup("g-p"))
	if n := w.placeWaiting(1); n != 1 || w.view.Task("c", first.ID).Instance == "" {
		t.Errorf("%d placed; the first is on %q", n, w.view.Task("c", first.ID).Instance)
	}
	if n := w.placeWaiting(9); n != 1 || w.view.Task("c", small.ID).Instance == "" || w.view.Task("c", second.ID).Waiting == nil {
		t.Errorf("%d placed beside the first", n)
	}
	w.stop(first.ID, "")
	if n := w.placeWaiting(9); n != 1 || w.view.Task("c", second.ID).Instance == "" || w.view.Task("c", huge.ID).Waiting == nil {
		t.Errorf("%d placed when room came free", n)
	}
}

func TestTheWholeRequestIsRemembered(t *testing.T) {
	w := elastic(t)
	for k := range 3 {
		w.host(func(in *RegisterInstanceInput) {
			inGroup("g-p")(in)
			in.Attributes = append(in.Attributes, ecs.Attribute{Name: "rack", Value: fmt.Sprint(k)})
			in.MemoryMiB = 100
		})
	}
	out := w.run("f", func(in *RunTaskInput) {
		in.Count, in.Group, in.EnableExecuteCommand = 3, "g", true
		in.Constraints = []ecs.PlacementConstraint{{Type: "distinctInstance"}, {Type: "memberOf", Expression: "attribute:rack != 0"}}
		in.Strategies = []placement.Strategy{{Type: placement.Binpack, Field: "memory"}}
		in.ClientToken, in.RequestDigest = "token", "digest"
	})
	if len(out.Tasks) != 3 || w.view.Waiting() != 3 {
		t.Fatalf("%d tasks, %d wait", len(out.Tasks), w.view.Waiting())
	}
	for _, task := range out.Tasks {
		if len(task.Waiting.Strategies) != 1 || task.Waiting.Strategies[0] != (ecs.PlacementStrategy{Type: "binpack", Field: "memory"}) || task.ClientToken != "token" {
			t.Errorf("%+v", task.Waiting)
		}
	}
	grow := func(without string, memory int64) {
		w.view.ScanInstances("c", "", func(i *ecs.Instance) bool {
			w.must(func(tx *state.Tx) error {
				n := *i
				n.MemoryMiB = memory
				if without == "" {
					n.Attributes = append([]ecs.Attribute{{Name: "ecs.capability.execute-command"}}, i.Attributes...)
				}
				tx.PutInstance(&n)
				return nil
			})
			return true
		})
	}
	grow("execute-command", 5000)
	if n := w.placeWaiting(9); n != 0 {
		t.Errorf("%d placed without the capability", n)
	}
	grow("", 5000)
	if n := w.placeWaiting(9); n != 2 || w.view.Waiting() != 1 {
		t.Errorf("%d placed on three hosts, of which the expression excludes one and each takes one", n)
	}
	again := w.run("f", func(in *RunTaskInput) { in.ClientToken, in.RequestDigest = "token", "digest" })
	if len(again.Tasks) != 3 || w.view.TaskCount() != 3 {
		t.Errorf("the same token again: %d tasks", len(again.Tasks))
	}
}

func TestAtMostFiveHundredWait(t *testing.T) {
	w := elastic(t)
	for range 49 {
		w.run("f", func(in *RunTaskInput) { in.Count = 10 })
	}
	w.run("f", func(in *RunTaskInput) { in.Count = 9 })
	w.refused("ClientException", "Tasks provisioning capacity limit exceeded.", fails(runTask("f", func(in *RunTaskInput) { in.Count = 2 })))
	if n := w.view.Counts("c").Waiting; n != 499 {
		t.Errorf("%d wait after the refusal", n)
	}
	w.runOne("f", nil)
	w.refused("ClientException", "Tasks provisioning capacity limit exceeded.", fails(runTask("f", nil)))
}

func TestStoppingATaskThatWaits(t *testing.T) {
	w := elastic(t)
	task := w.runOne("f", func(in *RunTaskInput) { in.Tags = []ecs.Tag{{Key: "k", Value: "v"}} })
	got := w.stop(task.ID, "enough")
	if got.LastStatus != over || got.DesiredStatus != over || got.StopCode != ecs.StopUserInitiated || got.StoppedReason != "enough" ||
		got.StoppingAt != w.now || got.StoppedAt != w.now || got.Waiting != nil || got.Tags != nil || got.Version != 2 || got.Containers[0].LastStatus != over {
		t.Errorf("%+v", got)
	}
	if task.Containers[0].LastStatus != ecs.StatusPending {
		t.Error("the record before was changed")
	}
	if w.view.Waiting() != 0 || w.view.Counts("c").Tasks != 0 {
		t.Error("the books are wrong")
	}
	if again := w.stop(task.ID, "other"); again != got {
		t.Errorf("again: %+v", again)
	}
	if other := w.runOne("f", nil); w.stop(other.ID, "").StoppedReason != "Task stopped by user" {
		t.Errorf("without a reason: %q", w.view.Task("c", other.ID).StoppedReason)
	}
	w.host(inGroup("g-p"))
	if w.placeWaiting(9) != 0 {
		t.Error("a stopped task was placed")
	}
}

func TestGivingUpATaskThatWaits(t *testing.T) {
	w := elastic(t)
	task, other := w.runOne("f", nil), w.runOne("f", nil)
	giveUp := func(id ecs.TaskID) []state.Change {
		return w.must(func(tx *state.Tx) error {
			return GiveUpWaiting(tx, []WaitedTask{{"c", id, "RESOURCE:MEMORY"}, {"c", "nobody", "x"}})
		})
	}
	w.now += 900 * second
	giveUp(task.ID)
	got := w.view.Task("c", task.ID)
	if got.LastStatus != over || got.DesiredStatus != over || got.StopCode != ecs.StopTaskFailedToStart || got.StoppedReason != "RESOURCE:MEMORY" ||
		got.StoppedAt != w.now || got.Waiting != nil {
		t.Errorf("%+v", got)
	}
	w.host(inGroup("g-p"))
	w.placeWaiting(9)
	if changes := giveUp(other.ID); len(changes) != 0 {
		t.Errorf("one that was placed meanwhile: %+v", changes)
	}
}

func TestAnExternalHostOfAProvider(t *testing.T) {
	w := elastic(t)
	task := w.runOne("f", nil)
	w.host(func(in *RegisterInstanceInput) {
		inGroup("g-p")(in)
		in.Attributes = append(in.Attributes, ecs.Attribute{Name: ecs.ExternalAttribute})
	})
	w.placeWaiting(1)
	if got := w.view.Task("c", task.ID); got.LaunchType != ecs.LaunchExternal {
		t.Errorf("%+v", got)
	}
}

func TestPlacingForAProviderThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	if w.placeWaiting(9) != 0 {
		t.Error("something was placed")
	}
}

// No agent has been given a task that waits, so none can say what became of it; there is no instance whose owner could be asked.
func TestReportsOfATaskThatWaitsCountForNothing(t *testing.T) {
	w := elastic(t)
	task := w.runOne("f", nil)
	for _, status := range []ecs.Status{ecs.StatusPending, ecs.StatusRunning, over} {
		report := TaskReport{Cluster: "c", ID: task.ID, Status: status, Reason: "said so", By: Caller{KeyID: "stranger", Agent: true}}
		if changes := w.must(func(tx *state.Tx) error { return ReportTask(tx, report) }); len(changes) != 0 {
			t.Errorf("%s: %+v", status, w.view.Task("c", task.ID))
		}
	}
}

package command

import (
	"slices"
	"strings"
	"testing"

	"berth/ecs"
	"berth/state"
)

const (
	pending = ecs.StatusPending
	running = ecs.StatusRunning
	over    = ecs.StatusStopped
)

// pair has two essential containers "a" and "b" and one "side" that is not.
func pair(d *ecs.TaskDefinition) {
	d.Containers = []ecs.ContainerDefinition{
		{Name: "a", Image: "i", MemoryMiB: 8, Essential: true}, {Name: "b", Image: "i", MemoryMiB: 8, Essential: true},
		{Name: "side", Image: "i", MemoryMiB: 8},
	}
}

func containers(r ...ContainerReport) []ContainerReport { return r }

// Each life is told in reports, one second apart, beginning one second after RunTask; "stop" is StopTask with the reason "enough".
var lives = []struct {
	name    string
	reports []TaskReport
	stopAt  int // before which report StopTask comes; 0 never
	last    ecs.Status
	desired ecs.Status
	code    ecs.StopCode
	reason  string
	started ecs.Time // seconds after RunTask; 0 means never
	stopped ecs.Time
}{
	{name: "waits", reports: []TaskReport{{Status: pending}}, last: pending, desired: running},
	{name: "runs", reports: []TaskReport{{Status: pending}, {Status: running}}, last: running, desired: running, started: 2},
	{name: "never goes back", reports: []TaskReport{{Status: running}, {Status: pending}, {}}, last: running, desired: running, started: 1},
	{
		name: "an essential container exits", reports: []TaskReport{{Status: running},
			{Status: running, Containers: containers(ContainerReport{Name: "b", Status: over, ExitCode: exit(0)})}},
		last: running, desired: over, code: ecs.StopEssentialContainerExited, reason: "Essential container in task exited", started: 1,
	},
	{
		name: "a container that is not essential exits", reports: []TaskReport{{Status: running},
			{Status: running, Containers: containers(ContainerReport{Name: "side", Status: over, ExitCode: exit(1)})}},
		last: running, desired: running, started: 1,
	},
	{
		name: "a container nobody knows exits", reports: []TaskReport{{Status: running},
			{Status: running, Containers: containers(ContainerReport{Name: "who", Status: over, ExitCode: exit(1)})}},
		last: running, desired: running, started: 1,
	},
	{
		name: "everything exits", reports: []TaskReport{{Status: running}, {Status: over, Containers: containers(
			ContainerReport{Name: "a", Status: over, ExitCode: exit(7)}, ContainerReport{Name: "b", Status: over, ExitCode: exit(143)})}},
		last: over, desired: over, code: ecs.StopEssentialContainerExited, reason: "Essential container in task exited", started: 1, stopped: 2,
	},
	{
		name: "runs and exits within one report", reports: []TaskReport{{Status: running, Containers: containers(
			ContainerReport{Name: "a", Status: running}, ContainerReport{Name: "a", Status: over, ExitCode: exit(3)})}},
		last: running, desired: over, code: ecs.StopEssentialContainerExited, reason: "Essential container in task exited", started: 1,
	},
	{
		name: "exits before the others started", reports: []TaskReport{{Status: pending, Containers: containers(
			ContainerReport{Name: "a", Status: over, ExitCode: exit(1)})}, {Status: over}},
		last: over, desired: over, code: ecs.StopEssentialContainerExited, reason: "Essential container in task exited", stopped: 2,
	},
	{
		name: "a failed SUCCESS dependency", reports: []TaskReport{
			{Containers: containers(ContainerReport{Name: "side", Status: over, ExitCode: exit(7)})},
			{Status: over, Containers: containers(ContainerReport{Name: "a", Status: over}, ContainerReport{Name: "b", Status: over})}},
		last: over, desired: over, code: ecs.StopTaskFailedToStart, reason: "Task failed to start", stopped: 2,
	},
	{
		name: "an image cannot be pulled", reports: []TaskReport{{Status: over, Containers: containers(
			ContainerReport{Name: "a", Status: over}, ContainerReport{Name: "b", Status: over, Reason: "CannotPullContainerError: no"})}},
		last: over, desired: over, code: ecs.StopTaskFailedToStart, reason: "CannotPullContainerError: no", stopped: 1,
	},
	{
		name: "an image cannot be pulled while the other one runs already", reports: []TaskReport{
			{Status: pending, Containers: containers(ContainerReport{Name: "a", Status: running})},
			{Status: pending, Containers: containers(ContainerReport{Name: "b", Status: over, Reason: "CannotPullContainerError: no"})},
			{Status: over, Containers: containers(ContainerReport{Name: "a", Status: over, ExitCode: exit(137)})}},
		last: over, desired: over, code: ecs.StopTaskFailedToStart, reason: "CannotPullContainerError: no", stopped: 3,
	},
	{
		name: "a process that cannot be started has an exit code and a reason", reports: []TaskReport{{Status: over, Containers: containers(
			ContainerReport{Name: "a", Status: over, ExitCode: exit(127), Reason: "CannotStartContainerError: no such file"})}},
		last: over, desired: over, code: ecs.StopTaskFailedToStart, reason: "CannotStartContainerError: no such file", stopped: 1,
	},
	{
		name: "out of memory before the others started", reports: []TaskReport{{Status: pending, Containers: containers(
			ContainerReport{Name: "a", Status: over, ExitCode: exit(137), Reason: "OutOfMemoryError: Container killed due to memory usage"})}},
		last: pending, desired: over, code: ecs.StopEssentialContainerExited, reason: "Essential container in task exited",
	},
	{
		name: "out of memory", reports: []TaskReport{{Status: running}, {Status: running, Containers: containers(
			ContainerReport{Name: "a", Status: over, ExitCode: exit(137), Reason: "OutOfMemoryError: Container killed due to memory usage"})}},
		last: running, desired: over, code: ecs.StopEssentialContainerExited, reason: "Essential container in task exited", started: 1,
	},
	{
		name: "the task itself has a reason", reports: []TaskReport{{Status: over, Reason: "ResourceInitializationError: no secret"}},
		last: over, desired: over, code: ecs.StopTaskFailedToStart, reason: "ResourceInitializationError: no secret", stopped: 1,
	},
	{
		name: "it never starts because of a container that is not essential", reports: []TaskReport{{Status: over, Containers: containers(
			ContainerReport{Name: "side", Status: over, Reason: "CannotCreateContainerError: no"})}},
		last: over, desired: over, code: ecs.StopTaskFailedToStart, reason: "CannotCreateContainerError: no", stopped: 1,
	},
	{
		name: "it ran, and its agent knows no more than that it is over", reports: []TaskReport{{Status: running}, {Status: over}},
		last: over, desired: over, code: ecs.StopEssentialContainerExited, reason: "Essential container in task exited", started: 1, stopped: 2,
	},
	{
		name: "a container that ran vanished", reports: []TaskReport{{Status: running}, {Status: over, Containers: containers(
			ContainerReport{Name: "a", Status: over, Reason: "ContainerVanishedError"})}},
		last: over, desired: over, code: ecs.StopEssentialContainerExited, reason: "Essential container in task exited", started: 1, stopped: 2,
	},
	{
		name: "stopped by a user", stopAt: 1, reports: []TaskReport{{Status: running}, {Status: over, Reason: "other words", Containers: containers(
			ContainerReport{Name: "a", Status: over, ExitCode: exit(143)})}},
		last: over, desired: over, code: ecs.StopUserInitiated, reason: "enough", started: 1, stopped: 3,
	},
	{
		name: "stopped by a user before it ran", stopAt: 1, reports: []TaskReport{{Status: pending}, {Status: over, Containers: containers(
			ContainerReport{Name: "a", Status: over, Reason: "CannotPullContainerError: no"})}},
		last: over, desired: over, code: ecs.StopUserInitiated, reason: "enough", stopped: 3,
	},
	{
		name: "RUNNING crosses the stop", stopAt: 1, reports: []TaskReport{{Status: pending}, {Status: running}},
		last: running, desired: over, code: ecs.StopUserInitiated, reason: "enough", started: 2, // when the stop was asked for
	},
	{
		name: "a report after the end", reports: []TaskReport{{Status: over, Reason: "first"}, {Status: running, Reason: "second"},
			{Status: over, Reason: "third", Containers: containers(ContainerReport{Name: "a", ExitCode: exit(1)})}},
		last: over, desired: over, code: ecs.StopTaskFailedToStart, reason: "first", stopped: 1,
	},
}

func TestLives(t *testing.T) {
	for _, life := range lives {
		t.Run(life.name, func(t *testing.T) {
			w := newWorld(t)
			w.define("f", pair)
			w.host(nil)
			task := w.runOne("f", func(in *RunTaskInput) { in.Tags = []ecs.Tag{{Key: "k"}} })
			begin := w.now
			for k, r := range life.reports {
				if life.stopAt != 0 && life.stopAt == k {
					w.stop(task.ID, "enough")
				}
				task = w.report(task.ID, r)
			}
			if task.LastStatus != life.last || task.DesiredStatus != life.desired || task.StopCode != life.code || task.StoppedReason != life.reason {
				t.Errorf("got %s, desired %s, %q: %q", task.LastStatus, task.DesiredStatus, task.StopCode, task.StoppedReason)
			}
			for _, at := range []struct {
				name      string
				got, want ecs.Time
			}{{"startedAt", task.StartedAt, life.started}, {"stoppedAt", task.StoppedAt, life.stopped}} {
				want := at.want
				if want != 0 {
					want = begin + want*second
				}
				if at.got != want {
					t.Errorf("%s is %d, want %d", at.name, at.got, want)
				}
			}
			if (task.StoppingAt != 0) != (life.desired == over) || (task.Tags == nil) != (life.last == over || life.stopAt != 0) {
				t.Errorf("stoppingAt %d, tags %v", task.StoppingAt, task.Tags)
			}
			if u := w.view.Usage(task.Instance); (u.MemoryMiB == 0) != (life.desired == over) || (u.Tasks == 0) != (life.last == over) {
				t.Errorf("usage %+v", u)
			}
			for _, c := range task.Containers {
				if life.last == over && c.LastStatus != over {
					t.Errorf("container %s is %s in a task that is over", c.Name, c.LastStatus)
				}
			}
		})
	}
}

func TestContainersFollowReports(t *testing.T) {
	w := newWorld(t)
	w.define("f", pair)
	w.host(nil)
	id := w.runOne("f", nil).ID
	bindings := []ecs.NetworkBinding{{BindIP: "0.0.0.0", ContainerPort: 80, HostPort: 8080, Protocol: ecs.TCP}}
	task := w.report(id, TaskReport{Status: running, Containers: containers(
		ContainerReport{Name: "a", Status: running, RuntimeID: "r1", ImageDigest: "d1", Bindings: bindings},
		ContainerReport{Name: "side", Status: running, RuntimeID: "r2"},
		ContainerReport{Name: "side", Status: over, ExitCode: exit(0), Reason: "why"})})
	a, side := task.Containers[0], task.Containers[2]
	if a.LastStatus != running || a.RuntimeID != "r1" || a.ImageDigest != "d1" || !slices.Equal(a.Bindings, bindings) || a.ExitCode != nil {
		t.Errorf("a: %+v", a)
	}
	if side.LastStatus != over || side.ExitCode == nil || *side.ExitCode != 0 || side.Reason != "why" || side.RuntimeID != "r2" {
		t.Errorf("side: %+v", side)
	}
	// An older word is passed over, and what is not said stays.
	version := task.Version
	task = w.report(id, TaskReport{Status: running, Containers: containers(
		ContainerReport{Name: "a"}, ContainerReport{Name: "side", Status: running, RuntimeID: "r9", ExitCode: exit(9), Reason: "late"})})
	if task.Version != version || task.Containers[0].RuntimeID != "r1" || task.Containers[2].Reason != "why" || *task.Containers[2].ExitCode != 0 {
		t.Errorf("after an older word: version %d, %+v", task.Version, task.Containers)
	}
	// A word that corrects the exit code is a change.
	task = w.report(id, TaskReport{Containers: containers(ContainerReport{Name: "side", Status: over, ExitCode: exit(5)})})
	if task.Version != version+1 || *task.Containers[2].ExitCode != 5 {
		t.Errorf("version %d, exit code %d", task.Version, *task.Containers[2].ExitCode)
	}
}

func TestVersionGrowsWithChangesOnly(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	w.host(nil)
	id := w.runOne("f", nil).ID
	r := TaskReport{Status: running, PullStartedAt: w.now, PullStoppedAt: w.now + 1,
		Containers: containers(ContainerReport{Name: "app", Status: running, RuntimeID: "r"})}
	for _, step := range []struct {
		report  TaskReport
		version int64
	}{
		{TaskReport{Status: pending}, 1}, {r, 2}, {r, 2}, {TaskReport{}, 2}, {TaskReport{Status: pending, Reason: "waits"}, 2},
		{TaskReport{Containers: containers(ContainerReport{Name: "app", ImageDigest: "d"})}, 3},
		{TaskReport{Status: over}, 4}, {TaskReport{Status: over}, 4},
	} {
		if got := w.report(id, step.report); got.Version != step.version {
			t.Errorf("after %+v: version %d, want %d", step.report, got.Version, step.version)
		}
	}
}

func TestReportsOfTheUnknownChangeNothing(t *testing.T) {
	w := newWorld(t)
	for _, cluster := range []string{"c", "nowhere"} {
		changes := w.must(func(tx *state.Tx) error {
			return ReportTask(tx, TaskReport{Cluster: cluster, ID: "x", Status: over, By: Caller{Agent: true, KeyID: "key"}})
		})
		if len(changes) != 0 {
			t.Errorf("%v", changes)
		}
	}
}

func TestOnlyTheOwnerReports(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	i := w.host(nil)
	id := w.runOne("f", nil).ID
	r := TaskReport{Cluster: "c", ID: id, Status: running, By: Caller{Agent: true, KeyID: "other", ARN: "arn:other"}}
	w.refused("AccessDeniedException", "User: arn:other is not the owner of container instance "+string(i.ID)+".",
		func(tx *state.Tx) error { return ReportTask(tx, r) })
	r.By = Caller{KeyID: "operator"}
	w.must(func(tx *state.Tx) error { return ReportTask(tx, r) })
	if w.view.Task("c", id).LastStatus != running {
		t.Error("an operator's report was not taken")
	}
}

// bothEnds reports whether a reason of é was cut in the middle and nowhere else.
func bothEnds(s string) bool {
	head, tail, ok := strings.Cut(s, " ... ")
	return ok && len(head) > 120 && len(tail) > 120 && strings.Trim(head+tail, "é") == ""
}

func TestReasonsAreCut(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	w.host(nil)
	long := strings.Repeat("é", 200) // 400 bytes
	task := w.report(w.runOne("f", nil).ID, TaskReport{Status: pending, Reason: long})
	if n := len(task.PendingReason); n > 255 || n < 250 || !bothEnds(task.PendingReason) {
		t.Errorf("pending reason of %d bytes: %s", n, task.PendingReason)
	}
	task = w.report(task.ID, TaskReport{Status: over, Containers: containers(ContainerReport{Name: "app", Status: over, Reason: long})})
	if r := task.Containers[0].Reason; len(r) > 255 || r != task.StoppedReason || !bothEnds(r) {
		t.Errorf("container: %q, task: %q", r, task.StoppedReason)
	}
	if got := cut(strings.Repeat("a", 255)); len(got) != 255 || strings.Contains(got, ".") {
		t.Errorf("255 characters were cut: %q", got)
	}
}

func TestPendingReason(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	w.host(nil)
	id := w.runOne("f", nil).ID
	for _, step := range []struct {
		report TaskReport
		want   string
	}{
		{TaskReport{Status: pending, Reason: "waits for memory"}, "waits for memory"},
		{TaskReport{}, "waits for memory"},
		{TaskReport{Status: pending, Reason: "waits for a port"}, "waits for a port"},
		{TaskReport{Status: pending}, ""},
		{TaskReport{Status: pending, Reason: "waits for an image"}, "waits for an image"},
		{TaskReport{Status: running, Reason: "x"}, ""},
		{TaskReport{Status: pending, Reason: "old word"}, ""},
	} {
		if got := w.report(id, step.report).PendingReason; got != step.want {
			t.Errorf("after %+v: %q, want %q", step.report, got, step.want)
		}
	}
	id = w.runOne("f", nil).ID
	w.report(id, TaskReport{Status: pending, Reason: "waits"})
	if got := w.report(id, TaskReport{Status: over}); got.PendingReason != "" || got.StoppedReason != "Task failed to start" {
		t.Errorf("%q, %q", got.PendingReason, got.StoppedReason)
	}
}

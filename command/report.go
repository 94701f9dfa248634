package command

import (
	"slices"
	"strings"

	"berth/ecs"
	"berth/state"
)

// ContainerReport is what an agent says of one container. Zero values mean "not said".
type ContainerReport struct {
	Name        string
	Status      ecs.Status
	ExitCode    *int32
	Reason      string
	RuntimeID   string
	ImageDigest string
	Bindings    []ecs.NetworkBinding
}

// TaskReport is one SubmitTaskStateChange.
type TaskReport struct {
	Cluster string
	ID      ecs.TaskID
	// Status is PENDING, RUNNING or STOPPED, or empty when only containers changed.
	Status     ecs.Status
	Reason     string
	Containers []ContainerReport

	PullStartedAt, PullStoppedAt, ExecutionStoppedAt ecs.Time

	By Caller
}

// ReportTask takes over an agent's report. A task nobody knows, or one that is over, is acknowledged and changes nothing
// (agent-protocol.md 3). A life only moves forward: an older status is not taken over, what it says of containers is.
//
// ECS's own work on a report (agent-protocol.md 11): startedAt, stop code and reason, desired status STOPPED after an essential
// container ended.
func ReportTask(tx *state.Tx, r TaskReport) error {
	old := tx.Task(r.Cluster, r.ID)
	if old == nil {
		return nil
	}
	if i := tx.InstanceByID(old.Instance); i != nil {
		if err := owns(i, r.By); err != nil {
			return err
		}
	}
	if old.LastStatus == ecs.StatusStopped {
		return nil
	}
	t := *old
	t.Containers = slices.Clone(old.Containers)
	changed := applyContainers(&t, r.Containers)
	changed = applyTimes(&t, &r, tx.Now()) || changed
	changed = applyWaiting(&t, &r) || changed
	if t.LastStatus.Before(r.Status) {
		t.LastStatus = r.Status
		changed = true
		if r.Status == ecs.StatusRunning {
			t.StartedAt, t.PendingReason = tx.Now(), ""
		}
	}
	changed = endIfEssentialEnded(tx, &t, r.Status) || changed
	if r.Status == ecs.StatusStopped {
		finish(tx, &t, r.Reason)
	}
	if !changed {
		return nil
	}
	t.Version++
	tx.PutTask(&t)
	return nil
}

func applyContainers(t *ecs.Task, reports []ContainerReport) bool {
	changed := false
	for _, r := range reports {
		if k := t.ContainerIndex(r.Name); k >= 0 && applyContainer(&t.Containers[k], &r) {
			changed = true
		}
	}
	return changed
}

func applyContainer(c *ecs.Container, r *ContainerReport) bool {
	if r.Status.Before(c.LastStatus) && r.Status != "" {
		return false
	}
	n := *c
	if r.Status != "" {
		n.LastStatus = r.Status
	}
	n.RuntimeID, n.ImageDigest = orElse(r.RuntimeID, n.RuntimeID), orElse(r.ImageDigest, n.ImageDigest)
	if r.ExitCode != nil {
		n.ExitCode = r.ExitCode
	}
	n.Reason = orElse(cut(r.Reason), n.Reason)
	if len(r.Bindings) > 0 {
		n.Bindings = r.Bindings
	}
	same := n.LastStatus == c.LastStatus && n.RuntimeID == c.RuntimeID && n.ImageDigest == c.ImageDigest &&
		n.Reason == c.Reason && (n.ExitCode == nil) == (c.ExitCode == nil) && slices.Equal(n.Bindings, c.Bindings)
	*c = n
	return !same
}

// maxReason is the length of a reason that fits every client (features.md C12).
const maxReason = 255

// cut shortens a reason to what ECS allows, on a character's border.
func cut(s string) string {
	if len(s) <= maxReason {
		return s
	}
	return strings.ToValidUTF8(s[:maxReason-3], "") + "..."
}

// applyTimes takes over the agent's times, kept between the task's creation and now: the host's clock may differ, the order of
// the timestamps (features.md B6.2) may not.
func applyTimes(t *ecs.Task, r *TaskReport, now ecs.Time) bool {
	before := [3]ecs.Time{t.PullStartedAt, t.PullStoppedAt, t.ExecutionStoppedAt}
	within := func(at ecs.Time) ecs.Time { return min(max(at, t.CreatedAt), now) }
	if t.PullStartedAt == 0 && r.PullStartedAt != 0 {
		t.PullStartedAt = within(r.PullStartedAt)
	}
	if r.PullStoppedAt != 0 {
		t.PullStoppedAt = within(r.PullStoppedAt)
	}
	if t.ExecutionStoppedAt == 0 && r.ExecutionStoppedAt != 0 {
		t.ExecutionStoppedAt = within(r.ExecutionStoppedAt)
	}
	return before != [3]ecs.Time{t.PullStartedAt, t.PullStoppedAt, t.ExecutionStoppedAt}
}

// applyWaiting keeps what a pending task waits for, as its agent says; the reason goes when the wait is over.
func applyWaiting(t *ecs.Task, r *TaskReport) bool {
	if r.Status != ecs.StatusPending || t.LastStatus != ecs.StatusPending || t.PendingReason == cut(r.Reason) {
		return false
	}
	t.PendingReason = cut(r.Reason)
	return true
}

// endIfEssentialEnded makes the whole task stop when an essential container is over, and says why.
func endIfEssentialEnded(tx *state.Tx, t *ecs.Task, reported ecs.Status) bool {
	if t.DesiredStatus == ecs.StatusStopped {
		return false
	}
	def := tx.TaskDefinition(t.Family, t.Revision)
	ended, failure := essentialEnd(t, def)
	if !ended && reported != ecs.StatusStopped {
		return false
	}
	t.DesiredStatus, t.StoppingAt = ecs.StatusStopped, tx.Now()
	switch {
	case ended && failure == "":
		t.StopCode, t.StoppedReason = ecs.StopEssentialContainerExited, "Essential container in task exited"
	default:
		t.StopCode, t.StoppedReason = ecs.StopTaskFailedToStart, orElse(failure, orElse(anyReason(t), "Task failed to start"))
	}
	if ended {
		t.ExecutionStoppedAt = tx.Now()
	}
	return true
}

// essentialEnd reports whether an essential container is over. failure is its reason when the task never ran because of it.
func essentialEnd(t *ecs.Task, def *ecs.TaskDefinition) (ended bool, failure string) {
	for k := range t.Containers {
		c := &t.Containers[k]
		if c.LastStatus != ecs.StatusStopped || def == nil {
			continue
		}
		if d := def.Container(c.Name); d == nil || !d.Essential {
			continue
		}
		if t.StartedAt == 0 && (c.ExitCode == nil || startFailed(c.Reason)) {
			failure = orElse(failure, c.Reason)
			if c.ExitCode == nil && c.Reason == "" {
				continue
			}
		}
		ended = true
	}
	return ended, failure
}

// startFailed tells an error of the runtime from a process that ran and ended.
func startFailed(reason string) bool {
	return reason != "" && !strings.HasPrefix(reason, "OutOfMemoryError")
}

func anyReason(t *ecs.Task) string {
	for k := range t.Containers {
		if t.Containers[k].Reason != "" {
			return t.Containers[k].Reason
		}
	}
	return ""
}

// finish closes a task's books: nothing of it runs any more.
func finish(tx *state.Tx, t *ecs.Task, reason string) {
	t.StoppedAt, t.PendingReason, t.Tags = tx.Now(), "", nil
	t.ExecutionStoppedAt = max(orNow(t.ExecutionStoppedAt, tx.Now()), t.StoppingAt)
	if t.StoppedReason == "" {
		t.StoppedReason = cut(reason)
	}
	for k := range t.Containers {
		t.Containers[k].LastStatus = ecs.StatusStopped
	}
}

func orNow(t, now ecs.Time) ecs.Time {
	if t == 0 {
		return now
	}
	return t
}

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
	if old == nil || old.Waiting != nil {
		return nil // no agent has been given a task that waits for capacity
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
	now := moment(old, tx.Now())
	changed := applyContainers(&t, r.Containers)
	changed = pulled(&t, &r, now) || changed
	changed = applyWaiting(&t, &r) || changed
	// What failed to start never runs; the word of an agent that says both is not taken.
	failed := t.StopCode == ecs.StopTaskFailedToStart && r.Status == ecs.StatusRunning
	if t.LastStatus.Before(r.Status) && !failed {
		t.LastStatus = r.Status
		changed = true
		if r.Status == ecs.StatusRunning {
			started(&t, now)
			t.PendingReason = ""
		}
	}
	changed = endIfEssentialEnded(tx, &t, &r, now) || changed
	changed = executionStopped(&t, &r, now) || changed
	if r.Status == ecs.StatusStopped {
		finish(&t, now)
	}
	if !changed {
		return nil
	}
	t.Version++
	tx.PutTask(&t)
	return nil
}

// applyContainers takes over the reports in their order: one list can hold a container twice, RUNNING and then STOPPED.
func applyContainers(t *ecs.Task, reports []ContainerReport) bool {
	before := t.Containers
	t.Containers = slices.Clone(before)
	for _, r := range reports {
		if k := t.ContainerIndex(r.Name); k >= 0 {
			applyContainer(&t.Containers[k], &r)
		}
	}
	return !slices.EqualFunc(before, t.Containers, sameReport)
}

func applyContainer(c *ecs.Container, r *ContainerReport) {
	if r.Status != "" {
		if r.Status.Before(c.LastStatus) {
			return
		}
		c.LastStatus = r.Status
	}
	if r.ExitCode != nil {
		c.ExitCode = r.ExitCode
	}
	if len(r.Bindings) > 0 {
		c.Bindings = r.Bindings
	}
	c.RuntimeID, c.ImageDigest = orElse(r.RuntimeID, c.RuntimeID), orElse(r.ImageDigest, c.ImageDigest)
	c.Reason = orElse(cut(r.Reason), c.Reason)
}

// sameReport compares what reports can change.
func sameReport(a, b ecs.Container) bool {
	return a.LastStatus == b.LastStatus && sameExit(a.ExitCode, b.ExitCode) && slices.Equal(a.Bindings, b.Bindings) &&
		a.RuntimeID == b.RuntimeID && a.ImageDigest == b.ImageDigest && a.Reason == b.Reason
}

func sameExit(a, b *int32) bool { return a == b || a != nil && b != nil && *a == *b }

// maxReason is the length of a reason that fits every client (features.md C12).
const maxReason = 255

// cut shortens a reason to what ECS allows, on characters' borders. It cuts in the middle: a runtime's error says what failed at its
// beginning and why at its end.
func cut(s string) string {
	if len(s) <= maxReason {
		return s
	}
	const gap = " ... "
	head := (maxReason - len(gap)) / 2
	tail := maxReason - len(gap) - head
	return strings.ToValidUTF8(s[:head], "") + gap + strings.ToValidUTF8(s[len(s)-tail:], "")
}

// applyWaiting keeps what a pending task waits for, as its agent says; the reason goes when the wait is over.
func applyWaiting(t *ecs.Task, r *TaskReport) bool {
	if r.Status != ecs.StatusPending || t.LastStatus != ecs.StatusPending || t.PendingReason == cut(r.Reason) {
		return false
	}
	t.PendingReason = cut(r.Reason)
	return true
}

// essentialExited is what ECS says of a task that an essential container ended.
const essentialExited = "Essential container in task exited"

// endIfEssentialEnded makes the whole task stop when an essential container is over, or when the agent says that everything is, and
// says why (semantics.md 2.3). It reports whether it did.
func endIfEssentialEnded(tx *state.Tx, t *ecs.Task, r *TaskReport, now ecs.Time) bool {
	if t.DesiredStatus == ecs.StatusStopped {
		return false
	}
	ended, failure := essentialEnd(t, tx.TaskDefinition(t.Family, t.Revision))
	switch {
	case ended && failure == "":
		stopping(t, now, ecs.StopEssentialContainerExited, essentialExited)
	case ended:
		stopping(t, now, ecs.StopTaskFailedToStart, failure)
	case r.Status != ecs.StatusStopped:
		return false
	case t.StartedAt != 0: // it ran, but its agent cannot tell how each container ended
		stopping(t, now, ecs.StopEssentialContainerExited, orElse(cut(r.Reason), essentialExited))
	default:
		stopping(t, now, ecs.StopTaskFailedToStart, orElse(cut(r.Reason), orElse(anyReason(t), "Task failed to start")))
	}
	if ended {
		t.ExecutionStoppedAt = now
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

// finish closes a task's books: nothing of it runs any more. The decision to stop it has been made.
func finish(t *ecs.Task, now ecs.Time) {
	t.StoppedAt, t.ExecutionStoppedAt = now, orTime(t.ExecutionStoppedAt, now)
	t.PendingReason, t.Tags = "", nil
	for k := range t.Containers {
		t.Containers[k].LastStatus = ecs.StatusStopped
	}
}

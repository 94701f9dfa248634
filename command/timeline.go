package command

import "berth/ecs"

// The timestamps of a task keep ECS's order whatever the clocks of hosts and server say (features.md B6.2):
//
//	createdAt ≤ pullStartedAt ≤ pullStoppedAt ≤ startedAt ≤ stoppingAt ≤ executionStoppedAt ≤ stoppedAt
//
// Each function below writes one of them and keeps the order with those that are there.

// moment is the time of a command for a task: now, or the task's latest timestamp when the server's clock was set back.
func moment(t *ecs.Task, now ecs.Time) ecs.Time {
	return max(now, t.CreatedAt, t.PullStartedAt, t.PullStoppedAt, t.StartedAt, t.StoppingAt, t.ExecutionStoppedAt)
}

// stopping is the decision to stop; it is made once. now is the task's [moment].
func stopping(t *ecs.Task, now ecs.Time, code ecs.StopCode, reason string) {
	t.DesiredStatus, t.StoppingAt = ecs.StatusStopped, now
	t.StopCode, t.StoppedReason = code, reason
}

// started notes that a task runs. Its stop may have been decided before its agent's word came; then it counts as started by then.
func started(t *ecs.Task, now ecs.Time) {
	t.StartedAt = now
	if t.StoppingAt != 0 {
		t.StartedAt = t.StoppingAt
	}
}

// pulled takes over when the agent pulled: the first start and the last end. It reports whether that was news.
func pulled(t *ecs.Task, r *TaskReport, now ecs.Time) bool {
	before := [2]ecs.Time{t.PullStartedAt, t.PullStoppedAt}
	latest := now
	switch {
	case t.StartedAt != 0:
		latest = t.StartedAt
	case t.StoppingAt != 0:
		latest = t.StoppingAt
	}
	if t.PullStartedAt == 0 && r.PullStartedAt != 0 {
		t.PullStartedAt = within(r.PullStartedAt, t.CreatedAt, orTime(t.PullStoppedAt, latest))
	}
	// A later end replaces an earlier one only when it is believable: a host whose clock is ahead repeats itself, too.
	if r.PullStoppedAt != 0 && (t.PullStoppedAt == 0 || r.PullStoppedAt <= latest) {
		end := within(r.PullStoppedAt, max(t.CreatedAt, t.PullStartedAt), latest)
		t.PullStoppedAt = max(t.PullStoppedAt, end)
	}
	return before != [2]ecs.Time{t.PullStartedAt, t.PullStoppedAt}
}

// executionStopped takes over when the agent saw the containers end. Before the task is asked to stop nothing of it has ended.
func executionStopped(t *ecs.Task, r *TaskReport, now ecs.Time) bool {
	if t.StoppingAt == 0 || t.ExecutionStoppedAt != 0 || r.ExecutionStoppedAt == 0 {
		return false
	}
	t.ExecutionStoppedAt = within(r.ExecutionStoppedAt, t.StoppingAt, now)
	return true
}

// within moves a host's time into a span.
func within(at, earliest, latest ecs.Time) ecs.Time { return min(max(at, earliest), latest) }

func orTime(t, other ecs.Time) ecs.Time {
	if t != 0 {
		return t
	}
	return other
}

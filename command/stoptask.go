package command

import (
	"berth/ecs"
	"berth/state"
)

// StopTaskInput names a task to stop.
type StopTaskInput struct {
	Cluster string
	ID      ecs.TaskID
	// Reason is shown as stoppedReason; empty takes ECS's own words.
	Reason string
}

// StopTask makes a task's desired status STOPPED; its agent does the rest. One that still waits for capacity is STOPPED at once.
//
// ECS: repeating succeeds and keeps the first reason (semantics.md 1.8); the task's tags are dropped (features.md B6.9); without a
// reason it is "Task stopped by user" (semantics.md 2.3).
func StopTask(tx *state.Tx, in StopTaskInput) (*ecs.Task, error) {
	if _, err := ActiveCluster(tx.View, in.Cluster); err != nil {
		return nil, err
	}
	t, err := findTask(tx.View, in.Cluster, in.ID)
	if err != nil || t.DesiredStatus == ecs.StatusStopped {
		return t, err
	}
	reason := orElse(in.Reason, "Task stopped by user")
	if t.Waiting != nil {
		n := stoppedWaiting(t, tx.Now(), ecs.StopUserInitiated, reason)
		tx.PutTask(n)
		return n, nil
	}
	n := *t
	stopping(&n, moment(t, tx.Now()), ecs.StopUserInitiated, reason)
	n.Tags = nil
	n.Version++
	tx.PutTask(&n)
	return &n, nil
}

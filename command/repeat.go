package command

import (
	"slices"
	"time"

	"berth/ecs"
	"berth/state"
)

// How long a client token stands for the run it started: a day, or an hour after the last of its tasks stopped, whichever is
// shorter (semantics.md 1.8).
const (
	tokenLife         = 24 * time.Hour
	tokenLifeAfterEnd = time.Hour
)

// repeatedRun looks for an earlier RunTask with the same client token.
//
// ECS: the same request again is answered with the present state of the same tasks, a different one is a ConflictException naming
// them (semantics.md 1.3, 1.8).
func repeatedRun(tx *state.Tx, in *RunTaskInput, realm ecs.Realm) (started StartedTasks, found bool, err error) {
	tasks := tasksOfToken(tx, in.Cluster, in.ClientToken)
	if len(tasks) == 0 || tokenExpired(tasks, tx.Now()) {
		return StartedTasks{}, false, nil
	}
	if tasks[0].RequestDigest == in.RequestDigest {
		return StartedTasks{Tasks: tasks}, true, nil
	}
	conflict := &ecs.Error{Code: "ConflictException", Message: "The RunTask request could not be processed due to conflicts. " +
		"The provided clientToken is already in use with a different request."}
	for _, t := range tasks {
		conflict.ResourceIDs = append(conflict.ResourceIDs, realm.TaskARN(t.Cluster, t.ID))
	}
	return StartedTasks{}, true, conflict
}

// tasksOfToken returns the tasks of the newest run with a token, in order of id. Those of one run were created at the same time,
// and an expired token may have been used again.
func tasksOfToken(tx *state.Tx, cluster, token string) []*ecs.Task {
	if token == "" {
		return nil
	}
	var tasks []*ecs.Task
	newest := ecs.Time(0)
	tx.ScanTasksOfToken(cluster, token, func(t *ecs.Task) bool {
		tasks, newest = append(tasks, t), max(newest, t.CreatedAt)
		return true
	})
	return slices.DeleteFunc(tasks, func(t *ecs.Task) bool { return t.CreatedAt != newest })
}

func tokenExpired(tasks []*ecs.Task, now ecs.Time) bool {
	expiry, ended := tasks[0].CreatedAt.Add(tokenLife), ecs.Time(0)
	for _, t := range tasks {
		if t.LastStatus != ecs.StatusStopped {
			return now >= expiry
		}
		ended = max(ended, t.StoppedAt)
	}
	return now >= min(expiry, ended.Add(tokenLifeAfterEnd))
}

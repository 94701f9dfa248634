package command

import (
	"time"

	"berth/ecs"
	"berth/state"
)

// tokenLife is how long a client token stands for the run it started (semantics.md 1.8).
const tokenLife = 24 * time.Hour

// repeatedRun looks for an earlier RunTask with the same client token.
//
// ECS: the same request again is answered with the present state of the same tasks, a different one is a ConflictException naming
// them (semantics.md 1.3, 1.8).
func repeatedRun(tx *state.Tx, in *RunTaskInput, realm ecs.Realm) (started StartedTasks, found bool, err error) {
	if in.ClientToken == "" {
		return StartedTasks{}, false, nil
	}
	same := true
	tx.ScanTasksOfToken(in.Cluster, in.ClientToken, func(t *ecs.Task) bool {
		if t.CreatedAt.Add(tokenLife) > tx.Now() {
			started.Tasks = append(started.Tasks, t)
			same = same && t.RequestDigest == in.RequestDigest
		}
		return true
	})
	if same {
		return started, len(started.Tasks) > 0, nil
	}
	conflict := &ecs.Error{Code: "ConflictException", Message: "The RunTask request could not be processed due to conflicts. " +
		"The provided clientToken is already in use with a different request."}
	for _, t := range started.Tasks {
		conflict.ResourceIDs = append(conflict.ResourceIDs, realm.TaskARN(t.Cluster, t.ID))
	}
	return StartedTasks{}, true, conflict
}

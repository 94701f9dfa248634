package command

import (
	"berth/ecs"
	"berth/state"
)

// expireBatch bounds how many records one Expire removes, so that it never holds up other commands.
const expireBatch = 500

// ExpireInput says until when what is over is kept.
type ExpireInput struct {
	TasksStoppedBefore      ecs.Time
	InstancesInactiveBefore ecs.Time
}

// Expire removes the records of tasks and instances that have been over for long enough; more reports that some were left for the
// next call. ECS describes stopped tasks for at least an hour (features.md B6.10).
func Expire(tx *state.Tx, in ExpireInput) (more bool, err error) {
	var tasks []*ecs.Task
	tx.StoppedBefore(in.TasksStoppedBefore, func(t *ecs.Task) bool {
		tasks = append(tasks, t)
		return len(tasks) < expireBatch
	})
	for _, t := range tasks {
		tx.DeleteTask(t)
	}
	var instances []*ecs.Instance
	tx.InactiveBefore(in.InstancesInactiveBefore, func(i *ecs.Instance) bool {
		instances = append(instances, i)
		return len(instances) < expireBatch
	})
	for _, i := range instances {
		tx.DeleteInstance(i)
	}
	return len(tasks) == expireBatch || len(instances) == expireBatch, nil
}

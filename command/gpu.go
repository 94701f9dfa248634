package command

import (
	"slices"

	"berth/ecs"
	"berth/state"
)

// assignGPUs gives each container of a new task the GPUs it asks for, by id, out of those that no task of the instance holds. A task
// that was asked to stop holds none any more, as with all its resources. Placement has counted them before.
//
// ECS: GPUs are whole and pinned to a container (semantics.md 3.3).
func assignGPUs(tx *state.Tx, t *ecs.Task, def *ecs.TaskDefinition, i *ecs.Instance) {
	if t.Reserved.GPUs == 0 {
		return
	}
	free := slices.Clone(i.GPUIDs)
	tx.ScanTasksOfInstance(i, "", func(other *ecs.Task) bool {
		if other.DesiredStatus != ecs.StatusStopped {
			free = slices.DeleteFunc(free, func(id string) bool { return holdsGPU(other, id) })
		}
		return true
	})
	for k := range def.Containers {
		c := def.Containers[k].Effective(t.Overrides.Container(def.Containers[k].Name))
		n := min(int(c.GPUs()), len(free))
		t.Containers[k].GPUIDs, free = slices.Clone(free[:n]), free[n:]
	}
}

func holdsGPU(t *ecs.Task, id string) bool {
	return slices.ContainsFunc(t.Containers, func(c ecs.Container) bool { return slices.Contains(c.GPUIDs, id) })
}

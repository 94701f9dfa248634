package state

import "berth/ecs"

// Change is one record put or deleted. Old is nil for a new record, New is nil for a deleted one; both hold pointers to the
// record type of the table (for example *ecs.Task for [Tasks]).
type Change struct {
	Table Table
	Key   string
	Old   any
	New   any
}

// TaskChange returns the records of a change in the table of tasks; ok is false for every other table.
func (c *Change) TaskChange() (before, after *ecs.Task, ok bool) {
	if c.Table != Tasks {
		return nil, nil, false
	}
	before, _ = c.Old.(*ecs.Task)
	after, _ = c.New.(*ecs.Task)
	return before, after, true
}

// InstanceChange returns the records of a change in the table of instances; ok is false for every other table.
func (c *Change) InstanceChange() (before, after *ecs.Instance, ok bool) {
	if c.Table != Instances {
		return nil, nil, false
	}
	before, _ = c.Old.(*ecs.Instance)
	after, _ = c.New.(*ecs.Instance)
	return before, after, true
}

// apply makes a change in the tables and indexes. Each table's setter replaces old by new; a nil pointer is absence.
func (v *View) apply(c Change) {
	switch c.Table {
	case Clusters:
		set(&v.clusters, c.Key, record[ecs.Cluster](c.New))
	case TaskDefinitions:
		v.setDefinition(c.Key, record[ecs.TaskDefinition](c.Old), record[ecs.TaskDefinition](c.New))
	case Families:
		set(&v.families, c.Key, record[ecs.Family](c.New))
	case Instances:
		v.setInstance(c.Key, record[ecs.Instance](c.Old), record[ecs.Instance](c.New))
	case Tasks:
		v.setTask(c.Key, record[ecs.Task](c.Old), record[ecs.Task](c.New))
	case AccessKeys:
		set(&v.accessKeys, c.Key, record[ecs.AccessKey](c.New))
	case Providers:
		set(&v.providers, c.Key, record[ecs.CapacityProvider](c.New))
	}
}

func record[T any](v any) *T {
	p, _ := v.(*T)
	return p
}

type keyed[T any] interface {
	Set(key string, value *T) (*T, bool)
	Delete(key string) (*T, bool)
}

func set[T any](m keyed[T], key string, value *T) {
	if value == nil {
		m.Delete(key)
		return
	}
	m.Set(key, value)
}

func (v *View) setDefinition(key string, before, after *ecs.TaskDefinition) {
	set(&v.definitions, key, after)
	if before != nil && before.Status == ecs.TaskDefinitionActive {
		v.activeRevisions.drop(before.Family, "", key)
	}
	if after != nil && after.Status == ecs.TaskDefinitionActive {
		v.activeRevisions.add(after.Family, "", key)
	}
}

func (v *View) setInstance(key string, before, after *ecs.Instance) {
	set(&v.instances, key, after)
	v.touchInstance(before, after)
	if before != nil {
		v.countInstance(before, -1)
		if before.Status == ecs.InstanceInactive {
			v.inactiveInstance.Delete(ended{before.InactiveAt, key})
		}
		if after == nil {
			v.instanceByID.Delete(string(before.ID))
		}
	}
	if after != nil {
		v.countInstance(after, 1)
		if after.Status == ecs.InstanceInactive {
			v.inactiveInstance.Set(ended{after.InactiveAt, key})
		}
		v.instanceByID.Set(string(after.ID), after)
	}
}

func (v *View) countInstance(i *ecs.Instance, sign int) {
	if i.Status == ecs.InstanceInactive {
		return
	}
	c := *v.Counts(i.Cluster)
	c.Instances += sign
	v.setCounts(i.Cluster, &c)
}

func (v *View) setTask(key string, before, after *ecs.Task) {
	set(&v.tasks, key, after)
	v.derive(key, before, after)
}

// derive follows a change in the table of tasks in everything that is counted from it.
func (v *View) derive(key string, before, after *ecs.Task) {
	v.account(before, after)
	v.capacity.set(before, after)
	if before == nil || after == nil || !sameIndex(before, after) {
		v.indexTask(before, false)
		v.indexTask(after, true)
	}
	if before != nil && before.LastStatus == ecs.StatusStopped {
		v.stoppedTasks.Delete(ended{before.StoppedAt, key})
	}
	if after != nil && after.LastStatus == ecs.StatusStopped {
		v.stoppedTasks.Set(ended{after.StoppedAt, key})
	}
}

// sameIndex reports whether a task's index entries stay as they are; true for nearly every change of a task.
func sameIndex(a, b *ecs.Task) bool {
	return a.Instance == b.Instance && a.Group == b.Group && a.StartedBy == b.StartedBy
}

// entries is what an index of tasks can do with one.
type entries interface {
	add(a, b, id string)
	drop(a, b, id string)
}

func (v *View) indexTask(t *ecs.Task, add bool) {
	if t == nil {
		return
	}
	change := func(x entries, a, b string) {
		if add {
			x.add(a, b, string(t.ID))
		} else {
			x.drop(a, b, string(t.ID))
		}
	}
	if t.Instance != "" {
		change(&v.tasksByInstance, string(t.Instance), t.Cluster)
	}
	change(&v.tasksByFamily, t.Cluster, t.Family)
	change(&v.tasksByGroup, t.Cluster, t.Group)
	if t.StartedBy != "" {
		change(&v.tasksByStarter, t.Cluster, t.StartedBy)
	}
	if t.ClientToken != "" {
		change(&v.tasksByToken, t.Cluster, t.ClientToken)
	}
}

package state

import (
	"strings"

	"berth/ecs"
)

// Cluster returns a cluster by name, INACTIVE ones too; nil when there is none.
func (v *View) Cluster(name string) *ecs.Cluster {
	c, _ := v.clusters.Get(name)
	return c
}

// ScanClusters calls fn with the clusters whose names come after the given one, in order, until fn returns false.
func (v *View) ScanClusters(after string, fn func(*ecs.Cluster) bool) {
	v.clusters.Ascend(after, func(k string, c *ecs.Cluster) bool { return k == after && after != "" || fn(c) })
}

// TaskDefinition returns a revision, INACTIVE ones too; nil when there is none.
func (v *View) TaskDefinition(family string, revision int32) *ecs.TaskDefinition {
	d, _ := v.definitions.Get(TaskDefinitionKey(family, revision))
	return d
}

// LatestActive returns the newest ACTIVE revision of a family, or nil.
func (v *View) LatestActive(family string) *ecs.TaskDefinition {
	key, ok := v.activeRevisions.last(family, "")
	if !ok {
		return nil
	}
	d, _ := v.definitions.Get(key)
	return d
}

// ScanTaskDefinitions calls fn with revisions in order of family and number, from the key given (see [TaskDefinitionKey];
// "" begins at the first), until fn returns false.
func (v *View) ScanTaskDefinitions(from string, fn func(key string, d *ecs.TaskDefinition) bool) {
	v.definitions.Ascend(from, fn)
}

// ScanTaskDefinitionsDown is ScanTaskDefinitions backwards; "" begins at the last.
func (v *View) ScanTaskDefinitionsDown(from string, fn func(key string, d *ecs.TaskDefinition) bool) {
	if from == "" {
		v.definitions.Reverse(fn)
		return
	}
	v.definitions.Descend(from, fn)
}

// Family returns a family's counter, or nil.
func (v *View) Family(name string) *ecs.Family {
	f, _ := v.families.Get(name)
	return f
}

// ScanFamilies calls fn with the families from the name given, in order, until fn returns false.
func (v *View) ScanFamilies(from string, fn func(*ecs.Family) bool) {
	v.families.Ascend(from, func(_ string, f *ecs.Family) bool { return fn(f) })
}

// Instance returns an instance of a cluster, INACTIVE ones too; nil when there is none.
func (v *View) Instance(cluster string, id ecs.InstanceID) *ecs.Instance {
	i, _ := v.instances.Get(InstanceKey(cluster, id))
	return i
}

// InstanceByID returns an instance of whichever cluster; nil when there is none.
func (v *View) InstanceByID(id ecs.InstanceID) *ecs.Instance {
	i, _ := v.instanceByID.Get(string(id))
	return i
}

// ScanInstances calls fn with a cluster's instances whose ids come after the given one, in order, INACTIVE ones too, until fn
// returns false.
func (v *View) ScanInstances(cluster string, after ecs.InstanceID, fn func(*ecs.Instance) bool) {
	prefix, start := cluster+"/", InstanceKey(cluster, after)
	v.instances.Ascend(start, func(k string, i *ecs.Instance) bool {
		if !strings.HasPrefix(k, prefix) {
			return false
		}
		return k == start || fn(i)
	})
}

// ScanAllInstances calls fn with the instances of every cluster, in order, until fn returns false.
func (v *View) ScanAllInstances(fn func(*ecs.Instance) bool) {
	v.instances.Scan(func(_ string, i *ecs.Instance) bool { return fn(i) })
}

// Task returns a task of a cluster; nil when there is none.
func (v *View) Task(cluster string, id ecs.TaskID) *ecs.Task {
	t, _ := v.tasks.Get(TaskKey(cluster, id))
	return t
}

// TaskCount is the number of task records, stopped ones too.
func (v *View) TaskCount() int { return v.tasks.Len() }

// ScanTasks calls fn with a cluster's tasks whose ids come after the given one, in order, until fn returns false.
func (v *View) ScanTasks(cluster string, after ecs.TaskID, fn func(*ecs.Task) bool) {
	prefix, start := cluster+"/", TaskKey(cluster, after)
	v.tasks.Ascend(start, func(k string, t *ecs.Task) bool {
		if !strings.HasPrefix(k, prefix) {
			return false
		}
		return k == start || fn(t)
	})
}

// ScanTasksOfInstance is ScanTasks for the tasks placed on an instance, whatever their status.
func (v *View) ScanTasksOfInstance(i *ecs.Instance, after ecs.TaskID, fn func(*ecs.Task) bool) {
	v.scanTasks(&v.tasksByInstance, string(i.ID), i.Cluster, i.Cluster, after, fn)
}

// ScanTasksOfFamily is ScanTasks for the tasks of a task definition family.
func (v *View) ScanTasksOfFamily(cluster, family string, after ecs.TaskID, fn func(*ecs.Task) bool) {
	v.scanTasks(&v.tasksByFamily, cluster, family, cluster, after, fn)
}

// ScanTasksOfGroup is ScanTasks for the tasks of a group, such as "service:web".
func (v *View) ScanTasksOfGroup(cluster, group string, after ecs.TaskID, fn func(*ecs.Task) bool) {
	v.scanTasks(&v.tasksByGroup, cluster, group, cluster, after, fn)
}

// ScanTasksStartedBy is ScanTasks for the tasks with a startedBy value.
func (v *View) ScanTasksStartedBy(cluster, starter string, after ecs.TaskID, fn func(*ecs.Task) bool) {
	v.scanTasks(&v.tasksByStarter, cluster, starter, cluster, after, fn)
}

// ScanTasksOfToken is ScanTasks for the tasks of one RunTask, named by its client token.
func (v *View) ScanTasksOfToken(cluster, token string, fn func(*ecs.Task) bool) {
	v.scanTasks(&v.tasksByToken, cluster, token, cluster, "", fn)
}

// scannable is an index of tasks.
type scannable interface {
	scan(a, b, after string, fn func(id string) bool)
}

func (v *View) scanTasks(x scannable, a, b, cluster string, after ecs.TaskID, fn func(*ecs.Task) bool) {
	x.scan(a, b, string(after), func(id string) bool { return fn(v.Task(cluster, ecs.TaskID(id))) })
}

// StoppedBefore calls fn with the tasks that stopped before a time, oldest first, until fn returns false.
func (v *View) StoppedBefore(t ecs.Time, fn func(*ecs.Task) bool) {
	v.stoppedTasks.Scan(func(e ended) bool {
		if e.at >= t {
			return false
		}
		task, _ := v.tasks.Get(e.key)
		return fn(task)
	})
}

// InactiveBefore calls fn with the instances deregistered before a time, oldest first, until fn returns false.
func (v *View) InactiveBefore(t ecs.Time, fn func(*ecs.Instance) bool) {
	v.inactiveInstance.Scan(func(e ended) bool {
		if e.at >= t {
			return false
		}
		i, _ := v.instances.Get(e.key)
		return fn(i)
	})
}

// AccessKey returns a key by its id, revoked ones too; nil when there is none.
func (v *View) AccessKey(id string) *ecs.AccessKey {
	k, _ := v.accessKeys.Get(id)
	return k
}

// ScanAccessKeys calls fn with every access key, in order of id, until fn returns false.
func (v *View) ScanAccessKeys(fn func(*ecs.AccessKey) bool) {
	v.accessKeys.Scan(func(_ string, k *ecs.AccessKey) bool { return fn(k) })
}

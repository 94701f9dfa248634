package state

import "berth/ecs"

// Tx is the working state of one command: all reads of [View], which see the command's own changes, and the writes below.
// A Tx is used by one goroutine and not after its command returned.
type Tx struct {
	*View
	now     ecs.Time
	newID   func() string
	changes []Change
}

// Begin starts a command on the working tables. now is the command's time; newID returns a fresh identifier of 32 hex digits
// at each call.
func (v *View) Begin(now ecs.Time, newID func() string) *Tx {
	return &Tx{View: v, now: now, newID: newID}
}

// Now is the time of the command: the same at every call.
func (tx *Tx) Now() ecs.Time { return tx.now }

// NewID returns a fresh identifier: 32 lower-case hex digits.
func (tx *Tx) NewID() string { return tx.newID() }

// Changes lists what the command did, in order.
func (tx *Tx) Changes() []Change { return tx.changes }

// Rollback undoes everything the command did.
func (tx *Tx) Rollback() {
	for i := len(tx.changes) - 1; i >= 0; i-- {
		c := tx.changes[i]
		tx.apply(Change{Table: c.Table, Key: c.Key, Old: c.New, New: c.Old})
	}
	tx.changes = nil
}

func (tx *Tx) put(c Change) {
	tx.apply(c)
	tx.changes = append(tx.changes, c)
}

// PutCluster adds or replaces a cluster.
func (tx *Tx) PutCluster(r *ecs.Cluster) {
	tx.put(Change{Clusters, r.Name, boxed(tx.clusters.Get(r.Name)), r})
}

// PutTaskDefinition adds or replaces a revision.
func (tx *Tx) PutTaskDefinition(r *ecs.TaskDefinition) {
	key := TaskDefinitionKey(r.Family, r.Revision)
	tx.put(Change{TaskDefinitions, key, boxed(tx.definitions.Get(key)), r})
}

// PutFamily adds or replaces a family's counter.
func (tx *Tx) PutFamily(r *ecs.Family) {
	tx.put(Change{Families, r.Name, boxed(tx.families.Get(r.Name)), r})
}

// PutInstance adds or replaces a container instance.
func (tx *Tx) PutInstance(r *ecs.Instance) {
	key := InstanceKey(r.Cluster, r.ID)
	tx.put(Change{Instances, key, boxed(tx.instances.Get(key)), r})
}

// PutTask adds or replaces a task.
func (tx *Tx) PutTask(r *ecs.Task) {
	key := TaskKey(r.Cluster, r.ID)
	tx.put(Change{Tasks, key, boxed(tx.tasks.Get(key)), r})
}

// PutAccessKey adds or replaces an access key.
func (tx *Tx) PutAccessKey(r *ecs.AccessKey) {
	tx.put(Change{AccessKeys, r.ID, boxed(tx.accessKeys.Get(r.ID)), r})
}

// DeleteTask removes a task's record.
func (tx *Tx) DeleteTask(r *ecs.Task) {
	tx.put(Change{Tasks, TaskKey(r.Cluster, r.ID), r, nil})
}

// DeleteInstance removes an instance's record.
func (tx *Tx) DeleteInstance(r *ecs.Instance) {
	tx.put(Change{Instances, InstanceKey(r.Cluster, r.ID), r, nil})
}

// DeleteCluster removes a cluster's record.
func (tx *Tx) DeleteCluster(r *ecs.Cluster) {
	tx.put(Change{Clusters, r.Name, r, nil})
}

// boxed keeps an absent record a nil interface.
func boxed[T any](p *T, ok bool) any {
	if !ok {
		return nil
	}
	return p
}

package state

import "berth/ecs"

// Tx is the working state of one command: all reads of [View], which see the command's own changes, and the writes below.
// A Tx is used by one goroutine and not after its command returned.
type Tx struct {
	*View
	now     ecs.Time
	newID   func() string
	changes []Change
	begun   int // changes before this index are of earlier commands
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
func (tx *Tx) Changes() []Change { return tx.changes[tx.begun:] }

// Next ends the command and begins another on the same tables: a new time, nothing to undo yet. It spares the commit loop a Tx
// and a list for each command.
func (tx *Tx) Next(now ecs.Time) { tx.now, tx.begun = now, len(tx.changes) }

// Take ends the command and hands over the changes of every command since the last Take, in order.
func (tx *Tx) Take() []Change {
	all := tx.changes
	tx.changes, tx.begun = nil, 0
	return all
}

// Rollback undoes everything the command did.
func (tx *Tx) Rollback() {
	for i := len(tx.changes) - 1; i >= tx.begun; i-- {
		c := tx.changes[i]
		tx.apply(Change{Table: c.Table, Key: c.Key, Old: c.New, New: c.Old})
	}
	clear(tx.changes[tx.begun:])
	tx.changes = tx.changes[:tx.begun]
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

// PutTask adds or replaces a task. It does what put does, with one search of the largest table and not two.
func (tx *Tx) PutTask(r *ecs.Task) {
	key := TaskKey(r.Cluster, r.ID)
	before, _ := tx.tasks.Set(key, r)
	tx.derive(key, before, r)
	tx.changes = append(tx.changes, Change{Tasks, key, boxed(before, before != nil), r})
}

// PutAccessKey adds or replaces an access key.
func (tx *Tx) PutAccessKey(r *ecs.AccessKey) {
	tx.put(Change{AccessKeys, r.ID, boxed(tx.accessKeys.Get(r.ID)), r})
}

// PutCapacityProvider adds or replaces a capacity provider.
func (tx *Tx) PutCapacityProvider(r *ecs.CapacityProvider) {
	tx.put(Change{Providers, r.Name, boxed(tx.providers.Get(r.Name)), r})
}

// DeleteTask removes a task's record, if it is there.
func (tx *Tx) DeleteTask(r *ecs.Task) { tx.remove(Tasks, TaskKey(r.Cluster, r.ID)) }

// DeleteInstance removes an instance's record, if it is there.
func (tx *Tx) DeleteInstance(r *ecs.Instance) { tx.remove(Instances, InstanceKey(r.Cluster, r.ID)) }

// DeleteCluster removes a cluster's record, if it is there.
func (tx *Tx) DeleteCluster(r *ecs.Cluster) { tx.remove(Clusters, r.Name) }

// remove takes the record from the table, not from the caller: the caller may hold one that this command already replaced.
func (tx *Tx) remove(t Table, key string) {
	if before := tx.lookup(t, key); before != nil {
		tx.put(Change{Table: t, Key: key, Old: before})
	}
}

// boxed keeps an absent record a nil interface.
func boxed[T any](p *T, ok bool) any {
	if !ok {
		return nil
	}
	return p
}

package state

import (
	"github.com/tidwall/btree"

	"berth/ecs"
)

// Table names a table. The number is part of the stored key: it never changes its meaning.
type Table uint8

// The tables.
const (
	Clusters        Table = 1
	TaskDefinitions Table = 2
	Families        Table = 3
	Instances       Table = 4
	Tasks           Table = 5
	AccessKeys      Table = 6
	Providers       Table = 7 // capacity providers
)

// View is the whole state at one revision. Reads only; see [Tx] for changes.
type View struct {
	revision uint64

	clusters    btree.Map[string, *ecs.Cluster]
	definitions btree.Map[string, *ecs.TaskDefinition]
	families    btree.Map[string, *ecs.Family]
	instances   btree.Map[string, *ecs.Instance]
	tasks       btree.Map[string, *ecs.Task]
	accessKeys  btree.Map[string, *ecs.AccessKey]
	providers   btree.Map[string, *ecs.CapacityProvider]

	tasksByInstance  grouped
	tasksByFamily    grouped
	tasksByGroup     grouped
	tasksByStarter   index
	tasksByToken     index
	activeRevisions  index
	instanceByID     btree.Map[string, *ecs.Instance]
	stoppedTasks     *btree.BTreeG[ended]
	inactiveInstance *btree.BTreeG[ended]

	usage  btree.Map[string, *Usage]
	counts btree.Map[string, *Counts]

	capacity capacity

	// Of a working view only.
	journal *Journal
	placer  any
}

// Snapshot is a View that no longer changes.
type Snapshot = View

// NewView returns an empty state at revision 0.
func NewView() *View {
	return &View{
		tasks:           *btree.NewMap[string, *ecs.Task](indexDegree),
		tasksByInstance: newGrouped(), tasksByFamily: newGrouped(), tasksByGroup: newGrouped(), tasksByStarter: newIndex(), tasksByToken: newIndex(),
		activeRevisions: newIndex(), stoppedTasks: newEnded(), inactiveInstance: newEnded(), capacity: newCapacity(),
	}
}

// Revision counts durable commits. It grows with every published snapshot, by more than one when the engine had to split a group
// of commands into several commits.
func (v *View) Revision() uint64 { return v.revision }

// Freeze returns the present tables as a Snapshot with the given revision. It costs a constant; v stays writable.
func (v *View) Freeze(revision uint64) *Snapshot {
	v.revision = revision
	return &View{
		revision:    revision,
		clusters:    *v.clusters.Copy(),
		definitions: *v.definitions.Copy(),
		families:    *v.families.Copy(),
		instances:   *v.instances.Copy(),
		tasks:       *v.tasks.Copy(),
		accessKeys:  *v.accessKeys.Copy(),
		providers:   *v.providers.Copy(),

		tasksByInstance:  v.tasksByInstance.copy(),
		tasksByFamily:    v.tasksByFamily.copy(),
		tasksByGroup:     v.tasksByGroup.copy(),
		tasksByStarter:   v.tasksByStarter.copy(),
		tasksByToken:     v.tasksByToken.copy(),
		activeRevisions:  v.activeRevisions.copy(),
		instanceByID:     *v.instanceByID.Copy(),
		stoppedTasks:     v.stoppedTasks.Copy(),
		inactiveInstance: v.inactiveInstance.Copy(),

		usage:  *v.usage.Copy(),
		counts: *v.counts.Copy(),

		capacity: v.capacity.copy(),
	}
}

// TaskKey is the key of a task in its table.
func TaskKey(cluster string, id ecs.TaskID) string { return cluster + "/" + string(id) }

// InstanceKey is the key of an instance in its table.
func InstanceKey(cluster string, id ecs.InstanceID) string { return cluster + "/" + string(id) }

// TaskDefinitionKey is the key of a revision in its table: revisions of a family stand together, in numeric order, and families in
// order of their names, because the separator sorts before every character of a name.
func TaskDefinitionKey(family string, revision int32) string {
	var digits [10]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + revision%10)
		revision /= 10
	}
	return family + " " + string(digits[:])
}

package state

import "github.com/tidwall/btree"

// Scratch returns working tables that begin as v and are the caller's alone: what is done to them is seen by nobody else and kept
// nowhere. It is how a dry run works on a snapshot, which any number of readers share: unlike [View.Freeze] it writes nothing to v.
// It costs a constant.
func (v *View) Scratch() *View {
	own := *v
	own.journal, own.placer = nil, nil
	// Copying a tree writes to the header of the one it copies. Maps are values, so own has headers already; the others get theirs.
	for _, x := range []*grouped{&own.tasksByInstance, &own.tasksByFamily, &own.tasksByGroup} {
		x.groups = header(x.groups)
	}
	for _, x := range []*index{&own.tasksByStarter, &own.tasksByToken, &own.activeRevisions} {
		x.tree = header(x.tree)
	}
	own.stoppedTasks = header(own.stoppedTasks)
	own.inactiveInstance = header(own.inactiveInstance)
	own.capacity.waiting = header(own.capacity.waiting)
	return own.Freeze(v.revision)
}

// header returns another header of the same nodes.
func header[T any](t *btree.BTreeG[T]) *btree.BTreeG[T] {
	own := *t
	return &own
}

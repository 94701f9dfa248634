package state

import "berth/ecs"

// Touch says what an instance, or the use of it, became. Record is set when the instance was put; Usage when tasks of a group changed
// on it; both are nil when the instance's record was deleted.
type Touch struct {
	Cluster  string
	Instance ecs.InstanceID
	Record   *ecs.Instance
	Usage    *Usage
	Group    string
}

// Journal is the recent touches of a working view, in order: what a cache beside the view needs to follow it, whatever commands do,
// also when they are rolled back. It is bounded; a reader that is too late starts anew from the tables.
type Journal struct {
	ring  []Touch
	limit int
	end   uint64
}

// End is the position after the last touch.
func (j *Journal) End() uint64 { return j.end }

// Read calls fn with every touch from a position on. It returns false, without a call, when some of them are gone.
func (j *Journal) Read(from uint64, fn func(*Touch)) bool {
	if j.end-from > uint64(len(j.ring)) {
		return false
	}
	for ; from < j.end; from++ {
		fn(&j.ring[from%uint64(j.limit)])
	}
	return true
}

func (j *Journal) add(t Touch) {
	if len(j.ring) < j.limit {
		j.ring = append(j.ring, t)
	} else {
		j.ring[j.end%uint64(j.limit)] = t
	}
	j.end++
}

// StartJournal begins a journal of at most limit touches, which must be above 0. Snapshots have none.
func (v *View) StartJournal(limit int) *Journal {
	v.journal = &Journal{limit: limit}
	return v.journal
}

// SetPlacer lends a working view a place for what placement remembers of it. Snapshots carry none.
func (v *View) SetPlacer(p any) { v.placer = p }

// Placer returns what SetPlacer was given, or nil.
func (v *View) Placer() any { return v.placer }

func (v *View) touchInstance(before, after *ecs.Instance) {
	if v.journal == nil {
		return
	}
	i := after
	if i == nil {
		i = before
	}
	if i != nil {
		v.journal.add(Touch{Cluster: i.Cluster, Instance: i.ID, Record: after})
	}
}

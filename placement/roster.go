package placement

import (
	"berth/ecs"
	"berth/state"
)

// host is an instance as the working view has it now. instance is nil when its record is gone; its place in the roster stays for the
// instance's return, so that a place means the same instance for ever.
type host struct {
	instance *ecs.Instance
	usage    *state.Usage
}

// change is a host that changed: only in what tasks of a group take there, or when the group is "", perhaps in everything.
type change struct {
	place int
	group string
}

// roster is the instances of a cluster, ACTIVE or not, and which of them changed lately. Shapes share it: each change of the view is
// read once, and a shape that follows needs no look-up.
type roster struct {
	places map[ecs.InstanceID]int
	hosts  []host
	gone   int // hosts without a record

	changed []change
	first   uint64 // position of changed[0]
}

func newRoster(v *state.View, cluster string) *roster {
	r := &roster{places: make(map[ecs.InstanceID]int)}
	v.ScanInstances(cluster, "", func(i *ecs.Instance) bool {
		r.places[i.ID] = len(r.hosts)
		r.hosts = append(r.hosts, host{i, v.Usage(i.ID)})
		return true
	})
	return r
}

// end is the position after the last change.
func (r *roster) end() uint64 { return r.first + uint64(len(r.changed)) }

// follow takes in one touch of an instance of the cluster.
func (r *roster) follow(v *state.View, t *state.Touch) {
	place, known := r.places[t.Instance]
	switch {
	case !known && t.Record == nil:
		return // tasks of an instance without a record
	case !known:
		place = len(r.hosts)
		r.places[t.Instance] = place
		r.hosts = append(r.hosts, host{t.Record, v.Usage(t.Instance)})
	case t.Usage != nil:
		r.hosts[place].usage = t.Usage
	default:
		h := &r.hosts[place]
		if h.instance == nil {
			r.gone--
		}
		if h.instance = t.Record; t.Record == nil {
			r.gone++
		}
	}
	r.changed = append(r.changed, change{place, t.Group})
	// What is kept is more than a shape would read rather than look at every host.
	if keep := 2*len(r.hosts) + 1024; len(r.changed) > 2*keep {
		cut := len(r.changed) - keep
		r.changed = append(r.changed[:0], r.changed[cut:]...)
		r.first += uint64(cut)
	}
}

// worn reports whether so many instances are gone that a new roster would be much smaller.
func (r *roster) worn() bool {
	return r.gone > 1024 && r.gone > len(r.hosts)/2 || r.gone > 0 && r.gone == len(r.hosts)
}

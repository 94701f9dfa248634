package state

import (
	"strings"

	"github.com/tidwall/btree"
)

// grouped is an index like [index], for groups of many records: the two grouping values stand once for each group and not in every
// entry, which makes the copies that commits pay for a third as large. For groups of a few records it would be larger.
//
//	groups:  (cluster, family) ─▶ group{ids: id < id < …}
type grouped struct {
	groups *btree.BTreeG[*group]
	owner  *owner
	last   *group // the group changed last, or nil: tasks of a service come one after the other
}

// group is the ids under one pair of values. It is changed in place only by the grouped it was made by, and by that only until the
// next copy; whoever else wants a change makes its own.
type group struct {
	a, b  string
	owner *owner
	ids   *btree.BTreeG[string]
}

// owner is compared by its address; it is not empty because those of empty values need not differ.
type owner struct{ _ byte }

func groupLess(x, y *group) bool {
	if c := strings.Compare(x.a, y.a); c != 0 {
		return c < 0
	}
	return x.b < y.b
}

func idLess(x, y string) bool { return x < y }

func newGrouped() grouped {
	return grouped{groups: btree.NewBTreeGOptions(groupLess, btree.Options{NoLocks: true, Degree: indexDegree}), owner: new(owner)}
}

// copy returns the index as it is; neither sees later changes of the other.
func (x *grouped) copy() grouped {
	x.owner = new(owner)
	return grouped{groups: x.groups.Copy(), owner: new(owner)}
}

func (x grouped) find(a, b string) *group {
	g, _ := x.groups.Get(&group{a: a, b: b})
	return g
}

// own returns a group that may be changed in place, made when there was none.
func (x *grouped) own(a, b string) *group {
	if g := x.last; g != nil && g.owner == x.owner && g.a == a && g.b == b {
		return g
	}
	x.last = x.find(a, b)
	g := x.last
	if g != nil && g.owner == x.owner {
		return g
	}
	mine := &group{a: a, b: b, owner: x.owner}
	if g == nil {
		mine.ids = btree.NewBTreeGOptions(idLess, btree.Options{NoLocks: true, Degree: indexDegree})
	} else {
		// Copy writes to the tree it copies, and that one others read: it gets a header of its own.
		header := *g.ids
		mine.a, mine.b, mine.ids = g.a, g.b, header.Copy()
	}
	x.groups.Set(mine)
	x.last = mine
	return mine
}

func (x *grouped) add(a, b, id string) { x.own(a, b).ids.Set(id) }

func (x *grouped) drop(a, b, id string) {
	if x.find(a, b) == nil {
		return
	}
	g := x.own(a, b)
	if g.ids.Delete(id); g.ids.Len() == 0 {
		x.groups.Delete(g)
		x.last = nil
	}
}

// scan calls fn with the ids under (a, b) that come after the given one, in order, until fn returns false.
func (x grouped) scan(a, b, after string, fn func(id string) bool) {
	if g := x.find(a, b); g != nil {
		g.ids.Ascend(after, func(id string) bool { return id == after || fn(id) })
	}
}

// each calls fn with every entry, in order, until fn returns false.
func (x grouped) each(fn func(a, b, id string) bool) {
	x.groups.Scan(func(g *group) bool {
		goOn := true
		g.ids.Scan(func(id string) bool {
			goOn = fn(g.a, g.b, id)
			return goOn
		})
		return goOn
	})
}

package state

import (
	"slices"
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
//
// Identifiers are kept as numbers: a tree of them has no pointers, so that a copy is a plain one, the garbage collector does not look
// into it, and a search touches no text. Those that are not of the usual form, which only tests use, have a tree of texts.
type group struct {
	a, b  string
	owner *owner
	ids   *btree.BTreeG[packed]
	odd   *btree.BTreeG[string] // nil while there is none
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
		mine.ids = btree.NewBTreeGOptions(packedLess, btree.Options{NoLocks: true, Degree: indexDegree})
	} else {
		// Copy writes to the tree it copies, and that one others read: it gets a header of its own.
		ids := *g.ids
		mine.a, mine.b, mine.ids = g.a, g.b, ids.Copy()
		if g.odd != nil {
			odd := *g.odd
			mine.odd = odd.Copy()
		}
	}
	x.groups.Set(mine)
	x.last = mine
	return mine
}

func (x *grouped) add(a, b, id string) {
	g := x.own(a, b)
	if n, ok := pack(id); ok {
		g.ids.Set(n)
		return
	}
	if g.odd == nil {
		g.odd = btree.NewBTreeGOptions(idLess, btree.Options{NoLocks: true, Degree: indexDegree})
	}
	g.odd.Set(id)
}

func (x *grouped) drop(a, b, id string) {
	if x.find(a, b) == nil {
		return
	}
	g := x.own(a, b)
	if n, ok := pack(id); ok {
		g.ids.Delete(n)
	} else if g.odd != nil {
		if g.odd.Delete(id); g.odd.Len() == 0 {
			g.odd = nil
		}
	}
	if g.ids.Len() == 0 && g.odd == nil {
		x.groups.Delete(g)
		x.last = nil
	}
}

// scan calls fn with the ids under (a, b) that come after the given one, in order, until fn returns false.
func (x grouped) scan(a, b, after string, fn func(id string) bool) {
	if g := x.find(a, b); g != nil {
		g.scan(after, fn)
	}
}

func (g *group) scan(after string, fn func(id string) bool) (whole bool) {
	from, ok := pack(after)
	if g.odd != nil || !ok && after != "" {
		return g.scanMixed(after, fn)
	}
	whole = true
	g.ids.Ascend(from, func(n packed) bool {
		whole = ok && n == from || fn(n.String())
		return whole
	})
	return whole
}

// scanMixed is scan where the order of numbers is not enough.
func (g *group) scanMixed(after string, fn func(id string) bool) (whole bool) {
	var all []string
	if g.odd != nil {
		all = g.odd.Items()
	}
	g.ids.Scan(func(n packed) bool { all = append(all, n.String()); return true })
	slices.Sort(all)
	for _, id := range all {
		if id > after && !fn(id) {
			return false
		}
	}
	return true
}

// each calls fn with every entry, in order, until fn returns false.
func (x grouped) each(fn func(a, b, id string) bool) {
	x.groups.Scan(func(g *group) bool {
		return g.scan("", func(id string) bool { return fn(g.a, g.b, id) })
	})
}

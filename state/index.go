package state

import (
	"strings"

	"github.com/tidwall/btree"

	"berth/ecs"
)

// entry is one row of an index: two grouping values and the id of the record. Its strings are those of the record, so an entry
// costs three headers and no text.
type entry struct{ a, b, id string }

func entryLess(x, y entry) bool {
	if c := strings.Compare(x.a, y.a); c != 0 {
		return c < 0
	}
	if c := strings.Compare(x.b, y.b); c != 0 {
		return c < 0
	}
	return x.id < y.id
}

// index is an ordered set of entries, for groups of a few; see [grouped] for the others.
type index struct{ tree *btree.BTreeG[entry] }

// indexDegree makes nodes of at most 23 entries. A commit copies the nodes on the way to each entry it touches, and ids are spread
// evenly, so that nearly every entry pays for a leaf of its own: the library's 63 entries made those copies two fifths of all memory
// a server allocated under load.
const indexDegree = 12

func newIndex() index {
	return index{btree.NewBTreeGOptions(entryLess, btree.Options{NoLocks: true, Degree: indexDegree})}
}

func (x index) copy() index          { return index{x.tree.Copy()} }
func (x index) add(a, b, id string)  { x.tree.Set(entry{a, b, id}) }
func (x index) drop(a, b, id string) { x.tree.Delete(entry{a, b, id}) }

// scan calls fn with the ids under (a, b) that come after the given one, in order, until fn returns false.
func (x index) scan(a, b, after string, fn func(id string) bool) {
	x.tree.Ascend(entry{a, b, after}, func(e entry) bool {
		if e.a != a || e.b != b {
			return false
		}
		if e.id == after {
			return true
		}
		return fn(e.id)
	})
}

// each calls fn with every entry, in order, until fn returns false.
func (x index) each(fn func(a, b, id string) bool) {
	x.tree.Scan(func(e entry) bool { return fn(e.a, e.b, e.id) })
}

// last returns the greatest id under (a, b).
func (x index) last(a, b string) (id string, ok bool) {
	x.tree.Descend(entry{a, b, "\xff"}, func(e entry) bool {
		if e.a == a && e.b == b {
			id, ok = e.id, true
		}
		return false
	})
	return id, ok
}

// ended orders what is over by the time it ended, for retention.
type ended struct {
	at  ecs.Time
	key string
}

func newEnded() *btree.BTreeG[ended] {
	less := func(x, y ended) bool {
		if x.at != y.at {
			return x.at < y.at
		}
		return x.key < y.key
	}
	return btree.NewBTreeGOptions(less, btree.Options{NoLocks: true, Degree: indexDegree})
}

package placement

import (
	"encoding/binary"
	"strings"
)

// maxLevels is how many strategies a request may chain. ECS: features.md C19.
const maxLevels = 5

// key is what a candidate or a bucket is compared by: one number a strategy, in their order, the smaller the better.
type key [maxLevels]int64

// item is a candidate or a bucket in a tree. Its place follows from key and name, which must not change while it is in one.
type item struct {
	left, right *item
	size        int32
	priority    uint32
	prefix      uint64 // the first bytes of the name, so that most comparisons need no look at the text
	key         key
	name        string
	bucket      *bucket // what the item stands for: a bucket,
	member      *member // or an instance
}

func (x *item) named(name string) {
	var first [8]byte
	copy(first[:], name)
	x.name, x.prefix, x.priority = name, binary.BigEndian.Uint64(first[:]), uint32(mix(textHash(name)))
}

// tree is an ordered set of items with ranks: a treap whose priorities are a hash of the names, so that its shape, too, depends on
// nothing but what is in it. The items are the nodes: moving one allocates nothing. A general B-tree, such as package state uses,
// knows no ranks and would be a copy of each key.
type tree struct {
	root  *item
	width int // components of the key in use
}

func (t *tree) compareKeys(a, b *key) int {
	for k := range t.width {
		if a[k] != b[k] {
			if a[k] < b[k] {
				return -1
			}
			return 1
		}
	}
	return 0
}

func (t *tree) less(a, b *item) bool {
	if c := t.compareKeys(&a.key, &b.key); c != 0 {
		return c < 0
	}
	if a.prefix != b.prefix {
		return a.prefix < b.prefix
	}
	return strings.Compare(a.name, b.name) < 0
}

func (t *tree) insert(x *item) {
	x.left, x.right, x.size = nil, nil, 1
	at := &t.root
	for *at != nil && (*at).priority >= x.priority {
		n := *at
		n.size++
		if t.less(x, n) {
			at = &n.left
		} else {
			at = &n.right
		}
	}
	x.left, x.right = t.split(*at, x)
	x.count()
	*at = x
}

// remove takes out an item that is in the tree.
func (t *tree) remove(x *item) {
	at := &t.root
	for *at != x {
		n := *at
		n.size--
		if t.less(x, n) {
			at = &n.left
		} else {
			at = &n.right
		}
	}
	*at = merge(x.left, x.right)
	x.left, x.right = nil, nil
}

// split cuts a subtree into what comes before x and what comes after.
func (t *tree) split(n, x *item) (before, after *item) {
	if n == nil {
		return nil, nil
	}
	if t.less(n, x) {
		n.right, after = t.split(n.right, x)
		n.count()
		return n, after
	}
	before, n.left = t.split(n.left, x)
	n.count()
	return before, n
}

func merge(a, b *item) *item {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.priority > b.priority:
		a.right = merge(a.right, b)
		a.count()
		return a
	}
	b.left = merge(a, b.left)
	b.count()
	return b
}

func (x *item) count() { x.size = 1 + size(x.left) + size(x.right) }

func size(x *item) int32 {
	if x == nil {
		return 0
	}
	return x.size
}

// first returns the least item, or nil.
func (t *tree) first() *item {
	n := t.root
	for n != nil && n.left != nil {
		n = n.left
	}
	return n
}

// tied is the number of items that share the least key.
func (t *tree) tied() int32 {
	least := t.first()
	if least == nil {
		return 0
	}
	tied := int32(0)
	for n := t.root; n != nil; {
		if t.compareKeys(&n.key, &least.key) == 0 {
			tied += 1 + size(n.left)
			n = n.right
		} else {
			n = n.left
		}
	}
	return tied
}

// at returns the item of a rank, from 0.
func (t *tree) at(rank int32) *item {
	n := t.root
	for {
		switch left := size(n.left); {
		case rank < left:
			n = n.left
		case rank == left:
			return n
		default:
			rank -= left + 1
			n = n.right
		}
	}
}

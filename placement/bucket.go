package placement

import "slices"

// enter counts an instance's tasks under its values of the attributes that tasks are spread over.
func (s *shape) enter(m *member) {
	for _, k := range s.layers {
		value := s.levels[k].value(m.instance)
		t := s.tallies[k][value]
		if t == nil {
			t = &tally{level: k, value: value}
			s.tallies[k][value] = t
		}
		t.instances++
		m.tallies = append(m.tallies, t)
	}
}

// leave takes an instance out of its bucket and its tasks out of the tallies, before its values change.
func (s *shape) leave(m *member) {
	s.tell(m, -m.tasks)
	if m.in != nil {
		m.in.children.remove(&m.item)
		m.in = nil
	}
	for _, t := range m.tallies {
		if t.instances--; t.instances == 0 {
			delete(s.tallies[t.level], t.value)
		}
		s.settleAll(t)
	}
	m.tallies = m.tallies[:0]
}

// tell adds to the tasks of the group on an instance.
func (s *shape) tell(m *member, more int64) {
	m.tasks += more
	for _, t := range m.tallies {
		t.tasks += more
	}
}

// bucketOf returns the innermost bucket of an instance, made when there is none.
func (s *shape) bucketOf(m *member) *bucket {
	b := s.root
	for _, t := range m.tallies {
		child := b.byValue[t.value]
		if child == nil {
			child = &bucket{parent: b, tally: t, children: tree{width: len(s.levels)}}
			child.item.bucket = child
			child.named(t.value)
			t.buckets = append(t.buckets, child)
			if b.byValue == nil {
				b.byValue = make(map[string]*bucket)
			}
			b.byValue[t.value] = child
		}
		b = child
	}
	return b
}

// drop forgets a bucket that nothing fits in.
func (b *bucket) drop() {
	delete(b.parent.byValue, b.tally.value)
	all := b.tally.buckets
	last := len(all) - 1
	all[slices.Index(all, b)] = all[last]
	all[last] = nil
	b.tally.buckets = all[:last]
}

// settle puts a bucket where its best child and its tally say, and then those above it.
func (s *shape) settle(b *bucket) {
	for ; b != nil && b.parent != nil; b = b.parent {
		best := b.children.first()
		var fresh key
		if best != nil {
			fresh = best.key
			fresh[b.tally.level] = b.tally.tasks
		}
		if b.placed == (best != nil) && (best == nil || fresh == b.key) {
			return
		}
		if b.placed {
			b.parent.children.remove(&b.item)
		}
		if b.key, b.placed = fresh, best != nil; b.placed {
			b.parent.children.insert(&b.item)
		} else {
			b.drop()
		}
	}
}

// settleAll is settle for every bucket of a value; dropping one puts another, settled already, in its place.
func (s *shape) settleAll(t *tally) {
	for k := len(t.buckets) - 1; k >= 0; k-- {
		s.settle(t.buckets[k])
	}
}

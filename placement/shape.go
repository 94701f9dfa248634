package placement

import (
	"berth/ecs"
	"berth/state"
)

// shape answers one question again and again: it keeps the instances that pass the filters, in the order of the strategies.
//
//	tallies:  tasks of the group by value, one map for each spread by attribute
//	root ─▶ bucket zone=a ─▶ bucket rack=1 ─▶ instance, instance, …      every ─▶ is a tree, ordered by key and name
//	     ─▶ bucket zone=b …
//
// Binpack and spread by instance are numbers in an instance's own key. A spread by attribute is a layer of buckets: one number for
// all instances in it, so that a task more in a zone moves one bucket and not its instances. A bucket's key is that of its best
// child with the bucket's number put in; the layers above are the same for all children of a bucket and have no part in their keys.
type shape struct {
	question *question
	hash     uint64
	levels   []level
	layers   []int // which levels are buckets
	counts   bool  // whether the group's tasks are part of an answer
	packs    bool  // whether what is free on an instance is

	roster  *roster
	at      uint64 // position in roster.changed
	members []*member
	fits    bits                         // the places whose members are in the tree
	tallies [maxLevels]map[string]*tally // by level
	root    *bucket
	sister  *shape // only while the shape is built
}

// member is an instance of a shape, whether it fits or not.
type member struct {
	item
	instance *ecs.Instance // as last looked at
	usage    *state.Usage
	static   bool // passes the static filters
	tasks    int64
	in       *bucket // nil when it does not fit
	tallies  []*tally
}

// tally counts the tasks of the group on all instances with a value of an attribute.
type tally struct {
	level     int
	value     string
	tasks     int64
	instances int
	buckets   []*bucket
}

// bucket is the instances below one value of an attribute, or the root.
type bucket struct {
	item
	parent   *bucket
	tally    *tally
	placed   bool // in the parent's tree
	children tree
	byValue  map[string]*bucket
}

// newShape looks at every instance. A sister, when there is one, is up to date and asks for the same kind of instance.
func newShape(q *question, hash uint64, r *roster, sister *shape) *shape {
	s := &shape{question: q, hash: hash, levels: levels(q.Strategies), roster: r, at: r.end()}
	s.counts = q.countsGroup()
	for k, l := range s.levels {
		s.packs = s.packs || l.kind == byFreeCPU || l.kind == byFreeMemory
		if l.kind == byTasksInBucket {
			s.layers = append(s.layers, k)
			s.tallies[k] = make(map[string]*tally)
		}
	}
	s.root = &bucket{children: tree{width: len(s.levels)}}
	s.grow(len(r.hosts))
	s.sister = sister
	for place := range s.members {
		s.refresh(place)
	}
	s.sister = nil
	return s
}

// grow adds members until there is one for each of n places.
func (s *shape) grow(n int) {
	more := make([]member, max(n-len(s.members), 0))
	for k := range more {
		more[k].item.member = &more[k]
		s.members = append(s.members, &more[k])
	}
	for len(s.fits)*64 < n {
		s.fits = append(s.fits, 0)
	}
}

// follow takes in what changed since the last answer.
func (s *shape) follow() {
	s.grow(len(s.roster.hosts))
	behind := s.roster.end() - s.at
	if behind > uint64(len(s.members)) { // the roster may have cut what this shape needs, but never so much
		for place := range s.members {
			s.refresh(place)
		}
	} else {
		for _, c := range s.roster.changed[uint64(len(s.roster.changed))-behind:] {
			if !s.indifferent(c) {
				s.refresh(c.place)
			}
		}
	}
	s.at = s.roster.end()
}

// indifferent reports whether a change leaves everything in its place: tasks of another group came or went, nobody compares what is
// left free, and the instance fits as before. It is most of the changes a shape hears of when there are many shapes, and it looks
// only at what the shapes share and at a bit.
func (s *shape) indifferent(c change) bool {
	if c.group == "" || s.packs || s.counts && c.group == s.question.Group {
		return false
	}
	h := s.roster.hosts[c.place]
	if h.instance == nil {
		return false
	}
	return s.fits.has(c.place) == (failed(s.question, candidate(h), dynamicFilters) == nil)
}

// bits is a set of places.
type bits []uint64

func (b bits) has(place int) bool { return b[place/64]&(1<<(place%64)) != 0 }

func (b bits) put(place int, in bool) {
	if in {
		b[place/64] |= 1 << (place % 64)
	} else {
		b[place/64] &^= 1 << (place % 64)
	}
}

// refresh puts one instance where it belongs now.
func (s *shape) refresh(place int) {
	m, h := s.members[place], s.roster.hosts[place]
	if m.instance == h.instance && m.usage == h.usage {
		return
	}
	before, left := m.instance, m.in
	m.instance, m.usage = h.instance, h.usage
	if h.instance != before {
		s.reassess(place, before)
	}
	more := int64(0)
	if s.counts && m.instance != nil {
		more = int64(m.usage.GroupTasks(s.question.Group)) - m.tasks
		s.tell(m, more)
	}
	s.move(m)
	s.fits.put(place, m.in != nil)
	s.settle(left)
	s.settle(m.in)
	if more == 0 {
		return
	}
	for _, t := range m.tallies {
		s.settleAll(t)
	}
}

// reassess asks the static filters again and moves the instance's tasks to other tallies, where its record says so.
func (s *shape) reassess(place int, before *ecs.Instance) {
	m := s.members[place]
	if before != nil && m.instance != nil && sameHost(before, m.instance) {
		return
	}
	if s.sister != nil {
		m.static = s.sister.members[place].static
	} else {
		m.static = m.instance != nil && failed(s.question, candidate{m.instance, m.usage}, staticFilters) == nil
	}
	if m.name == "" {
		m.named(string(m.instance.ID))
	}
	if len(s.layers) == 0 {
		return
	}
	s.leave(m)
	if m.instance != nil {
		s.enter(m)
	}
}

// sameHost reports whether two records of an instance are the same to static filters. Lists in records are never changed in place.
func sameHost(a, b *ecs.Instance) bool {
	sameList := len(a.Attributes) == len(b.Attributes) && (len(a.Attributes) == 0 || &a.Attributes[0] == &b.Attributes[0])
	return sameList && a.Status == b.Status && a.AgentConnected == b.AgentConnected && a.VersionInfo == b.VersionInfo &&
		a.EC2InstanceID == b.EC2InstanceID && a.RegisteredAt == b.RegisteredAt && a.Cluster == b.Cluster
}

// move takes an instance out of the bucket it is in, and into the one it belongs to if it fits, unless it is in place.
func (s *shape) move(m *member) {
	var fresh key
	var to *bucket
	c := candidate{m.instance, m.usage}
	if m.static && failed(s.question, c, dynamicFilters) == nil {
		for k, l := range s.levels {
			fresh[k] = l.weigh(s.question.Group, c)
		}
		if to = m.in; to == nil {
			to = s.bucketOf(m)
		}
	}
	if to == m.in && (to == nil || fresh == m.key) {
		return
	}
	if m.in != nil {
		m.in.children.remove(&m.item)
	}
	if m.in, m.key = to, fresh; to != nil {
		to.children.insert(&m.item)
	}
}

// best returns the instance for a seed, or nil when none fits.
func (s *shape) best(seed uint64) *ecs.Instance {
	b := s.root
	for depth := 0; ; depth++ {
		n := b.children.tied()
		if n == 0 {
			return nil
		}
		x := b.children.at(int32(pick(seed, depth, int(n))))
		if x.member != nil {
			return x.member.instance
		}
		b = x.bucket
	}
}

package placement

import (
	"slices"

	"berth/ecs"
	"berth/state"
)

// bounds limit what an engine remembers.
type bounds struct {
	touches int // of the journal
	shapes  int
	members int // of all shapes together but the last used one
	asked   int
}

// usualBounds is about 250 MB at the most: a hundred shapes of 10,000 instances.
var usualBounds = bounds{touches: 1 << 16, shapes: 256, members: 1 << 20, asked: 256}

// Engine remembers, beside a working view, the instances that fit the questions asked lately, in order: a choice and the change that
// follows from it cost about the logarithm of the cluster. It follows the view through its journal, so it is right whatever commands
// do, also after errors and rollbacks. It is used by the goroutine that owns the view.
type Engine struct {
	view    *state.View
	bounds  bounds
	journal *state.Journal
	at      uint64
	rosters map[string]*roster
	shapes  []*shape // the last used first
	asked   []uint64 // hashes of kinds without a shape, the oldest first
}

// Attach gives a working view an engine: from now on [Choose] on it is fast.
func Attach(v *state.View) { attach(v, usualBounds) }

func attach(v *state.View, b bounds) *Engine {
	e := &Engine{view: v, bounds: b, journal: v.StartJournal(b.touches), rosters: make(map[string]*roster)}
	v.SetPlacer(e)
	return e
}

func (e *Engine) choose(r *Request) *ecs.Instance {
	e.follow()
	s := e.shapeFor(r)
	if s == nil {
		return newQuestion(e.view, r).scan()
	}
	s.follow()
	return s.best(r.Seed)
}

// follow brings the rosters up to the view, or drops everything when the journal does not reach back far enough.
func (e *Engine) follow() {
	whole := e.journal.Read(e.at, func(t *state.Touch) {
		if r := e.rosters[t.Cluster]; r != nil {
			if r.follow(e.view, t); r.worn() {
				e.forget(t.Cluster)
			}
		}
	})
	e.at = e.journal.End()
	if !whole {
		clear(e.rosters)
		e.shapes = nil
	}
}

// shapeFor returns the shape of a request, or nil for a question of a new kind. The first shape of a kind costs more than one look at
// every instance, so it is made when the kind is asked for again; the others cost about as much as a look and are made at once.
func (e *Engine) shapeFor(r *Request) *shape {
	hash := r.hash()
	var sister *shape
	for k, s := range e.shapes {
		if s.hash == hash && s.question.same(r) {
			copy(e.shapes[1:k+1], e.shapes[:k])
			e.shapes[0] = s
			return s
		}
		if sister == nil && s.question.sameKind(r) {
			sister = s
		}
	}
	if sister != nil {
		sister.follow()
		return e.build(r, hash, sister)
	}
	kind := r.kindHash()
	if k := slices.Index(e.asked, kind); k >= 0 {
		e.asked = slices.Delete(e.asked, k, k+1)
		return e.build(r, hash, nil)
	}
	if len(e.asked) == e.bounds.asked {
		e.asked = slices.Delete(e.asked, 0, 1)
	}
	e.asked = append(e.asked, kind)
	return nil
}

func (e *Engine) build(r *Request, hash uint64, sister *shape) *shape {
	own := *r
	s := newShape(newQuestion(e.view, &own), hash, e.roster(r.Cluster), sister)
	e.shapes = slices.Insert(e.shapes, 0, s)
	members := 0
	for k, s := range e.shapes {
		if members += len(s.members); k > 0 && (members > e.bounds.members || k == e.bounds.shapes) {
			clear(e.shapes[k:])
			e.shapes = e.shapes[:k]
			break
		}
	}
	return s
}

func (e *Engine) roster(cluster string) *roster {
	r := e.rosters[cluster]
	if r == nil {
		r = newRoster(e.view, cluster)
		e.rosters[cluster] = r
	}
	return r
}

// forget drops what is known of a cluster.
func (e *Engine) forget(cluster string) {
	delete(e.rosters, cluster)
	e.shapes = slices.DeleteFunc(e.shapes, func(s *shape) bool { return s.question.Cluster == cluster })
}

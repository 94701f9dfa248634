package placement

import (
	"slices"
	"strings"

	"berth/ecs"
	"berth/state"
)

// question is a request being answered on a view, with what was found out on the way.
type question struct {
	*Request
	view  *state.View
	group map[ecs.InstanceID]int64 // active tasks of the group by instance; nil until somebody asks
}

// Place chooses an instance for one task. It returns nil and a rejection per ACTIVE instance of the cluster when none can take it,
// and nil without rejections when the cluster has no ACTIVE instance at all.
func Place(v *state.View, r *Request) (*ecs.Instance, []Rejection) {
	q := &question{Request: r, view: v}
	if byChance(r.Strategies) {
		if i := draw(q); i != nil {
			return i, nil
		}
		return nil, q.rejections()
	}
	fit := make([]candidate, 0, v.Counts(r.Cluster).Instances)
	q.scan(func(c candidate) {
		if failed(q, c, filters) == nil {
			fit = append(fit, c)
		}
	})
	if len(fit) > 0 {
		return choose(q, fit), nil
	}
	return nil, q.rejections()
}

// byChance reports whether the strategies leave the choice to the seed alone.
func byChance(strategies []Strategy) bool {
	return !slices.ContainsFunc(strategies, func(s Strategy) bool { return s.Type != Random })
}

// draw is choose without strategies. Only an instance that the seed prefers to the best so far is asked whether it fits: a handful
// of a hundred, where filtering all of them first would be most of the work of a placement.
func draw(q *question) *ecs.Instance {
	var best *ecs.Instance
	var bestHash uint64
	q.view.ScanInstances(q.Cluster, "", func(i *ecs.Instance) bool {
		if i.Status != ecs.InstanceActive {
			return true
		}
		h := hash(q.Seed, string(i.ID))
		if best != nil && h >= bestHash {
			return true
		}
		if failed(q, candidate{i, q.view.Usage(i.ID)}, filters) == nil {
			best, bestHash = i, h
		}
		return true
	})
	return best
}

// rejections explains every ACTIVE instance, none of which can take the task.
func (q *question) rejections() []Rejection {
	var rejected []Rejection
	q.scan(func(c candidate) { rejected = append(rejected, *check(q, c, filters)) })
	return rejected
}

// scan calls fn with the ACTIVE instances of the cluster, in order of id.
func (q *question) scan(fn func(candidate)) {
	q.view.ScanInstances(q.Cluster, "", func(i *ecs.Instance) bool {
		if i.Status == ecs.InstanceActive {
			fn(candidate{i, q.view.Usage(i.ID)})
		}
		return true
	})
}

// Fits reports whether one named instance can take the task, strategies and constraints aside: what StartTask asks
// (semantics.md 4.3). A nil result means it can.
func Fits(v *state.View, r *Request, i *ecs.Instance) *Rejection {
	return check(&question{Request: r, view: v}, candidate{i, v.Usage(i.ID)}, namedFilters)
}

// failed returns the first filter an instance does not pass, or nil.
func failed(q *question, c candidate, through []filter) *filter {
	for k := range through {
		if !through[k].passes(q, c) {
			return &through[k]
		}
	}
	return nil
}

// check is failed in words.
func check(q *question, c candidate, through []filter) *Rejection {
	f := failed(q, c, through)
	if f == nil {
		return nil
	}
	return &Rejection{Instance: c.instance.ID, Reason: f.reason, Detail: f.detail(q, c)}
}

// choose narrows the candidates by each strategy in turn and breaks the last tie by the seed.
func choose(q *question, fit []candidate) *ecs.Instance {
	for _, s := range q.Strategies {
		if len(fit) == 1 {
			break
		}
		fit = narrow(q, s, fit)
	}
	best, bestHash := fit[0].instance, hash(q.Seed, string(fit[0].instance.ID))
	for _, c := range fit[1:] {
		if h := hash(q.Seed, string(c.instance.ID)); h < bestHash {
			best, bestHash = c.instance, h
		}
	}
	return best
}

func narrow(q *question, s Strategy, fit []candidate) []candidate {
	switch {
	case s.Type == Binpack && strings.EqualFold(s.Field, "cpu"):
		return smallest(fit, candidate.freeCPU)
	case s.Type == Binpack:
		return smallest(fit, candidate.freeMemory)
	case s.Type == Spread:
		return spread(q, s, fit)
	}
	return fit
}

// spread keeps the candidates of the buckets with the fewest active tasks of the group. A bucket is an instance or the value of
// an attribute; instances without the attribute share one.
func spread(q *question, s Strategy, fit []candidate) []candidate {
	name, byAttribute := strings.CutPrefix(s.Field, "attribute:")
	if !byAttribute {
		return smallest(fit, func(c candidate) int64 { return q.groupTasksOn(c.instance) })
	}
	tasks := make(map[string]int64)
	q.scanGroup(func(id ecs.InstanceID) {
		if i := q.view.InstanceByID(id); i != nil {
			value, _ := i.Attribute(name)
			tasks[value]++
		}
	})
	return smallest(fit, func(c candidate) int64 {
		value, _ := c.instance.Attribute(name)
		return tasks[value]
	})
}

// groupTasksOn counts the active tasks of the request's group on an instance. The group is counted once for all instances: what is
// on the instances is mostly of other groups, or over long ago.
func (q *question) groupTasksOn(i *ecs.Instance) int64 {
	if q.group == nil {
		q.group = make(map[ecs.InstanceID]int64)
		q.scanGroup(func(id ecs.InstanceID) { q.group[id]++ })
	}
	return q.group[i.ID]
}

// scanGroup calls fn with the instance of every active task of the request's group.
func (q *question) scanGroup(fn func(ecs.InstanceID)) {
	q.view.ScanTasksOfGroup(q.Cluster, q.Group, "", func(t *ecs.Task) bool {
		if t.Active() {
			fn(t.Instance)
		}
		return true
	})
}

// smallest keeps the candidates with the least value, in their order. It uses up the list it is given.
func smallest(fit []candidate, value func(candidate) int64) []candidate {
	kept, least := fit[:0], int64(0)
	for _, c := range fit {
		n := value(c)
		if len(kept) == 0 || n < least {
			kept, least = append(kept[:0], c), n
		} else if n == least {
			kept = append(kept, c)
		}
	}
	return kept
}

// hash is a stable shuffle without a source of randomness: FNV-1a of the seed and a string, then a finalizer. FNV alone lets the
// last characters change the low bits only, and ids that differ at their end would not be drawn equally often.
func hash(seed uint64, s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range 8 {
		h = (h ^ (seed >> (8 * i) & 0xff)) * 1099511628211
	}
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

package placement

import (
	"slices"

	"berth/ecs"
	"berth/state"
)

// question is a request being answered on a view.
type question struct {
	*Request
	view    *state.View
	subject Subject // the candidate that expressions are asked about
}

func newQuestion(v *state.View, r *Request) *question { return &question{Request: r, view: v} }

// Place chooses an instance for one task. It returns nil and a rejection per ACTIVE instance of the cluster when none can take it,
// and nil without rejections when the cluster has no ACTIVE instance at all.
func Place(v *state.View, r *Request) (*ecs.Instance, []Rejection) {
	if i := Choose(v, r); i != nil {
		return i, nil
	}
	return nil, Rejections(v, r)
}

// Choose is Place for callers that do not want to know why nothing fits: it returns nil then. With an [Engine] attached to the view
// it costs about the logarithm of the cluster, else a look at every instance; the choice is the same.
func Choose(v *state.View, r *Request) *ecs.Instance {
	if e, ok := v.Placer().(*Engine); ok {
		return e.choose(r)
	}
	return newQuestion(v, r).scan()
}

// Rejections explains every ACTIVE instance of the cluster that cannot take the task, in order of id.
func Rejections(v *state.View, r *Request) []Rejection {
	q := newQuestion(v, r)
	var rejected []Rejection
	q.each(func(c candidate) {
		if why := check(q, c, filters); why != nil {
			rejected = append(rejected, *why)
		}
	})
	return rejected
}

// Closest returns the rejection of the instance that came furthest through the filters, the first of several; the zero value when
// there is none.
func Closest(rejected []Rejection) (closest Rejection) {
	furthest := -1
	for _, r := range rejected {
		if k := slices.IndexFunc(filters, func(f filter) bool { return f.reason == r.Reason }); k > furthest {
			closest, furthest = r, k
		}
	}
	return closest
}

// each calls fn with the ACTIVE instances of the cluster, in order of id.
func (q *question) each(fn func(candidate)) {
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
	return check(newQuestion(v, r), candidate{i, v.Usage(i.ID)}, namedFilters)
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

package placement

import (
	"slices"

	"berth/placement/query"
)

// countsGroup reports whether the answer depends on where the tasks of the request's group are.
func (r *Request) countsGroup() bool {
	return r.DistinctInstance || slices.ContainsFunc(r.Strategies, func(s Strategy) bool { return s.Type == Spread })
}

// same reports whether two requests differ at most in what has no part in the order of instances: the seed, and the group when nobody
// counts its tasks.
func (r *Request) same(o *Request) bool {
	return r.DistinctInstance == o.DistinctInstance &&
		r.Needs.CPUUnits == o.Needs.CPUUnits && r.Needs.MemoryMiB == o.Needs.MemoryMiB && r.Needs.GPUs == o.Needs.GPUs &&
		slices.Equal(r.Needs.Ports, o.Needs.Ports) && slices.Equal(r.Strategies, o.Strategies) &&
		(r.Group == o.Group || !r.countsGroup()) && r.sameKind(o)
}

// sameKind reports whether two requests ask for the same kind of instance. The lists of a task definition are mostly the very same,
// which makes comparing them cheap.
func (r *Request) sameKind(o *Request) bool {
	return r.Cluster == o.Cluster && r.LaunchType == o.LaunchType && slices.Equal(r.Zones, o.Zones) &&
		slices.Equal(r.Attributes, o.Attributes) &&
		slices.EqualFunc(r.MemberOf, o.MemberOf, func(a, b *query.Expr) bool { return a == b || a.String() == b.String() })
}

// kindHash tells apart most requests that are not of the same kind. Long texts, which rarely differ alone, count with their length.
func (r *Request) kindHash() uint64 {
	h := textHash(r.Cluster)
	for _, n := range []int{len(r.Attributes), len(r.LaunchType), len(r.Zones), len(r.MemberOf)} {
		h = mix(h ^ uint64(n))
	}
	for _, x := range r.MemberOf {
		h = mix(h ^ uint64(len(x.String())))
	}
	return h
}

// hash tells apart most requests that are not the same.
func (r *Request) hash() uint64 {
	h := r.kindHash()
	if r.countsGroup() {
		h = mix(h ^ textHash(r.Group))
	}
	for _, n := range []int64{r.Needs.CPUUnits, r.Needs.MemoryMiB, r.Needs.GPUs} {
		h = mix(h ^ uint64(n))
	}
	if r.DistinctInstance {
		h = mix(h + 1)
	}
	for _, p := range r.Needs.Ports {
		h = mix(h ^ uint64(p.Port))
	}
	for _, s := range r.Strategies {
		h = mix(h ^ uint64(len(s.Field)))
	}
	return h
}

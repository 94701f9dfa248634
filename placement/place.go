package placement

import (
	"strings"

	"berth/ecs"
	"berth/state"
)

// Place chooses an instance for one task. It returns nil and a rejection per instance of the cluster when none can take it, and
// nil without rejections when the cluster has no ACTIVE instance at all.
func Place(v *state.View, r *Request) (*ecs.Instance, []Rejection) {
	var fit []candidate
	var rejected []Rejection
	v.ScanInstances(r.Cluster, "", func(i *ecs.Instance) bool {
		if i.Status != ecs.InstanceActive {
			return true
		}
		c := candidate{i, v.Usage(i.ID)}
		if rejection, bad := check(v, r, c, filters); bad {
			if len(fit) == 0 {
				rejected = append(rejected, rejection)
			}
			return true
		}
		fit = append(fit, c)
		return true
	})
	if len(fit) == 0 {
		return nil, rejected
	}
	return choose(v, r, fit), nil
}

// Fits reports whether one named instance can take the task, strategies and constraints aside: what StartTask asks
// (semantics.md 4.3). A nil result means it can.
func Fits(v *state.View, r *Request, i *ecs.Instance) *Rejection {
	if rejection, bad := check(v, r, candidate{i, v.Usage(i.ID)}, resourceFilters); bad {
		return &rejection
	}
	return nil
}

func check(v *state.View, r *Request, c candidate, through []filter) (Rejection, bool) {
	for _, f := range through {
		if reason, detail := f(v, r, c); reason != "" {
			return Rejection{Instance: c.instance.ID, Reason: reason, Detail: detail}, true
		}
	}
	return Rejection{}, false
}

// choose narrows the candidates by each strategy in turn and breaks the last tie by the seed.
func choose(v *state.View, r *Request, fit []candidate) *ecs.Instance {
	for _, s := range r.Strategies {
		if len(fit) == 1 {
			break
		}
		fit = narrow(v, r, s, fit)
	}
	best, bestHash := fit[0].instance, hash(r.Seed, string(fit[0].instance.ID))
	for _, c := range fit[1:] {
		if h := hash(r.Seed, string(c.instance.ID)); h < bestHash {
			best, bestHash = c.instance, h
		}
	}
	return best
}

func narrow(v *state.View, r *Request, s Strategy, fit []candidate) []candidate {
	switch s.Type {
	case Binpack:
		return smallest(fit, func(c candidate) int64 {
			if strings.EqualFold(s.Field, "cpu") {
				return c.instance.CPUUnits - c.usage.CPUUnits
			}
			return c.instance.MemoryMiB - c.usage.MemoryMiB
		})
	case Spread:
		return spread(v, r, s, fit)
	}
	return fit
}

// spread keeps the candidates of the buckets with the fewest active tasks of the group. A bucket is an instance or the value of
// an attribute; instances without the attribute share one.
func spread(v *state.View, r *Request, s Strategy, fit []candidate) []candidate {
	name, byAttribute := strings.CutPrefix(s.Field, "attribute:")
	if !byAttribute {
		return smallest(fit, func(c candidate) int64 { return int64(groupTasksOn(v, r, c.instance)) })
	}
	tasks := make(map[string]int64)
	v.ScanTasksOfGroup(r.Cluster, r.Group, "", func(t *ecs.Task) bool {
		if t.Active() {
			if i := v.InstanceByID(t.Instance); i != nil {
				value, _ := i.Attribute(name)
				tasks[value]++
			}
		}
		return true
	})
	return smallest(fit, func(c candidate) int64 {
		value, _ := c.instance.Attribute(name)
		return tasks[value]
	})
}

// smallest keeps the candidates with the least value, in their order.
func smallest(fit []candidate, value func(candidate) int64) []candidate {
	var kept []candidate
	var least int64
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

// hash is FNV-1a of the seed and a string: a stable shuffle without a source of randomness.
func hash(seed uint64, s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range 8 {
		h = (h ^ (seed >> (8 * i) & 0xff)) * 1099511628211
	}
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

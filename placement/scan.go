package placement

import (
	"cmp"
	"slices"

	"berth/ecs"
)

// contender is a candidate that passes the filters, with its key.
type contender struct {
	candidate
	key key
}

// scan chooses by looking at every instance of the cluster: what snapshots and dry runs use, which remember nothing, and the engine
// for a question it has not heard before. It returns nil when nothing fits.
func (q *question) scan() *ecs.Instance {
	ls := levels(q.Strategies)
	tasks := q.bucketTasks(ls)
	var best []contender
	q.each(func(c candidate) {
		if failed(q, c, filters) != nil {
			return
		}
		x := contender{candidate: c}
		for k, l := range ls {
			if x.key[k] = l.weigh(q.Group, c); l.kind == byTasksInBucket {
				x.key[k] = tasks[k][l.value(c.instance)]
			}
		}
		order := -1
		if len(best) > 0 {
			order = slices.Compare(x.key[:], best[0].key[:])
		}
		switch {
		case order < 0:
			best = append(best[:0], x)
		case order == 0:
			best = append(best, x)
		}
	})
	if len(best) == 0 {
		return nil
	}
	return q.settle(ls, best)
}

// bucketTasks counts the group's active tasks by value of each attribute that tasks are spread over. Tasks on instances that can take
// no more count too.
func (q *question) bucketTasks(ls []level) [maxLevels]map[string]int64 {
	var tasks [maxLevels]map[string]int64
	buckets := false
	for k, l := range ls {
		if l.kind == byTasksInBucket {
			tasks[k], buckets = make(map[string]int64), true
		}
	}
	if !buckets {
		return tasks
	}
	q.view.ScanInstances(q.Cluster, "", func(i *ecs.Instance) bool {
		n := int64(q.view.Usage(i.ID).GroupTasks(q.Group))
		for k, l := range ls {
			if tasks[k] != nil && n > 0 {
				tasks[k][l.value(i)] += n
			}
		}
		return true
	})
	return tasks
}

// settle breaks the tie of contenders with equal keys: first between the buckets of each spread by attribute, then between instances.
func (q *question) settle(ls []level, best []contender) *ecs.Instance {
	depth := 0
	for _, l := range ls {
		if l.kind != byTasksInBucket {
			continue
		}
		var values []string
		for _, x := range best {
			values = append(values, l.value(x.instance))
		}
		slices.Sort(values)
		values = slices.Compact(values)
		chosen := values[pick(q.Seed, depth, len(values))]
		best = slices.DeleteFunc(best, func(x contender) bool { return l.value(x.instance) != chosen })
		depth++
	}
	slices.SortFunc(best, func(a, b contender) int { return cmp.Compare(a.instance.ID, b.instance.ID) })
	return best[pick(q.Seed, depth, len(best))].instance
}

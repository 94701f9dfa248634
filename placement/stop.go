package placement

import (
	"cmp"
	"slices"
	"strings"

	"berth/ecs"
	"berth/state"
)

// ChooseToStop picks n of some tasks of the request's group to be stopped, the first to go first: the mirror of [Place]. Tasks that do
// not run yet go before those that do. Then each strategy speaks in its order: spread takes from the bucket or the instance with the
// most tasks of the group, binpack from the instance that will have the most free, so that hosts become empty. The seed decides
// between equals. Of the request, Cluster, Group, Strategies and Seed count; protected tasks are not for the caller to offer.
//
// ECS: semantics.md 5.8; a service without strategies is asked with [DefaultServiceStrategies].
func ChooseToStop(v *state.View, r *Request, tasks []*ecs.Task, n int) []*ecs.Task {
	l := newLeaving(newQuestion(v, r), tasks)
	n = min(n, len(tasks))
	chosen := make([]*ecs.Task, 0, max(n, 0))
	for k := range n {
		chosen = append(chosen, l.next(r.Seed+uint64(k)))
	}
	return chosen
}

// stand is tasks on one instance that are equal to every strategy, in order of id.
type stand struct {
	site    *site
	running bool
	takes   ecs.Reservation
	tasks   []*ecs.Task
}

// site is an instance that tasks may leave, as it will be without those chosen so far.
type site struct {
	id        ecs.InstanceID
	values    [maxLevels]string
	tasks     int64 // of the group
	freeCPU   int64
	freeOther int64 // memory
}

// departing is a key with one number in front: whether the task runs.
type departing [1 + maxLevels]int64

type leaving struct {
	q       *question
	levels  []level
	buckets [maxLevels]map[string]int64
	stands  []*stand
}

func newLeaving(q *question, tasks []*ecs.Task) *leaving {
	l := &leaving{q: q, levels: levels(q.Strategies)}
	l.buckets = q.bucketTasks(l.levels)
	sorted := slices.Clone(tasks)
	slices.SortFunc(sorted, func(a, b *ecs.Task) int {
		return cmp.Or(strings.Compare(string(a.Instance), string(b.Instance)), strings.Compare(string(a.ID), string(b.ID)))
	})
	var here []*stand // those of the instance of the last task
	for _, t := range sorted {
		if len(here) == 0 || here[0].site.id != t.Instance {
			here = []*stand{{site: l.site(t)}}
			l.add(here[0], t)
			continue
		}
		at := slices.IndexFunc(here, func(s *stand) bool { return s.holds(t) })
		if at < 0 {
			at, here = len(here), append(here, &stand{site: here[0].site})
			l.add(here[at], t)
			continue
		}
		here[at].tasks = append(here[at].tasks, t)
	}
	return l
}

func (l *leaving) add(s *stand, t *ecs.Task) {
	s.running, s.takes, s.tasks = runs(t), t.Reserved, []*ecs.Task{t}
	l.stands = append(l.stands, s)
}

func (s *stand) holds(t *ecs.Task) bool {
	return s.running == runs(t) && s.takes.CPUUnits == t.Reserved.CPUUnits && s.takes.MemoryMiB == t.Reserved.MemoryMiB
}

func runs(t *ecs.Task) bool { return !t.LastStatus.Before(ecs.StatusRunning) }

func (l *leaving) site(t *ecs.Task) *site {
	s := &site{id: t.Instance}
	u := l.q.view.Usage(t.Instance)
	s.tasks = int64(u.GroupTasks(l.q.Group))
	i := l.q.view.Instance(l.q.Cluster, t.Instance)
	if i == nil {
		return s
	}
	s.freeCPU, s.freeOther = i.CPUUnits-u.CPUUnits, i.MemoryMiB-u.MemoryMiB
	for k, level := range l.levels {
		if level.kind == byTasksInBucket {
			s.values[k] = level.value(i)
		}
	}
	return s
}

// key is smaller the sooner a task of the stand should go.
func (l *leaving) key(s *stand) (key departing) {
	if s.running {
		key[0] = 1
	}
	for k, level := range l.levels {
		switch level.kind {
		case byTasksInBucket:
			key[k+1] = -l.buckets[k][s.site.values[k]]
		case byTasksOnInstance:
			key[k+1] = -s.site.tasks
		case byFreeCPU:
			key[k+1] = -max(s.site.freeCPU+s.takes.CPUUnits, 0)
		case byFreeMemory:
			key[k+1] = -max(s.site.freeOther+s.takes.MemoryMiB, 0)
		}
	}
	return key
}

// next chooses a task and takes it off its instance.
func (l *leaving) next(seed uint64) *ecs.Task {
	var best []*stand
	var least departing
	for _, s := range l.stands {
		if len(s.tasks) == 0 {
			continue
		}
		key := l.key(s)
		order := -1
		if len(best) > 0 {
			order = slices.Compare(key[:], least[:])
		}
		switch {
		case order < 0:
			best, least = append(best[:0], s), key
		case order == 0:
			best = append(best, s)
		}
	}
	s := l.settle(seed, best)
	at := pick(seed, maxLevels+1, len(s.tasks))
	t := s.tasks[at]
	s.tasks = slices.Delete(s.tasks, at, at+1)
	if t.Active() {
		l.take(s, t)
	}
	return t
}

// settle breaks ties as placement does: between buckets, then between instances; equals on one instance go in their order.
func (l *leaving) settle(seed uint64, best []*stand) *stand {
	depth := 0
	for k, level := range l.levels {
		if level.kind != byTasksInBucket {
			continue
		}
		var values []string
		for _, s := range best {
			values = append(values, s.site.values[k])
		}
		slices.Sort(values)
		values = slices.Compact(values)
		chosen := values[pick(seed, depth, len(values))]
		best = slices.DeleteFunc(best, func(s *stand) bool { return s.site.values[k] != chosen })
		depth++
	}
	return best[pick(seed, depth, len(best))] // the stands are in order of instance
}

func (l *leaving) take(s *stand, t *ecs.Task) {
	s.site.freeCPU += t.Reserved.CPUUnits
	s.site.freeOther += t.Reserved.MemoryMiB
	if t.Group != l.q.Group {
		return
	}
	s.site.tasks--
	for k, level := range l.levels {
		if level.kind == byTasksInBucket {
			l.buckets[k][s.site.values[k]]--
		}
	}
}

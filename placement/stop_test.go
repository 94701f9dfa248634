package placement

import (
	"fmt"
	"slices"
	"testing"

	"berth/ecs"
)

// leave picks n tasks of group "g" and returns how many went from each instance, in order of the names given.
func (w *world) leave(t *testing.T, n int, seed uint64, strategies []Strategy, on ...ecs.InstanceID) []int {
	t.Helper()
	var tasks []*ecs.Task
	w.view.ScanTasksOfGroup("c", "g", "", func(t *ecs.Task) bool { tasks = append(tasks, t); return true })
	slices.Reverse(tasks)
	r := &Request{Cluster: "c", Group: "g", Strategies: strategies, Seed: seed}
	chosen := ChooseToStop(w.view, r, tasks, n)
	if again := ChooseToStop(w.view, r, tasks, n); !slices.Equal(again, chosen) {
		t.Error("the same question has two answers")
	}
	count := make([]int, len(on))
	for k, x := range chosen {
		if slices.Contains(chosen[:k], x) {
			t.Errorf("task %s was chosen twice", x.ID)
		}
		count[slices.Index(on, x.Instance)]++
	}
	return count
}

func TestWhatStopsFirst(t *testing.T) {
	zones := []Strategy{{Spread, "attribute:ecs.availability-zone"}, {Spread, "instanceId"}}
	for _, tc := range []struct {
		name       string
		tasks      [4]int // on i1 and i2 of zone a, i3 of zone b, i4 of zone c
		n          int
		strategies []Strategy
		left       []int
	}{
		{"the zone with the most, in it the instance with the most", [4]int{3, 1, 3, 3}, 1, zones, []int{1, 0, 0, 0}},
		{"down to an even spread", [4]int{3, 3, 5, 2}, 7, zones, []int{2, 2, 3, 0}},
		{"all of them", [4]int{1, 0, 2, 1}, 9, zones, []int{1, 0, 2, 1}},
		{"the instance with the most", [4]int{2, 4, 3, 1}, 3, []Strategy{{Spread, "instanceId"}}, []int{0, 2, 1, 0}},
		{"the emptiest host becomes empty", [4]int{3, 2, 1, 4}, 3, []Strategy{{Binpack, "memory"}}, []int{0, 2, 1, 0}},
		{"none", [4]int{1, 1, 1, 1}, 0, zones, []int{0, 0, 0, 0}},
	} {
		w := newWorld()
		for k, z := range []string{"a", "a", "b", "c"} {
			id := ecs.InstanceID(fmt.Sprintf("i%d", k+1))
			w.instance(id, inZone(z))
			for range tc.tasks[k] {
				w.task(id, ecs.Reservation{MemoryMiB: 100}, nil)
			}
		}
		for seed := range uint64(10) {
			if got := w.leave(t, tc.n, seed, tc.strategies, "i1", "i2", "i3", "i4"); !slices.Equal(got, tc.left) {
				t.Errorf("%s, seed %d: %v went, want %v", tc.name, seed, got, tc.left)
			}
		}
	}
}

func TestTasksThatDoNotRunYetStopFirst(t *testing.T) {
	w := newWorld()
	w.instances(2)
	for range 4 {
		w.task("i1", ecs.Reservation{}, nil)
	}
	w.task("i2", ecs.Reservation{}, func(t *ecs.Task) { t.LastStatus = ecs.StatusPending })
	if got := w.leave(t, 2, 0, DefaultServiceStrategies(), "i1", "i2"); !slices.Equal(got, []int{1, 1}) {
		t.Errorf("%v went, want the pending one and one of the crowd", got)
	}
}

// Without strategies every instance's tasks are as likely to go.
func TestStopsByChanceAreSpreadOverSeeds(t *testing.T) {
	w := newWorld()
	w.instances(3)
	for k := range 3 {
		w.task(ecs.InstanceID(fmt.Sprintf("i%d", k+1)), ecs.Reservation{}, nil)
	}
	times := make([]int, 3)
	for seed := range uint64(300) {
		for k, n := range w.leave(t, 1, seed, nil, "i1", "i2", "i3") {
			times[k] += n
		}
	}
	if slices.Min(times) < 60 {
		t.Errorf("chosen %v times of 300", times)
	}
}

// TestChooseToStopAgreesWithNaive holds each choice against a recount of a state from which the earlier ones are gone.
func TestChooseToStopAgreesWithNaive(t *testing.T) {
	for seed := range uint64(500) {
		p := newPlay(seed)
		for range 30 {
			p.command(t)
		}
		r := oneOf(p, p.requests...)
		r.Seed = seed
		var tasks []*ecs.Task
		p.view.ScanTasksOfGroup(r.Cluster, r.Group, "", func(x *ecs.Task) bool {
			if x.Active() && p.IntN(5) > 0 && p.view.Instance(r.Cluster, x.Instance) != nil {
				tasks = append(tasks, x)
			}
			return true
		})
		for _, x := range ChooseToStop(p.view, &r, slices.Clone(tasks), p.IntN(len(tasks)+1)) {
			n := newNaive(p.view, &r)
			for _, other := range tasks {
				if c := n.compareLeaving(r.Strategies, other, x); c < 0 {
					t.Fatalf("seed %d: %s on %s goes before %s on %s, with %+v", seed, x.ID, x.Instance, other.ID, other.Instance, r)
				}
			}
			tasks = slices.DeleteFunc(tasks, func(o *ecs.Task) bool { return o == x })
			gone := *x
			gone.DesiredStatus = ecs.StatusStopped
			p.tx.PutTask(&gone)
		}
	}
}

// compareLeaving is below 0 when a should go before b.
func (n *naive) compareLeaving(strategies []Strategy, a, b *ecs.Task) int {
	if x, y := a.LastStatus == ecs.StatusRunning, b.LastStatus == ecs.StatusRunning; x != y {
		if y {
			return -1
		}
		return 1
	}
	weigh := func(s Strategy, x *ecs.Task) int64 {
		i := n.all[slices.IndexFunc(n.all, func(i *ecs.Instance) bool { return i.ID == x.Instance })]
		if s.Type != Binpack {
			return n.measure(s)(i)
		}
		u := n.loads[i.ID]
		if s.Field == "cpu" {
			return max(i.CPUUnits-u.CPUUnits+x.Reserved.CPUUnits, 0)
		}
		return max(i.MemoryMiB-u.MemoryMiB+x.Reserved.MemoryMiB, 0)
	}
	for _, s := range strategies {
		if x, y := weigh(s, a), weigh(s, b); x != y {
			return int(y - x)
		}
	}
	return 0
}

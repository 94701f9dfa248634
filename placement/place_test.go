package placement

import (
	"fmt"
	"testing"

	"berth/ecs"
)

func TestBinpackTakesTheFullestThatFits(t *testing.T) {
	w := newWorld()
	w.instances(3)
	w.task("i1", ecs.Reservation{CPUUnits: 100, MemoryMiB: 1500}, nil)
	w.task("i2", ecs.Reservation{CPUUnits: 600, MemoryMiB: 100}, nil)
	for _, tc := range []struct {
		field string
		needs ecs.Reservation
		want  ecs.InstanceID
	}{
		{"cpu", ecs.Reservation{CPUUnits: 400}, "i2"},
		{"CPU", ecs.Reservation{CPUUnits: 500}, "i1"}, // i2 has 424 left
		{"memory", ecs.Reservation{MemoryMiB: 500}, "i1"},
		{"memory", ecs.Reservation{MemoryMiB: 600}, "i2"},
		{"memory", ecs.Reservation{MemoryMiB: 2000}, "i3"},
	} {
		for seed := range uint64(20) {
			if got := w.place(t, Request{Needs: tc.needs, Strategies: []Strategy{{Binpack, tc.field}}, Seed: seed}); got != tc.want {
				t.Errorf("binpack %s of %v: %s, want %s", tc.field, tc.needs, got, tc.want)
			}
		}
	}
}

// run places n tasks of a group one after another, as RunTask does, and counts them by instance.
func (w *world) run(t *testing.T, n int, r Request) map[ecs.InstanceID]int {
	t.Helper()
	on := make(map[ecs.InstanceID]int)
	for k := range n {
		r.Seed = uint64(k)
		id := w.place(t, r)
		w.task(id, r.Needs, func(t *ecs.Task) { t.Group = r.Group })
		on[id]++
	}
	return on
}

func TestSpreadByInstance(t *testing.T) {
	w := newWorld()
	w.instances(3)
	w.task("i1", ecs.Reservation{}, nil)
	w.task("i2", ecs.Reservation{}, func(t *ecs.Task) { t.Group = "other" })
	w.task("i3", ecs.Reservation{}, stopping)
	w.task("i3", ecs.Reservation{}, stopped)
	on := w.run(t, 5, Request{Group: "g", Strategies: []Strategy{{Spread, "instanceId"}}})
	if on["i1"] != 1 || on["i2"] != 2 || on["i3"] != 2 {
		t.Errorf("got %v: the group's running tasks count, stopping ones and other groups do not", on)
	}
}

func TestSpreadByAttributeThenInstance(t *testing.T) {
	w := newWorld()
	w.instance("i1", inZone("a"))
	w.instance("i2", inZone("a"))
	w.instance("i3", inZone("a"))
	w.instance("i4", inZone("b"))
	w.instance("i5", func(i *ecs.Instance) { i.Attributes = nil })
	on := w.run(t, 9, Request{Group: "g", Strategies: []Strategy{{Spread, "attribute:ecs.availability-zone"}, {Spread, "instanceId"}}})
	if on["i4"] != 3 || on["i5"] != 3 || on["i1"] != 1 || on["i2"] != 1 || on["i3"] != 1 {
		t.Errorf("got %v, want three tasks a zone, instances without one being a zone, and one an instance in zone a", on)
	}
}

// A task on an instance that takes no more still weighs on its zone.
func TestSpreadCountsTasksOfDrainingInstances(t *testing.T) {
	w := newWorld()
	w.instance("i1", inZone("a"))
	w.instance("i2", inZone("b"))
	w.instance("i3", func(i *ecs.Instance) { inZone("a")(i); i.Status = ecs.InstanceDraining })
	w.task("i3", ecs.Reservation{}, nil)
	w.task("gone", ecs.Reservation{}, nil) // its instance's record has expired
	for seed := range uint64(20) {
		if got := w.place(t, Request{Seed: seed, Strategies: []Strategy{{Spread, "attribute:ecs.availability-zone"}}}); got != "i2" {
			t.Fatalf("got %s, want i2", got)
		}
	}
}

func TestStrategiesApplyInOrder(t *testing.T) {
	w := newWorld()
	w.instances(2)
	w.task("i1", ecs.Reservation{CPUUnits: 100}, nil)
	pack, spread := Strategy{Binpack, "cpu"}, Strategy{Spread, "instanceId"}
	for seed := range uint64(20) {
		if got := w.place(t, Request{Seed: seed, Strategies: []Strategy{pack, spread}}); got != "i1" {
			t.Errorf("binpack first: %s", got)
		}
		if got := w.place(t, Request{Seed: seed, Strategies: []Strategy{spread, pack}}); got != "i2" {
			t.Errorf("spread first: %s", got)
		}
		if got := w.place(t, Request{Seed: seed, Strategies: []Strategy{{Type: Random}, spread}}); got != "i2" {
			t.Errorf("random does not narrow: %s", got)
		}
	}
}

func TestTiesAreSettledBySeedAlone(t *testing.T) {
	w := newWorld()
	w.instances(10)
	times := make(map[ecs.InstanceID]int)
	const draws = 5000
	for seed := range uint64(draws) {
		r := Request{Seed: seed}
		got := w.place(t, r)
		if w.place(t, r) != got {
			t.Fatal("the same question has two answers")
		}
		times[got]++
	}
	for k := range 10 {
		id := ecs.InstanceID(fmt.Sprintf("i%d", k+1))
		if n := times[id]; n < draws/20 || n > draws/5 {
			t.Errorf("%s was drawn %d times of %d, want about a tenth", id, n, draws)
		}
	}
}

// The order in which instances came, and instances that do not fit, have no say in a tie.
func TestTiesDoNotDependOnOthers(t *testing.T) {
	few, many := newWorld(), newWorld()
	few.instances(2)
	many.instances(2)
	for k := range 5 {
		many.instance(ecs.InstanceID(fmt.Sprintf("h%d", k)), func(i *ecs.Instance) { i.AgentConnected = false })
	}
	for seed := range uint64(50) {
		if a, b := few.place(t, Request{Seed: seed}), many.place(t, Request{Seed: seed}); a != b {
			t.Fatalf("seed %d: %s and %s", seed, a, b)
		}
	}
}

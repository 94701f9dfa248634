package placement

import (
	"fmt"
	"testing"

	"berth/ecs"
)

// benchWorld has n instances as agents register them, with 50 attributes and 10 tasks each, one task of the group on every third.
func benchWorld(n int) *world {
	w := newWorld()
	var attributes []ecs.Attribute
	for k := range 50 {
		attributes = append(attributes, ecs.Attribute{Name: fmt.Sprintf("com.amazonaws.ecs.capability.number-%d", k)})
	}
	attributes = append(attributes, ecs.Attribute{Name: "ecs.availability-zone", Value: "a"})
	for k := range n {
		id := ecs.InstanceID(fmt.Sprintf("%032x", k))
		w.instance(id, func(i *ecs.Instance) { i.Attributes, i.CPUUnits, i.MemoryMiB = attributes, 8192, 16384 })
		for j := range 10 {
			w.task(id, ecs.Reservation{CPUUnits: 128, MemoryMiB: 256}, func(t *ecs.Task) {
				if j > 0 || k%3 > 0 {
					t.Group = "other"
				}
			})
		}
	}
	return w
}

func benchmarkPlace(b *testing.B, r Request) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := benchWorld(n)
			r := r
			r.Cluster, r.Group = "c", "g"
			r.Attributes = []ecs.Attribute{
				{Name: "com.amazonaws.ecs.capability.number-10"}, {Name: "com.amazonaws.ecs.capability.number-40"},
			}
			b.ReportAllocs()
			for b.Loop() {
				r.Seed++
				_, _ = Place(w.view, &r)
			}
		})
	}
}

func BenchmarkPlaceRandom(b *testing.B) {
	benchmarkPlace(b, Request{Needs: ecs.Reservation{CPUUnits: 128, MemoryMiB: 256}})
}

func BenchmarkPlaceBinpack(b *testing.B) {
	benchmarkPlace(b, Request{Needs: ecs.Reservation{CPUUnits: 128, MemoryMiB: 256}, Strategies: []Strategy{{Binpack, "memory"}}})
}

func BenchmarkPlaceSpread(b *testing.B) {
	benchmarkPlace(b, Request{Strategies: []Strategy{{Spread, "attribute:ecs.availability-zone"}, {Spread, "instanceId"}}})
}

func BenchmarkPlaceDistinct(b *testing.B) { benchmarkPlace(b, Request{DistinctInstance: true}) }

// BenchmarkPlaceRejected is the case of a full cluster: every instance is explained.
func BenchmarkPlaceRejected(b *testing.B) {
	benchmarkPlace(b, Request{Needs: ecs.Reservation{CPUUnits: 1 << 20}})
}

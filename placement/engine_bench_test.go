package placement

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"berth/ecs"
	"berth/placement/query"
	"berth/state"
)

// benchTasks is how many tasks a cluster of a benchmark gets before a new one is made.
const benchTasks = 100_000

// benchCluster is n instances as agents register them, in three zones and 50 racks, half of them with the attribute stack=prod.
func benchCluster(n int) *state.View {
	random := rand.New(rand.NewPCG(1, uint64(n)))
	v := state.NewView()
	tx := v.Begin(1, nil)
	for k := range n {
		i := &ecs.Instance{
			ID: ecs.InstanceID(fmt.Sprintf("%016x%016x", random.Uint64(), random.Uint64())), Cluster: "c", Status: ecs.InstanceActive,
			AgentConnected: true, CPUUnits: 1 << 20, MemoryMiB: 1 << 20,
		}
		for a := range 30 {
			i.Attributes = append(i.Attributes, ecs.Attribute{Name: fmt.Sprintf("com.amazonaws.ecs.capability.number-%d", a)})
		}
		i.Attributes = append(i.Attributes, ecs.Attribute{Name: "ecs.availability-zone", Value: string(rune('a' + k%3))},
			ecs.Attribute{Name: "rack", Value: fmt.Sprint(k % 50)}, ecs.Attribute{Name: "stack", Value: []string{"prod", "test"}[k%2]})
		tx.PutInstance(i)
	}
	tx.Take()
	return v
}

// benchmarkEngine places tasks one by one, puts each into the state, and freezes a snapshot every 256, as the store does.
func benchmarkEngine(b *testing.B, request func(r *Request, n, k int)) {
	for _, n := range []int{1000, 5000, 10_000} {
		b.Run(fmt.Sprintf("instances=%d", n), func(b *testing.B) {
			random := rand.New(rand.NewPCG(2, 3))
			ids := make([]string, benchTasks)
			for k := range ids {
				ids[k] = fmt.Sprintf("%016x%016x", random.Uint64(), random.Uint64())
			}
			var v *state.View
			var tx *state.Tx
			var snapshot *state.Snapshot
			var used, since time.Duration
			first := true
			b.ReportAllocs()
			k := benchTasks
			for b.Loop() {
				if k == benchTasks {
					b.StopTimer()
					used += cpuTime(b) - since
					v = benchCluster(n)
					Attach(v)
					tx, k = v.Begin(1, nil), 0
					b.StartTimer()
					since = cpuTime(b)
					if first {
						used, first = 0, false
					}
				}
				r := Request{Cluster: "c", Group: "service:web", Seed: random.Uint64(), Needs: ecs.Reservation{CPUUnits: 128, MemoryMiB: 256}}
				r.Attributes = benchAttributes
				request(&r, n, k)
				i := Choose(v, &r)
				if i == nil {
					b.Fatalf("task %d found no place", k)
				}
				tx.PutTask(&ecs.Task{
					ID: ecs.TaskID(ids[k]), Cluster: "c", Instance: i.ID, Group: r.Group, Family: "web", Revision: 1,
					DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusPending, Reserved: r.Needs,
				})
				if k++; k%256 == 0 {
					tx.Take()
					snapshot = v.Freeze(uint64(k))
				}
			}
			_ = snapshot
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "placements/s")
			b.ReportMetric(float64((used+cpuTime(b)-since).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime is what the process has used of all processors, its garbage collector included: what can be compared on a machine that has
// other work to do.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var benchAttributes = []ecs.Attribute{
	{Name: "com.amazonaws.ecs.capability.number-10"}, {Name: "com.amazonaws.ecs.capability.number-25"},
}

// BenchmarkSpreadThenBinpack is a service spread over zones and packed by memory.
func BenchmarkSpreadThenBinpack(b *testing.B) {
	strategies := []Strategy{{Spread, "attribute:ecs.availability-zone"}, {Binpack, "memory"}}
	benchmarkEngine(b, func(r *Request, _, _ int) { r.Strategies = strategies })
}

// BenchmarkMemberOfDistinct is services of which each takes four in five of the instances that its expression matches, half of all.
func BenchmarkMemberOfDistinct(b *testing.B) {
	x, err := query.Parse("attribute:stack == prod and agentConnected == true")
	if err != nil {
		b.Fatal(err)
	}
	expressions := []*query.Expr{x}
	groups := make([]string, benchTasks)
	for k := range groups {
		groups[k] = fmt.Sprintf("service:web-%d", k)
	}
	benchmarkEngine(b, func(r *Request, n, k int) {
		r.MemberOf, r.DistinctInstance, r.Group = expressions, true, groups[k/(n*2/5)]
	})
}

// BenchmarkStaticPorts is services with a port each, one after the other, on every instance.
func BenchmarkStaticPorts(b *testing.B) {
	ports := make([][]ecs.HostPort, benchTasks)
	for k := range ports {
		ports[k] = []ecs.HostPort{{Port: uint16(8000 + k), Protocol: ecs.TCP}}
	}
	benchmarkEngine(b, func(r *Request, n, k int) { r.Needs.Ports = ports[k/n] })
}

// BenchmarkManyServices places the tasks of 50 services in turn, spread as services are by default.
func BenchmarkManyServices(b *testing.B) {
	strategies := DefaultServiceStrategies()
	groups := make([]string, 50)
	for k := range groups {
		groups[k] = fmt.Sprintf("service:web-%d", k)
	}
	benchmarkEngine(b, func(r *Request, _, k int) { r.Strategies, r.Group = strategies, groups[k%len(groups)] })
}

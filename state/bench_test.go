package state

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"berth/ecs"
)

// BenchmarkPutTask adds tasks to a hundred thousand on a hundred instances; a commit comes after so many.
func BenchmarkPutTask(b *testing.B) {
	for _, commit := range []int{8, 32, 256} {
		b.Run(fmt.Sprint("commit=", commit), func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 2))
			task := func() *ecs.Task {
				id := fmt.Sprintf("%016x%016x", random.Uint64(), random.Uint64())
				return &ecs.Task{
					ID: ecs.TaskID(id), Cluster: "default", Family: "web", Group: "family:web", ClientToken: id,
					Instance:      ecs.InstanceID(fmt.Sprintf("%032x", random.IntN(100))),
					DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusPending, Reserved: ecs.Reservation{CPUUnits: 1, MemoryMiB: 1},
				}
			}
			v := NewView()
			tx := v.Begin(1, nil)
			for range 100_000 {
				tx.PutTask(task())
			}
			tx.Take()
			snapshot := v.Freeze(1)
			more := make([]*ecs.Task, 1<<15)
			for k := range more {
				more[k] = task()
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				tx.PutTask(more[n%len(more)])
				if n++; n%commit == 0 {
					tx.Take()
					snapshot = v.Freeze(uint64(n))
				}
			}
			_ = snapshot
		})
	}
}

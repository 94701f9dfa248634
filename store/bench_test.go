package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"berth/ecs"
	"berth/state"
	"berth/store"
	"berth/store/engines/memory"
	"berth/store/engines/pebble"
)

var quiet = slog.New(slog.DiscardHandler)

func engines(tb testing.TB) map[string]func() store.Engine {
	return map[string]func() store.Engine{
		"memory": func() store.Engine { return memory.New() },
		"pebble": func() store.Engine {
			e, err := pebble.Open(tb.TempDir(), pebble.Options{Logger: quiet})
			if err != nil {
				tb.Fatal(err)
			}
			return e
		},
	}
}

func benchTask(n int64) *ecs.Task {
	return &ecs.Task{
		ID: ecs.TaskID(fmt.Sprintf("%032x", n)), Cluster: "default", Family: "web", Revision: 3, Group: "service:web",
		Instance: ecs.InstanceID(fmt.Sprintf("%032x", n%1000)), LaunchType: ecs.LaunchEC2, CPU: "256", Memory: "512",
		Reserved:      ecs.Reservation{CPUUnits: 256, MemoryMiB: 512, Ports: []ecs.HostPort{{Port: uint16(n), Protocol: ecs.TCP}}},
		DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusRunning, CreatedAt: ecs.Time(n), Version: 4,
		Containers: []ecs.Container{
			{ID: fmt.Sprintf("%032x", n), Name: "app", Image: "registry.example/team/web:1.2.3", RuntimeID: fmt.Sprintf("%064x", n),
				ImageDigest: fmt.Sprintf("sha256:%064x", n), LastStatus: ecs.StatusRunning, Health: ecs.HealthHealthy,
				Bindings: []ecs.NetworkBinding{{BindIP: "0.0.0.0", ContainerPort: 80, HostPort: uint16(n), Protocol: ecs.TCP}}},
			{ID: fmt.Sprintf("%032x", n), Name: "log", Image: "registry.example/team/log:4", RuntimeID: fmt.Sprintf("%064x", n),
				LastStatus: ecs.StatusRunning},
		},
	}
}

// BenchmarkDo measures commands that put one task, by so many concurrent writers; ns/op is the time per command over all of them.
func BenchmarkDo(b *testing.B) {
	for _, name := range []string{"memory", "pebble"} {
		for _, writers := range []int{1, 16, 128} {
			b.Run(fmt.Sprintf("%s/writers=%d", name, writers), func(b *testing.B) {
				s, err := store.Open(context.Background(), store.Config{Engine: engines(b)[name](), Logger: quiet})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				var next atomic.Int64
				var wg sync.WaitGroup
				b.ReportAllocs()
				b.ResetTimer()
				for range writers {
					wg.Go(func() {
						for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
							task := benchTask(n % 5000)
							if err := s.Do(context.Background(), func(tx *state.Tx) error { tx.PutTask(task); return nil }); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
			})
		}
	}
}

// fill puts tasks in large commands.
func fill(tb testing.TB, s *store.Store, tasks int) {
	tb.Helper()
	for from := 0; from < tasks; from += 1000 {
		err := s.Do(context.Background(), func(tx *state.Tx) error {
			for n := from; n < from+1000; n++ {
				tx.PutTask(benchTask(int64(n)))
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func openBench(tb testing.TB, dir string) *store.Store {
	tb.Helper()
	e, err := pebble.Open(dir, pebble.Options{Logger: quiet})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := store.Open(context.Background(), store.Config{Engine: e, Logger: quiet})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

const manyTasks = 100_000

// BenchmarkOpen opens a data directory with 100,000 tasks of two containers each.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s := openBench(b, dir)
	fill(b, s, manyTasks)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s := openBench(b, dir)
		if n := s.Snapshot().TaskCount(); n != manyTasks {
			b.Fatalf("loaded %d tasks", n)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

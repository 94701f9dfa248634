package dispatch

import (
	"fmt"
	"runtime"
	"testing"

	"berth/api/acs"
	"berth/ecs"
	"berth/state"
)

// fleet connects n agents that acknowledge everything; each task they get for the first time is told to got.
func (w *world) fleet(n int, got chan<- string) []ecs.InstanceID {
	w.t.Helper()
	instances := make([]ecs.InstanceID, n)
	w.do(func(tx *state.Tx) {
		for k := range instances {
			instances[k] = ecs.InstanceID(fmt.Sprintf("%032x", k+1))
			tx.PutInstance(&ecs.Instance{ID: instances[k], Cluster: "prod", Status: ecs.InstanceActive, Owner: agentKey.AccessKeyID})
		}
	})
	for _, id := range instances {
		a := w.connect(func(c *call) { c.acs.ContainerInstanceARN = realm.InstanceARN("prod", id) })
		manifest := expect[*acs.TaskManifestMessage](a)
		a.ack(manifest.MessageID)
		go func() { // ends with the connection
			for m := range a.frames {
				if p, ok := m.(*acs.PayloadMessage); ok {
					a.ack(p.MessageID)
					for _, task := range p.Tasks {
						got <- task.ARN
					}
				}
			}
		}()
	}
	return instances
}

// placeTasks puts n tasks round robin, some in each commit.
func (w *world) placeTasks(instances []ecs.InstanceID, n int) {
	w.t.Helper()
	const atOnce = 50
	for first := 0; first < n; first += atOnce {
		w.do(func(tx *state.Tx) {
			for k := first; k < min(first+atOnce, n); k++ {
				tx.PutTask(&ecs.Task{ID: ecs.TaskID(fmt.Sprintf("%032x", k)), Cluster: "prod", Family: "web", Revision: 1,
					Instance: instances[k%len(instances)], DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusPending,
					Containers: []ecs.Container{{Name: "main", LastStatus: ecs.StatusPending}}})
			}
		})
	}
}

func TestTasksCostNoGoroutines(t *testing.T) {
	const agents, tasks = 40, 4000
	w := newWorld(t)
	w.instance()
	got := make(chan string, tasks)
	instances := w.fleet(agents, got)
	before := runtime.NumGoroutine()
	w.placeTasks(instances, tasks)
	seen := map[string]bool{}
	for len(seen) < tasks {
		seen[<-got] = true
	}
	if after := runtime.NumGoroutine(); after > before+agents {
		t.Errorf("%d goroutines for %d tasks", after-before, tasks)
	}
	if n := w.d.Sessions(); n != agents {
		t.Errorf("%d sessions", n)
	}
}

// BenchmarkDelivery measures tasks from their commit to the acknowledgement of 200 agents, which run in the same process.
func BenchmarkDelivery(b *testing.B) {
	w := newWorld(b)
	w.instance()
	got := make(chan string, 1024)
	instances := w.fleet(200, got)
	b.ResetTimer()
	placed := make(chan struct{})
	go func() {
		defer close(placed)
		w.placeTasks(instances, b.N)
	}()
	for range b.N {
		<-got
	}
	<-placed
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
}

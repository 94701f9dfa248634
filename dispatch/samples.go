package dispatch

import (
	"sync"
	"time"

	"berth/api/acs"
	"berth/ecs"
)

// Sample is a task's use of resources in the last round its agent reported.
type Sample struct {
	// At is when the agent says it is from.
	At         time.Time
	Containers []acs.ContainerMetric
}

// samples keeps the last sample of each task that is not over.
type samples struct {
	mu   sync.RWMutex // guards last
	last map[ecs.TaskID]sampled
}

type sampled struct {
	Sample
	cluster string
}

func newSamples() *samples { return &samples{last: map[ecs.TaskID]sampled{}} }

func (s *samples) put(id ecs.TaskID, cluster string, sample Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[id] = sampled{sample, cluster}
}

func (s *samples) get(id ecs.TaskID) (Sample, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	x, ok := s.last[id]
	return x.Sample, ok
}

func (s *samples) drop(id ecs.TaskID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.last, id)
}

// keep drops the samples of tasks for which alive is false.
func (s *samples) keep(alive func(id ecs.TaskID, cluster string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, x := range s.last {
		if !alive(id, x.cluster) {
			delete(s.last, id)
		}
	}
}

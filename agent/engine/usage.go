package engine

import (
	"math"
	"sync"

	"berth/agent/runtime"
	"berth/api/acs"
)

// usage sums up samples per container between two publications.
type usage struct {
	mu    sync.Mutex
	boxes map[string]*sums // by container id; guarded by mu
}

// sums are one container's samples. The last sample stays over a publication: CPU is a difference.
type sums struct {
	last        runtime.Stats
	cpu, memory acs.StatsSet
	network     map[string]*acs.ULongStatsSet
	storage     map[string]*acs.ULongStatsSet
	streaming   bool
}

func newUsage() *usage { return &usage{boxes: map[string]*sums{}} }

// begin notes that somebody follows the container; false when somebody does already.
func (u *usage) begin(id string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s := u.boxes[id]; s != nil {
		return false
	}
	u.boxes[id] = &sums{network: map[string]*acs.ULongStatsSet{}, storage: map[string]*acs.ULongStatsSet{}, streaming: true}
	return true
}

// end forgets the container once its last samples were taken.
func (u *usage) end(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s := u.boxes[id]; s != nil {
		s.streaming = false
		if s.memory.SampleCount == 0 {
			delete(u.boxes, id)
		}
	}
}

// add takes a sample. The first one gives no CPU: there is nothing to compare with.
func (u *usage) add(id string, sample runtime.Stats) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.boxes[id]
	if s == nil {
		return
	}
	if span := sample.At.Sub(s.last.At); !s.last.At.IsZero() && span > 0 && sample.CPUNanos >= s.last.CPUNanos {
		count(&s.cpu, float64(sample.CPUNanos-s.last.CPUNanos)/float64(span.Nanoseconds())*100)
	}
	count(&s.memory, math.Round(float64(sample.MemoryBytes)/(1<<20)))
	for name, value := range network(sample) {
		countULong(s.network, name, value)
	}
	countULong(s.storage, "read", sample.ReadBytes)
	countULong(s.storage, "write", sample.WriteBytes)
	s.last = sample
}

// network adds up the interfaces.
func network(sample runtime.Stats) map[string]uint64 {
	if sample.NetworkAbsent {
		return nil
	}
	out := make(map[string]uint64, 8)
	for _, n := range sample.Network {
		out["rxBytes"] += n.RxBytes
		out["rxPackets"] += n.RxPackets
		out["rxErrors"] += n.RxErrors
		out["rxDropped"] += n.RxDropped
		out["txBytes"] += n.TxBytes
		out["txPackets"] += n.TxPackets
		out["txErrors"] += n.TxErrors
		out["txDropped"] += n.TxDropped
	}
	return out
}

func count(set *acs.StatsSet, v float64) {
	if set.SampleCount == 0 || v < set.Min {
		set.Min = v
	}
	set.Max = max(set.Max, v)
	set.Sum += v
	set.SampleCount++
}

func countULong(sets map[string]*acs.ULongStatsSet, name string, value uint64) {
	set := sets[name]
	if set == nil {
		set = &acs.ULongStatsSet{}
		sets[name] = set
	}
	v := int64(min(value, math.MaxInt64))
	if set.SampleCount == 0 || v < set.Min {
		set.Min = v
	}
	set.Max = max(set.Max, v)
	if set.Sum > math.MaxInt64-v {
		set.OverflowSum += set.Sum - math.MaxInt64 + v
		set.Sum = math.MaxInt64
	} else {
		set.Sum += v
	}
	set.SampleCount++
}

// take returns and clears a container's sums; false when there are none.
func (u *usage) take(id string) (acs.ContainerMetric, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.boxes[id]
	if s == nil || s.memory.SampleCount == 0 {
		return acs.ContainerMetric{}, false
	}
	cpu, memory := s.cpu, s.memory
	m := acs.ContainerMetric{CPU: &cpu, Memory: &memory, Storage: &acs.StorageStatsSet{
		ReadSizeBytes: s.storage["read"], WriteSizeBytes: s.storage["write"],
	}}
	if len(s.network) > 0 {
		n := s.network
		m.Network = &acs.NetworkStatsSet{
			RxBytes: n["rxBytes"], RxPackets: n["rxPackets"], RxErrors: n["rxErrors"], RxDropped: n["rxDropped"],
			TxBytes: n["txBytes"], TxPackets: n["txPackets"], TxErrors: n["txErrors"], TxDropped: n["txDropped"],
		}
	}
	s.cpu, s.memory = acs.StatsSet{}, acs.StatsSet{}
	s.network, s.storage = map[string]*acs.ULongStatsSet{}, map[string]*acs.ULongStatsSet{}
	if !s.streaming {
		delete(u.boxes, id)
	}
	return m, true
}

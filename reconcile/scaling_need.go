package reconcile

import (
	"math"
	"slices"

	"berth/ecs"
)

// HostSize is what an instance offers: CPU units, MiB of memory, GPUs.
type HostSize struct {
	CPUUnits, MemoryMiB, GPUs int64
}

// WaitingTasks are equal tasks that wait for capacity.
type WaitingTasks struct {
	Needs ecs.Reservation
	// Distinct is the task group when no two of its tasks may share an instance, else "".
	Distinct string
	Count    int
}

// NeededHosts is a lower bound of how many more hosts the waiting tasks need; 0 when more hosts would not help them.
//
// ECS: each group of equal tasks is packed over the group's instance types, and the largest number counts (semantics.md 5.14). The
// types are the sizes of the registered instances and the declared one; while none is known a host is taken to hold whatever does
// not exclude each other. The sums over all groups, by resource, port and distinct group, raise the bound where they can.
//
// Tasks that fit no host of any known size are left out, and so are those that wait although an empty, connected instance has room:
// something else keeps them, and one more host like it would not help.
func NeededHosts(waiting []WaitingTasks, active []Host, declared HostSize) int {
	sizes := hostSizes(active, declared)
	var t totals
	need := 0
	for _, w := range waiting {
		perHost := mostPerHost(sizes, w)
		if w.Count <= 0 || perHost == 0 || stuck(active, w) {
			continue
		}
		need = max(need, ceilDiv(w.Count, perHost))
		t.add(w)
	}
	return max(need, t.hosts(sizes))
}

// hostSizes are the known sizes of the group's hosts, each once.
func hostSizes(active []Host, declared HostSize) []HostSize {
	var sizes []HostSize
	if declared != (HostSize{}) {
		sizes = append(sizes, declared)
	}
	for _, h := range active {
		if !slices.Contains(sizes, h.Size) {
			sizes = append(sizes, h.Size)
		}
	}
	return sizes
}

// mostPerHost is how many of the tasks the best host takes.
func mostPerHost(sizes []HostSize, w WaitingTasks) int {
	if len(sizes) == 0 {
		return w.excluding()
	}
	most := 0
	for _, s := range sizes {
		most = max(most, s.takes(w))
	}
	return most
}

// stuck reports whether the tasks wait although a host is empty that has what they need.
func stuck(active []Host, w WaitingTasks) bool {
	return slices.ContainsFunc(active, func(h Host) bool { return h.Connected && h.Tasks == 0 && h.Size.takes(w) > 0 })
}

// excluding is how many of the tasks share a host as far as they do not exclude each other.
func (w *WaitingTasks) excluding() int {
	if w.Distinct != "" || len(w.Needs.Ports) > 0 {
		return 1
	}
	return math.MaxInt
}

// takes is how many of the tasks an empty host of this size holds.
func (s HostSize) takes(w WaitingTasks) int {
	n := int64(w.excluding())
	for _, r := range [...]struct{ has, wants int64 }{
		{s.CPUUnits, w.Needs.CPUUnits}, {s.MemoryMiB, w.Needs.MemoryMiB}, {s.GPUs, w.Needs.GPUs},
	} {
		if r.wants > 0 {
			n = min(n, r.has/r.wants)
		}
	}
	return int(n)
}

// totals are what all waiting tasks want together.
type totals struct {
	size HostSize
	// alone counts tasks that exclude each other, by what they share; crowd is the largest of these counts.
	alone map[any]int
	crowd int
}

func (t *totals) add(w WaitingTasks) {
	n := int64(w.Count)
	t.size.CPUUnits += n * w.Needs.CPUUnits
	t.size.MemoryMiB += n * w.Needs.MemoryMiB
	t.size.GPUs += n * w.Needs.GPUs
	if w.Distinct != "" {
		t.exclude(w.Distinct, w.Count)
	}
	for _, p := range w.Needs.Ports {
		t.exclude(p, w.Count)
	}
}

func (t *totals) exclude(shared any, n int) {
	if t.alone == nil {
		t.alone = map[any]int{}
	}
	t.alone[shared] += n
	t.crowd = max(t.crowd, t.alone[shared])
}

// hosts is how many hosts the sums ask for, were each as large as the largest in every resource.
func (t *totals) hosts(sizes []HostSize) int {
	need := t.crowd
	var largest HostSize
	for _, s := range sizes {
		largest.CPUUnits = max(largest.CPUUnits, s.CPUUnits)
		largest.MemoryMiB = max(largest.MemoryMiB, s.MemoryMiB)
		largest.GPUs = max(largest.GPUs, s.GPUs)
	}
	for _, r := range [...]struct{ has, wants int64 }{
		{largest.CPUUnits, t.size.CPUUnits}, {largest.MemoryMiB, t.size.MemoryMiB}, {largest.GPUs, t.size.GPUs},
	} {
		if r.has > 0 {
			need = max(need, ceilDiv(int(r.wants), int(r.has)))
		}
	}
	return need
}

// ceilDiv divides and rounds up; both are positive or a is 0.
func ceilDiv(a, b int) int {
	if b <= 0 {
		return 0
	}
	return a/b + min(a%b, 1)
}

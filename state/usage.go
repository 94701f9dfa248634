package state

import (
	"slices"

	"berth/ecs"
)

// Usage is what the tasks of an instance take from it. It is derived from the tasks; a Usage in a view is immutable.
type Usage struct {
	CPUUnits  int64
	MemoryMiB int64
	GPUs      int64
	// Ports are the static host ports in use, sorted.
	Ports []ecs.HostPort
	// Running and Pending count tasks with desired status RUNNING by their last status (semantics.md 2.1).
	Running int
	Pending int
	// Tasks counts every task that is not STOPPED, also those that were asked to stop.
	Tasks int
}

// Counts are the counters of a cluster (features.md B1.6).
type Counts struct {
	// Instances counts ACTIVE and DRAINING instances.
	Instances int
	// Tasks counts every task that is not STOPPED.
	Tasks int
	// Running and Pending count tasks with desired status RUNNING by their last status.
	Running, Pending PerLaunchType
}

// PerLaunchType is a counter split as ECS's statistics are.
type PerLaunchType struct{ EC2, External, Fargate int }

// Total is the sum over launch types.
func (p PerLaunchType) Total() int { return p.EC2 + p.External + p.Fargate }

func (p *PerLaunchType) bump(t ecs.LaunchType, by int) {
	switch t {
	case ecs.LaunchExternal:
		p.External += by
	case ecs.LaunchFargate:
		p.Fargate += by
	default:
		p.EC2 += by
	}
}

// ComparePorts orders ports by protocol, then number.
func ComparePorts(a, b ecs.HostPort) int {
	if a.Protocol != b.Protocol {
		if a.Protocol < b.Protocol {
			return -1
		}
		return 1
	}
	return int(a.Port) - int(b.Port)
}

var noUsage = &Usage{}

// Usage returns what is in use on an instance; never nil.
func (v *View) Usage(id ecs.InstanceID) *Usage {
	if u, ok := v.usage.Get(string(id)); ok {
		return u
	}
	return noUsage
}

var noCounts = &Counts{}

// Counts returns a cluster's counters; never nil.
func (v *View) Counts(cluster string) *Counts {
	if c, ok := v.counts.Get(cluster); ok {
		return c
	}
	return noCounts
}

// account moves one task's weight in or out (sign +1 or -1) of its instance and cluster.
func (v *View) account(t *ecs.Task, sign int) {
	if t.LastStatus == ecs.StatusStopped {
		return
	}
	counted := t.DesiredStatus == ecs.StatusRunning
	running := counted && t.LastStatus == ecs.StatusRunning
	pending := counted && t.LastStatus == ecs.StatusPending
	if t.Instance != "" {
		v.setUsage(t.Instance, v.Usage(t.Instance).with(t, sign, running, pending))
	}
	c := *v.Counts(t.Cluster)
	c.Tasks += sign
	if running {
		c.Running.bump(t.LaunchType, sign)
	}
	if pending {
		c.Pending.bump(t.LaunchType, sign)
	}
	v.setCounts(t.Cluster, &c)
}

// setUsage keeps no entry for an instance without tasks: instances come and go, their entries would stay.
func (v *View) setUsage(id ecs.InstanceID, u *Usage) {
	if u.empty() {
		v.usage.Delete(string(id))
		return
	}
	v.usage.Set(string(id), u)
}

func (v *View) setCounts(cluster string, c *Counts) {
	if *c == *noCounts {
		v.counts.Delete(cluster)
		return
	}
	v.counts.Set(cluster, c)
}

func (u *Usage) empty() bool {
	return u.CPUUnits == 0 && u.MemoryMiB == 0 && u.GPUs == 0 && len(u.Ports) == 0 &&
		u.Running == 0 && u.Pending == 0 && u.Tasks == 0
}

func (u *Usage) with(t *ecs.Task, sign int, running, pending bool) *Usage {
	n := *u
	n.Tasks += sign
	if running {
		n.Running += sign
	}
	if pending {
		n.Pending += sign
	}
	if t.Active() {
		n.CPUUnits += int64(sign) * t.Reserved.CPUUnits
		n.MemoryMiB += int64(sign) * t.Reserved.MemoryMiB
		n.GPUs += int64(sign) * t.Reserved.GPUs
		if len(t.Reserved.Ports) > 0 {
			n.Ports = movePorts(u.Ports, t.Reserved.Ports, sign)
		}
	}
	return &n
}

func movePorts(have, ports []ecs.HostPort, sign int) []ecs.HostPort {
	out := slices.Clone(have)
	for _, p := range ports {
		at, found := slices.BinarySearchFunc(out, p, ComparePorts)
		switch {
		case sign > 0:
			out = slices.Insert(out, at, p)
		case found:
			out = slices.Delete(out, at, at+1)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

package state

import (
	"slices"
	"strings"

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
	// Groups counts the active tasks (see [ecs.Task.Active]) of each group that has one here, in order of group.
	Groups []GroupTasks
}

// GroupTasks is a number of tasks of one group.
type GroupTasks struct {
	Group string
	Tasks int
}

// GroupTasks is the number of active tasks of a group: those that distinctInstance, spread and task:group see.
func (u *Usage) GroupTasks(group string) int {
	if at, found := slices.BinarySearchFunc(u.Groups, group, byGroup); found {
		return u.Groups[at].Tasks
	}
	return 0
}

// Counts are the counters of a cluster (features.md B1.6).
type Counts struct {
	// Instances counts ACTIVE and DRAINING instances.
	Instances int
	// Tasks counts every task that is not STOPPED.
	Tasks int
	// Running and Pending count tasks with desired status RUNNING by their last status.
	Running, Pending PerLaunchType
	// Waiting counts the tasks in PROVISIONING that have no instance yet.
	Waiting int
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

// account replaces one task's weight on its instance and in its cluster by another's; nil weighs nothing.
func (v *View) account(before, after *ecs.Task) {
	was, is := weigh(before, -1), weigh(after, 1)
	if was.equal(&is) {
		return
	}
	switch {
	case was.on() != "" && was.on() == is.on() && before.Group == after.Group:
		v.setUsage(after, v.Usage(after.Instance).with(&was).with(&is))
	default:
		for _, w := range []*weight{&was, &is} {
			if w.on() != "" {
				v.setUsage(w.task, v.Usage(w.on()).with(w))
			}
		}
	}
	for _, w := range []*weight{&was, &is} {
		if w.task == nil {
			continue
		}
		c := *v.Counts(w.task.Cluster)
		c.Tasks += w.sign
		if w.running {
			c.Running.bump(w.task.LaunchType, w.sign)
		}
		if w.pending {
			c.Pending.bump(w.task.LaunchType, w.sign)
		}
		if w.task.Waiting != nil {
			c.Waiting += w.sign
		}
		v.setCounts(w.task.Cluster, &c)
	}
}

// weight is what a task adds to counters, or with sign -1 takes from them. task is nil when that is nothing.
type weight struct {
	task             *ecs.Task
	sign             int
	running, pending bool
}

func weigh(t *ecs.Task, sign int) weight {
	if t == nil || t.LastStatus == ecs.StatusStopped {
		return weight{}
	}
	counted := t.DesiredStatus == ecs.StatusRunning
	return weight{t, sign, counted && t.LastStatus == ecs.StatusRunning, counted && t.LastStatus == ecs.StatusPending}
}

// equal reports whether replacing one by the other changes no counter: true for most reports of an agent.
func (w *weight) equal(o *weight) bool {
	if w.task == nil || o.task == nil {
		return w.task == o.task
	}
	a, b := w.task, o.task
	return w.running == o.running && w.pending == o.pending && a.Instance == b.Instance && a.Cluster == b.Cluster &&
		a.Active() == b.Active() && (a.Waiting == nil) == (b.Waiting == nil) && a.Group == b.Group && a.LaunchType == b.LaunchType && sameReservation(&a.Reserved, &b.Reserved)
}

func sameReservation(a, b *ecs.Reservation) bool {
	return a.CPUUnits == b.CPUUnits && a.MemoryMiB == b.MemoryMiB && a.GPUs == b.GPUs && slices.Equal(a.Ports, b.Ports)
}

func (w *weight) on() ecs.InstanceID {
	if w.task == nil {
		return ""
	}
	return w.task.Instance
}

// setUsage keeps no entry for an instance without tasks: instances come and go, their entries would stay.
func (v *View) setUsage(t *ecs.Task, u *Usage) {
	if u.empty() {
		u = noUsage
		v.usage.Delete(string(t.Instance))
	} else {
		v.usage.Set(string(t.Instance), u)
	}
	if v.journal != nil {
		v.journal.add(Touch{Cluster: t.Cluster, Instance: t.Instance, Usage: u, Group: t.Group})
	}
}

func (v *View) setCounts(cluster string, c *Counts) {
	if *c == *noCounts {
		v.counts.Delete(cluster)
		return
	}
	v.counts.Set(cluster, c)
}

func (u *Usage) empty() bool {
	return u.CPUUnits == 0 && u.MemoryMiB == 0 && u.GPUs == 0 && len(u.Ports) == 0 && len(u.Groups) == 0 &&
		u.Running == 0 && u.Pending == 0 && u.Tasks == 0
}

func (u *Usage) with(w *weight) *Usage {
	n := *u
	t, sign := w.task, int64(w.sign)
	n.Tasks += w.sign
	if w.running {
		n.Running += w.sign
	}
	if w.pending {
		n.Pending += w.sign
	}
	if !t.Active() {
		return &n
	}
	n.CPUUnits += sign * t.Reserved.CPUUnits
	n.MemoryMiB += sign * t.Reserved.MemoryMiB
	n.GPUs += sign * t.Reserved.GPUs
	n.Groups = moveGroup(u.Groups, t.Group, w.sign)
	if len(t.Reserved.Ports) > 0 {
		n.Ports = movePorts(u.Ports, t.Reserved.Ports, w.sign)
	}
	return &n
}

func byGroup(g GroupTasks, group string) int { return strings.Compare(g.Group, group) }

// moveGroup returns the list with one task of a group more or less; the list given stays as it is.
func moveGroup(have []GroupTasks, group string, sign int) []GroupTasks {
	at, found := slices.BinarySearchFunc(have, group, byGroup)
	switch {
	case !found:
		out := make([]GroupTasks, 0, len(have)+1)
		out = append(append(out, have[:at]...), GroupTasks{group, sign})
		return append(out, have[at:]...)
	case have[at].Tasks+sign != 0:
		out := slices.Clone(have)
		out[at].Tasks += sign
		return out
	case len(have) == 1:
		return nil
	}
	return slices.Delete(slices.Clone(have), at, at+1)
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

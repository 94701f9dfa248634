package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"berth/api/acs"
)

// Capacity is a host's room for tasks.
type Capacity struct {
	// CPUUnits is in 1/1024 of a core.
	CPUUnits  int64
	MemoryMiB int64
}

// hostPort is a port of the host.
type hostPort struct {
	port  uint16
	proto string
}

func (p hostPort) String() string { return fmt.Sprintf("%d/%s", p.port, p.proto) }

// claim is the room a task takes.
type claim struct {
	cpu, memory int64
	ports       []hostPort
}

// claimOf counts the task's own CPU and memory or, without them, the sum of its containers', a reservation before a
// limit. Ports are the fixed ones; in host mode every container port is one.
func claimOf(task acs.Task) claim {
	var c claim
	for _, def := range task.Containers {
		c.cpu += def.CPU
		c.memory += memoryOf(def)
		for _, m := range def.PortMappings {
			port := m.HostPort
			if task.NetworkMode == "host" && port == 0 {
				port = m.ContainerPort
			}
			if port < 1 || port > math.MaxUint16 || task.NetworkMode == "none" {
				continue
			}
			c.ports = append(c.ports, hostPort{uint16(port), cmp.Or(strings.ToLower(m.Protocol), "tcp")})
		}
	}
	if task.CPU > 0 {
		c.cpu = int64(math.Round(task.CPU * 1024))
	}
	if task.Memory > 0 {
		c.memory = task.Memory
	}
	return c
}

// memoryOf is in MiB. The texts are Docker's own, so encoding/json reads them without regard to case.
func memoryOf(def acs.Container) int64 {
	if def.DockerConfig != nil && def.DockerConfig.HostConfig != "" {
		var host struct{ MemoryReservation int64 }
		if json.Unmarshal([]byte(def.DockerConfig.HostConfig), &host) == nil && host.MemoryReservation > 0 {
			return host.MemoryReservation >> 20
		}
	}
	return def.Memory
}

// ledger keeps the host's books and the queue. It is a plain value: no lock, no clock.
type ledger struct {
	capacity Capacity
	held     map[string]claim // by task ARN
	order    []string         // holders in order of admission
	queue    []waiter
}

type waiter struct {
	task  string
	claim claim
}

func newLedger(capacity Capacity) *ledger {
	return &ledger{capacity: capacity, held: map[string]claim{}}
}

// tooBig is why a claim fits not even on the empty host; "" when it does.
func (l *ledger) tooBig(c claim) string {
	switch {
	case c.cpu > l.capacity.CPUUnits:
		return fmt.Sprintf("the task needs %d CPU units, the host has %d", c.cpu, l.capacity.CPUUnits)
	case c.memory > l.capacity.MemoryMiB:
		return fmt.Sprintf("the task needs %d MiB of memory, the host has %d", c.memory, l.capacity.MemoryMiB)
	}
	return ""
}

// hold books a claim without asking whether it fits: the task runs already.
func (l *ledger) hold(task string, c claim) {
	l.held[task] = c
	l.order = append(l.order, task)
}

// enqueue adds a task to the end of the queue.
func (l *ledger) enqueue(task string, c claim) { l.queue = append(l.queue, waiter{task, c}) }

// release gives back what a task holds, or takes it out of the queue.
func (l *ledger) release(task string) {
	delete(l.held, task)
	l.order = slices.DeleteFunc(l.order, func(t string) bool { return t == task })
	l.queue = slices.DeleteFunc(l.queue, func(w waiter) bool { return w.task == task })
}

// admit takes from the head of the queue what fits. The head blocks those behind it.
func (l *ledger) admit() []string {
	var in []string
	for len(l.queue) > 0 {
		head := l.queue[0]
		if l.lacks(head.claim) != nil {
			break
		}
		l.hold(head.task, head.claim)
		l.queue = l.queue[1:]
		in = append(in, head.task)
	}
	return in
}

// shortage is what a claim lacks and who holds it; holder is "" when no single task does.
type shortage struct{ what, holder string }

// lacks returns the first resource that is not free for the claim, nil when it fits.
func (l *ledger) lacks(c claim) *shortage {
	var cpu, memory int64
	for _, task := range l.order {
		h := l.held[task]
		cpu += h.cpu
		memory += h.memory
		for _, p := range c.ports {
			if slices.Contains(h.ports, p) {
				return &shortage{"host port " + p.String(), task}
			}
		}
	}
	switch {
	case c.cpu > 0 && cpu+c.cpu > l.capacity.CPUUnits:
		return &shortage{fmt.Sprintf("%d CPU units (%d of %d are free)", c.cpu, max(l.capacity.CPUUnits-cpu, 0), l.capacity.CPUUnits), ""}
	case c.memory > 0 && memory+c.memory > l.capacity.MemoryMiB:
		return &shortage{fmt.Sprintf("%d MiB of memory (%d of %d are free)", c.memory, max(l.capacity.MemoryMiB-memory, 0), l.capacity.MemoryMiB), ""}
	}
	return nil
}

// reasons says for every waiting task why it waits. stopping tells which holders are on their way out.
func (l *ledger) reasons(stopping func(task string) bool) map[string]string {
	out := map[string]string{}
	for i, w := range l.queue {
		if i > 0 {
			out[w.task] = "Waiting for its turn behind task " + short(l.queue[0].task)
			continue
		}
		lack := l.lacks(w.claim)
		if lack == nil {
			continue
		}
		out[w.task] = "Waiting for " + lack.what + l.blame(lack, stopping)
	}
	return out
}

// blame names the task to wait for: the holder of the port, or the first stopping task that gives something back.
func (l *ledger) blame(lack *shortage, stopping func(string) bool) string {
	if lack.holder != "" {
		text := ", held by task " + short(lack.holder)
		if stopping(lack.holder) {
			text += ", which is stopping"
		}
		return text
	}
	for _, task := range l.order {
		if stopping(task) {
			return ", held by task " + short(task) + ", which is stopping"
		}
	}
	return ", held by running tasks"
}

// short is the task's id.
func short(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

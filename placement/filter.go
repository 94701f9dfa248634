package placement

import (
	"fmt"
	"slices"
	"strings"

	"berth/ecs"
	"berth/placement/query"
	"berth/state"
)

// The reasons of rejections, as ECS spells them (semantics.md 1.4).
const (
	ReasonInactive  = "INACTIVE"
	ReasonAgent     = "AGENT"
	ReasonAttribute = "ATTRIBUTE"
	ReasonCPU       = "RESOURCE:CPU"
	ReasonMemory    = "RESOURCE:MEMORY"
	ReasonPorts     = "RESOURCE:PORTS"
	ReasonGPU       = "RESOURCE:GPU"
	ReasonLocation  = "LOCATION"
	ReasonDistinct  = "DistinctInstance placement constraint unsatisfied."
	ReasonMemberOf  = "MemberOf placement constraint unsatisfied."
)

// maxReservedPorts is ECS's limit of reserved ports per instance, its default ones included (features.md C57).
const maxReservedPorts = 100

// candidate is an instance with what is in use on it.
type candidate struct {
	instance *ecs.Instance
	usage    *state.Usage
}

// filter is one question asked of an instance. detail is asked only after passes said no, and only when no instance passes: texts
// for every instance of a big cluster would cost more than the choice.
type filter struct {
	reason string
	passes func(q *question, c candidate) bool
	detail func(q *question, c candidate) string
}

// filters in the order ECS names them: what an instance is, what is free on it, what was asked for beside. Only ACTIVE instances
// come this far.
var filters = []filter{agentConnected, launchType, attributes, cpu, memory, ports, gpus, zone, distinct, memberOf}

// namedFilters are what StartTask still checks of the instance it names (semantics.md 4.3).
var namedFilters = []filter{isActive, agentConnected, attributes, cpu, memory, ports, gpus}

// The filters again, parted by what their verdict depends on: the instance's record alone, or the tasks on it too. An instance that
// passes both parts passes all.
var (
	staticFilters  = []filter{isActive, agentConnected, launchType, attributes, zone, staticMemberOf}
	dynamicFilters = []filter{cpu, memory, ports, gpus, distinct, dynamicMemberOf}
)

var isActive = filter{
	ReasonInactive,
	func(_ *question, c candidate) bool { return c.instance.Status == ecs.InstanceActive },
	func(_ *question, c candidate) string { return "the instance is " + string(c.instance.Status) },
}

var agentConnected = filter{
	ReasonAgent,
	func(_ *question, c candidate) bool { return c.instance.AgentConnected },
	func(*question, candidate) string { return "the agent is not connected" },
}

var launchType = filter{
	ReasonAttribute,
	func(q *question, c candidate) bool {
		return q.LaunchType == "" || (q.LaunchType == ecs.LaunchExternal) == c.instance.External()
	},
	func(q *question, _ candidate) string {
		if q.LaunchType == ecs.LaunchExternal {
			return "launch type EXTERNAL needs an instance with ecs.capability.external"
		}
		return fmt.Sprintf("launch type %s does not run on an external instance", q.LaunchType)
	},
}

var attributes = filter{
	ReasonAttribute,
	func(q *question, c candidate) bool { return missing(q, c) < 0 },
	func(q *question, c candidate) string {
		want := q.Attributes[missing(q, c)]
		have, ok := c.instance.Attribute(want.Name)
		if !ok {
			return "missing attribute " + want.Name
		}
		return fmt.Sprintf("attribute %s is %q, the task needs %q", want.Name, have, want.Value)
	},
}

// missing returns the place of the first required attribute the instance lacks, or -1.
func missing(q *question, c candidate) int {
	return slices.IndexFunc(q.Attributes, func(want ecs.Attribute) bool {
		have, ok := c.instance.Attribute(want.Name)
		return !ok || want.Value != "" && want.Value != have
	})
}

var cpu = filter{
	ReasonCPU,
	func(q *question, c candidate) bool { return q.Needs.CPUUnits <= c.freeCPU() },
	func(q *question, c candidate) string {
		return fmt.Sprintf("needs %d CPU units, %d of %d are free", q.Needs.CPUUnits, c.freeCPU(), c.instance.CPUUnits)
	},
}

var memory = filter{
	ReasonMemory,
	func(q *question, c candidate) bool { return q.Needs.MemoryMiB <= c.freeMemory() },
	func(q *question, c candidate) string {
		return fmt.Sprintf("needs %d MiB of memory, %d of %d are free", q.Needs.MemoryMiB, c.freeMemory(), c.instance.MemoryMiB)
	},
}

var gpus = filter{
	ReasonGPU,
	func(q *question, c candidate) bool { return q.Needs.GPUs <= c.freeGPUs() },
	func(q *question, c candidate) string {
		return fmt.Sprintf("needs %d GPUs, %d of %d are free", q.Needs.GPUs, c.freeGPUs(), len(c.instance.GPUIDs))
	},
}

// What is free is never below zero, though a host may register again with less than its tasks were promised.

func (c candidate) freeCPU() int64    { return max(c.instance.CPUUnits-c.usage.CPUUnits, 0) }
func (c candidate) freeMemory() int64 { return max(c.instance.MemoryMiB-c.usage.MemoryMiB, 0) }
func (c candidate) freeGPUs() int64   { return max(int64(len(c.instance.GPUIDs))-c.usage.GPUs, 0) }

var ports = filter{
	ReasonPorts,
	func(q *question, c candidate) bool {
		return len(q.Needs.Ports) == 0 || takenPort(q, c) < 0 && c.ports(q) <= maxReservedPorts
	},
	func(q *question, c candidate) string {
		k := takenPort(q, c)
		switch {
		case k < 0:
			return fmt.Sprintf("%d reserved ports would exceed the limit of %d", c.ports(q), maxReservedPorts)
		case slices.Contains(c.instance.ReservedPorts, q.Needs.Ports[k]):
			return fmt.Sprintf("port %d/%s is reserved on the instance", q.Needs.Ports[k].Port, q.Needs.Ports[k].Protocol)
		}
		return fmt.Sprintf("port %d/%s is in use on the instance", q.Needs.Ports[k].Port, q.Needs.Ports[k].Protocol)
	},
}

// takenPort returns the place of the first wanted port that is not free, or -1.
func takenPort(q *question, c candidate) int {
	return slices.IndexFunc(q.Needs.Ports, func(p ecs.HostPort) bool {
		_, used := slices.BinarySearchFunc(c.usage.Ports, p, state.ComparePorts)
		return used || slices.Contains(c.instance.ReservedPorts, p)
	})
}

// ports is how many ports of the instance would be taken with the task on it.
func (c candidate) ports(q *question) int {
	return len(c.instance.ReservedPorts) + len(c.usage.Ports) + len(q.Needs.Ports)
}

var distinct = filter{
	ReasonDistinct,
	func(q *question, c candidate) bool { return !q.DistinctInstance || c.usage.GroupTasks(q.Group) == 0 },
	func(q *question, _ candidate) string { return "a task of group " + q.Group + " runs there" },
}

var zone = filter{
	ReasonLocation,
	func(q *question, c candidate) bool {
		return len(q.Zones) == 0 || slices.Contains(q.Zones, c.instance.Zone())
	},
	func(q *question, c candidate) string {
		return fmt.Sprintf("the instance is in zone %q, the task needs %s", c.instance.Zone(), strings.Join(q.Zones, " or "))
	},
}

var memberOf = filter{
	ReasonMemberOf,
	func(q *question, c candidate) bool { return unsatisfied(q, c) < 0 },
	func(q *question, c candidate) string { return q.MemberOf[unsatisfied(q, c)].Explain(q.ask(c)) },
}

// unsatisfied returns the place of the first expression that does not hold, or -1.
func unsatisfied(q *question, c candidate) int {
	return slices.IndexFunc(q.MemberOf, func(x *query.Expr) bool { return !x.Eval(q.ask(c)) })
}

var staticMemberOf = filter{reason: ReasonMemberOf, passes: func(q *question, c candidate) bool { return q.holds(c, false) }}

var dynamicMemberOf = filter{reason: ReasonMemberOf, passes: func(q *question, c candidate) bool { return q.holds(c, true) }}

// holds reports whether the expressions hold that ask for tasks, or those that do not.
func (q *question) holds(c candidate, dynamic bool) bool {
	for _, x := range q.MemberOf {
		if x.Dynamic() == dynamic && !x.Eval(q.ask(c)) {
			return false
		}
	}
	return true
}

// ask makes an expression's subject of a candidate; it lasts until the next call.
func (q *question) ask(c candidate) *Subject {
	q.subject = Subject{query.Instance{Instance: c.instance}, c.usage}
	return &q.subject
}

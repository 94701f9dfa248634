package placement

import (
	"fmt"
	"slices"

	"berth/ecs"
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
	ReasonDistinct  = "DistinctInstance placement constraint unsatisfied."
)

// maxReservedPorts is ECS's limit of reserved ports per instance, its default ones included (features.md C57).
const maxReservedPorts = 100

// candidate is an instance with what is in use on it.
type candidate struct {
	instance *ecs.Instance
	usage    *state.Usage
}

// filter returns "" when the instance may take the task, else the reason and a detail.
type filter func(v *state.View, r *Request, c candidate) (reason, detail string)

// filters in the order ECS names them: what no waiting helps against comes first.
var filters = []filter{isActive, agentConnected, launchType, attributes, cpu, memory, ports, gpus, distinct}

// resourceFilters are what StartTask still checks (semantics.md 4.3).
var resourceFilters = []filter{isActive, agentConnected, attributes, cpu, memory, ports, gpus}

func isActive(_ *state.View, _ *Request, c candidate) (string, string) {
	if c.instance.Status == ecs.InstanceActive {
		return "", ""
	}
	return ReasonInactive, "the instance is " + string(c.instance.Status)
}

func agentConnected(_ *state.View, _ *Request, c candidate) (string, string) {
	if c.instance.AgentConnected {
		return "", ""
	}
	return ReasonAgent, "the agent is not connected"
}

func launchType(_ *state.View, r *Request, c candidate) (string, string) {
	external := c.instance.External()
	switch {
	case r.LaunchType == ecs.LaunchExternal && !external:
		return ReasonAttribute, "launch type EXTERNAL needs an instance with ecs.capability.external"
	case r.LaunchType == ecs.LaunchEC2 && external:
		return ReasonAttribute, "launch type EC2 does not run on an external instance"
	}
	return "", ""
}

func attributes(_ *state.View, r *Request, c candidate) (string, string) {
	for _, want := range r.Attributes {
		have, ok := c.instance.Attribute(want.Name)
		if !ok {
			return ReasonAttribute, "missing attribute " + want.Name
		}
		if want.Value != "" && want.Value != have {
			return ReasonAttribute, fmt.Sprintf("attribute %s is %q, the task needs %q", want.Name, have, want.Value)
		}
	}
	return "", ""
}

func cpu(_ *state.View, r *Request, c candidate) (string, string) {
	free := c.instance.CPUUnits - c.usage.CPUUnits
	if r.Needs.CPUUnits <= max(free, 0) {
		return "", ""
	}
	return ReasonCPU, fmt.Sprintf("needs %d CPU units, %d of %d are free", r.Needs.CPUUnits, free, c.instance.CPUUnits)
}

func memory(_ *state.View, r *Request, c candidate) (string, string) {
	free := c.instance.MemoryMiB - c.usage.MemoryMiB
	if r.Needs.MemoryMiB <= free {
		return "", ""
	}
	return ReasonMemory, fmt.Sprintf("needs %d MiB of memory, %d of %d are free", r.Needs.MemoryMiB, free, c.instance.MemoryMiB)
}

func ports(_ *state.View, r *Request, c candidate) (string, string) {
	if len(r.Needs.Ports) == 0 {
		return "", ""
	}
	for _, p := range r.Needs.Ports {
		if slices.Contains(c.instance.ReservedPorts, p) {
			return ReasonPorts, fmt.Sprintf("port %d/%s is reserved on the instance", p.Port, p.Protocol)
		}
		if _, used := slices.BinarySearchFunc(c.usage.Ports, p, state.ComparePorts); used {
			return ReasonPorts, fmt.Sprintf("port %d/%s is in use on the instance", p.Port, p.Protocol)
		}
	}
	if n := len(c.instance.ReservedPorts) + len(c.usage.Ports) + len(r.Needs.Ports); n > maxReservedPorts {
		return ReasonPorts, fmt.Sprintf("%d reserved ports would exceed the limit of %d", n, maxReservedPorts)
	}
	return "", ""
}

func gpus(_ *state.View, r *Request, c candidate) (string, string) {
	free := int64(len(c.instance.GPUIDs)) - c.usage.GPUs
	if r.Needs.GPUs <= max(free, 0) {
		return "", ""
	}
	return ReasonGPU, fmt.Sprintf("needs %d GPUs, %d are free", r.Needs.GPUs, max(free, 0))
}

func distinct(v *state.View, r *Request, c candidate) (string, string) {
	if !r.DistinctInstance || groupTasksOn(v, r, c.instance) == 0 {
		return "", ""
	}
	return ReasonDistinct, "a task of group " + r.Group + " runs there"
}

// groupTasksOn counts the active tasks of the request's group on an instance.
func groupTasksOn(v *state.View, r *Request, i *ecs.Instance) int {
	n := 0
	v.ScanTasksOfInstance(i, "", func(t *ecs.Task) bool {
		if t.Group == r.Group && t.Active() {
			n++
		}
		return true
	})
	return n
}

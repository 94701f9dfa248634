package ecs

import "slices"

// TaskReservation is what a task takes from its instance (features.md B5.11, semantics.md 3.1): the task size where one is
// given, else the sum over the containers of cpu and of reservation, or memory without a reservation; the fixed ports it takes
// from the host; its GPUs. overrides may be nil; they count as ValidateOverrides accepted them. def must be normalized.
func TaskReservation(def *TaskDefinition, overrides *TaskOverride) Reservation {
	r := Reservation{Ports: def.staticHostPorts()}
	for i := range def.Containers {
		c := def.Containers[i].Effective(overrides.Container(def.Containers[i].Name))
		r.CPUUnits += int64(c.CPUUnits)
		r.MemoryMiB += reservedMemory(c.MemoryReservationMiB, c.MemoryMiB)
		r.GPUs += c.GPUs()
	}
	if cpu := def.taskCPU(overrides); cpu > 0 && !def.windows() {
		r.CPUUnits = cpu
	}
	if memory := def.taskMemory(overrides); memory > 0 && !def.windows() {
		r.MemoryMiB = memory
	}
	return r
}

// reservedMemory is what placement counts for a container: the reservation, else the limit.
func reservedMemory(reservation, limit int32) int64 {
	if reservation > 0 {
		return int64(reservation)
	}
	return int64(limit)
}

func (d *TaskDefinition) taskCPU(o *TaskOverride) int64 {
	if o != nil && o.CPU != "" {
		return sizeOf(o.CPU, ParseTaskCPU)
	}
	return d.CPUUnits()
}

func (d *TaskDefinition) taskMemory(o *TaskOverride) int64 {
	if o != nil && o.Memory != "" {
		return sizeOf(o.Memory, ParseTaskMemory)
	}
	return d.MemoryMiB()
}

// Effective returns the container's definition with an override (or nil) merged in: what really runs. Environment variables keep
// their order; one that is overridden keeps its place and new ones follow (features.md B7). c is not changed.
func (c *ContainerDefinition) Effective(o *ContainerOverride) ContainerDefinition {
	e := *c
	if o == nil {
		return e
	}
	if o.HasCommand {
		e.Command = o.Command
	}
	e.Environment = mergeEnvironment(c.Environment, o.Environment)
	if len(o.EnvironmentFiles) > 0 {
		e.EnvironmentFiles = o.EnvironmentFiles
	}
	e.CPUUnits = valueOr(o.CPU, e.CPUUnits)
	e.MemoryMiB = valueOr(o.MemoryMiB, e.MemoryMiB)
	e.MemoryReservationMiB = valueOr(o.MemoryReservationMiB, e.MemoryReservationMiB)
	if len(o.ResourceRequirements) > 0 {
		e.ResourceRequirements = o.ResourceRequirements
	}
	return e
}

func mergeEnvironment(base, over []KeyValue) []KeyValue {
	if len(over) == 0 {
		return base
	}
	merged := slices.Clone(base)
	for _, kv := range over {
		at := slices.IndexFunc(merged, func(m KeyValue) bool { return m.Name == kv.Name })
		if at < 0 {
			merged = append(merged, kv)
		} else {
			merged[at].Value = kv.Value
		}
	}
	return merged
}

// GPUs is the number of whole GPUs the container asks for.
func (c *ContainerDefinition) GPUs() int64 {
	var n int64
	for _, r := range c.ResourceRequirements {
		if r.Type == ResourceGPU {
			n += gpuCount(r.Value)
		}
	}
	return n
}

// staticHostPorts are the ports of the instance a task needs for itself, in order of the definition. Dynamic ones are the
// agent's to choose; an awsvpc task has its own interface and takes none.
func (d *TaskDefinition) staticHostPorts() []HostPort {
	if mode := d.Network(); mode != NetworkBridge && mode != NetworkHost {
		return nil
	}
	var ports []HostPort
	for i := range d.Containers {
		for _, p := range d.Containers[i].PortMappings {
			if port := (HostPort{p.HostPort, p.Protocol}); p.HostPort != 0 && !slices.Contains(ports, port) {
				ports = append(ports, port)
			}
		}
	}
	return ports
}

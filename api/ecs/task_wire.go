package ecs

import (
	"strconv"

	"berth/api/ecs/wire"
	"berth/ecs"
	"berth/state"
)

// taskToWire is the shape of a task. ECS: overrides name every container, sizes are strings, lists that have a place are there
// even when empty, and health and connectivity are absent until they are known (semantics.md 1.7).
func (s *Service) taskToWire(view *state.Snapshot, t *ecs.Task, tags bool) *wire.Task {
	def := view.TaskDefinition(t.Family, t.Revision)
	out := &wire.Task{
		TaskArn: new(s.Realm.TaskARN(t.Cluster, t.ID)), ClusterArn: new(s.Realm.ClusterARN(t.Cluster)),
		TaskDefinitionArn: new(s.Realm.TaskDefinitionARN(t.Family, t.Revision)), AvailabilityZone: given(t.Zone),
		Group: &t.Group, StartedBy: given(t.StartedBy), LaunchType: new(string(t.LaunchType)),
		CapacityProviderName: given(t.CapacityProvider),
		Cpu:                  given(taskSize(t.CPU, t.Reserved.CPUUnits)), Memory: given(taskSize(t.Memory, t.Reserved.MemoryMiB)),
		LastStatus: new(string(t.LastStatus)), DesiredStatus: new(string(t.DesiredStatus)),
		HealthStatus: new(string(t.Health)), Connectivity: given(string(t.Connectivity)), ConnectivityAt: at(t.ConnectivityAt),
		CreatedAt: at(t.CreatedAt), PullStartedAt: at(t.PullStartedAt), PullStoppedAt: at(t.PullStoppedAt),
		StartedAt: at(t.StartedAt), StoppingAt: at(t.StoppingAt), ExecutionStoppedAt: at(t.ExecutionStoppedAt),
		StoppedAt: at(t.StoppedAt), StopCode: given(string(t.StopCode)), StoppedReason: given(t.StoppedReason),
		EnableExecuteCommand: &t.EnableExecuteCommand, Version: &t.Version,
		Overrides: taskOverrideToWire(t), Containers: s.containersToWire(t, def),
		Attachments: []wire.Attachment{}, Attributes: s.taskAttributes(view, t),
		InferenceAccelerators: []wire.InferenceAccelerator{}, Tags: []wire.Tag{},
	}
	if t.Instance != "" {
		out.ContainerInstanceArn = new(s.Realm.InstanceARN(t.Cluster, t.Instance))
	}
	if tags {
		out.Tags = tagsToWire(t.Tags)
	}
	return out
}

// taskSize is the task's own size, or what its containers take together.
func taskSize(own string, reserved int64) string {
	if own != "" {
		return own
	}
	return strconv.FormatInt(reserved, 10)
}

// taskAttributes: a task shows the processor architecture it runs on.
func (s *Service) taskAttributes(view *state.Snapshot, t *ecs.Task) []wire.Attribute {
	if i := view.InstanceByID(t.Instance); i != nil {
		if arch, ok := i.Attribute("ecs.cpu-architecture"); ok {
			return []wire.Attribute{{Name: new("ecs.cpu-architecture"), Value: &arch}}
		}
	}
	return []wire.Attribute{}
}

func (s *Service) containersToWire(t *ecs.Task, def *ecs.TaskDefinition) []wire.Container {
	out := make([]wire.Container, 0, len(t.Containers))
	taskARN := s.Realm.TaskARN(t.Cluster, t.ID)
	for k := range t.Containers {
		c := &t.Containers[k]
		w := wire.Container{
			ContainerArn: new(s.Realm.ContainerARN(t.Cluster, t.ID, c.ID)), TaskArn: &taskARN, Name: &c.Name, Image: &c.Image,
			ImageDigest: given(c.ImageDigest), RuntimeId: given(c.RuntimeID), LastStatus: new(string(c.LastStatus)),
			ExitCode: c.ExitCode, Reason: given(containerReason(t, c)), HealthStatus: new(string(c.Health)),
			NetworkBindings: bindingsToWire(c.Bindings), NetworkInterfaces: []wire.NetworkInterface{}, Cpu: new("0"),
		}
		if len(c.GPUIDs) > 0 {
			w.GpuIds = c.GPUIDs
		}
		if def != nil {
			containerSizes(&w, def.Container(c.Name), t.Overrides.Container(c.Name))
		}
		out = append(out, w)
	}
	return out
}

// containerReason is the container's own reason; while the agent waits for room, what it waits for. A normal end has none
// (clients.md 6).
func containerReason(t *ecs.Task, c *ecs.Container) string {
	if c.Reason == "" && c.LastStatus == ecs.StatusPending {
		return t.PendingReason
	}
	return c.Reason
}

func containerSizes(w *wire.Container, d *ecs.ContainerDefinition, o *ecs.ContainerOverride) {
	if d == nil {
		return
	}
	cpu, memory, reservation := d.CPUUnits, d.MemoryMiB, d.MemoryReservationMiB
	if o != nil {
		cpu, memory, reservation = override(cpu, o.CPU), override(memory, o.MemoryMiB), override(reservation, o.MemoryReservationMiB)
	}
	w.Cpu = new(strconv.Itoa(int(cpu)))
	if memory != 0 {
		w.Memory = new(strconv.Itoa(int(memory)))
	}
	if reservation != 0 {
		w.MemoryReservation = new(strconv.Itoa(int(reservation)))
	}
}

func override(n int32, by *int32) int32 {
	if by != nil {
		return *by
	}
	return n
}

func bindingsToWire(in []ecs.NetworkBinding) []wire.NetworkBinding {
	out := make([]wire.NetworkBinding, 0, len(in))
	for _, b := range in {
		w := wire.NetworkBinding{
			BindIP: given(b.BindIP), Protocol: new(string(b.Protocol)),
			ContainerPortRange: given(b.ContainerPortRange), HostPortRange: given(b.HostPortRange),
		}
		if b.ContainerPortRange == "" {
			w.ContainerPort, w.HostPort = new(int32(b.ContainerPort)), new(int32(b.HostPort))
		}
		out = append(out, w)
	}
	return out
}

package ecs

import (
	"berth/api/ecs/wire"
	"berth/ecs"
)

// taskOverrideFromWire reads the overrides of RunTask and StartTask; nil when there are none. Sizes become unit strings; one that
// cannot be read stays as it is, for the command to refuse with its other arguments.
func taskOverrideFromWire(in *wire.TaskOverride) *ecs.TaskOverride {
	if in == nil {
		return nil
	}
	o := &ecs.TaskOverride{
		Containers: convert(in.ContainerOverrides, containerOverrideFromWire),
		CPU:        normalized(value(in.Cpu), ecs.NormalizeTaskCPU), Memory: normalized(value(in.Memory), ecs.NormalizeTaskMemory),
		ExecutionRoleARN: value(in.ExecutionRoleArn), TaskRoleARN: value(in.TaskRoleArn),
		InferenceAccelerator: convert(in.InferenceAcceleratorOverrides, acceleratorOverrideFromWire),
	}
	if in.EphemeralStorage != nil {
		o.EphemeralStorageGiB = value(in.EphemeralStorage.SizeInGiB)
	}
	return o
}

func normalized(s string, normalize func(string) (string, error)) string {
	if units, err := normalize(s); err == nil {
		return units
	}
	return s
}

func containerOverrideFromWire(in *wire.ContainerOverride) ecs.ContainerOverride {
	return ecs.ContainerOverride{
		Name: value(in.Name), Command: in.Command, HasCommand: in.Command != nil,
		Environment:      convert(in.Environment, pairFromWire),
		EnvironmentFiles: convert(in.EnvironmentFiles, environmentFileFromWire),
		CPU:              in.Cpu, MemoryMiB: in.Memory, MemoryReservationMiB: in.MemoryReservation,
		ResourceRequirements: convert(in.ResourceRequirements, resourceRequirementFromWire),
	}
}

func acceleratorOverrideFromWire(a *wire.InferenceAcceleratorOverride) ecs.InferenceAcceleratorOverride {
	return ecs.InferenceAcceleratorOverride{DeviceName: value(a.DeviceName), DeviceType: value(a.DeviceType)}
}

// taskOverrideToWire shows a task's overrides. ECS: every container is named, also those nothing was overridden of, and the list
// of accelerators is always there (semantics.md 1.7).
func taskOverrideToWire(t *ecs.Task) *wire.TaskOverride {
	out := &wire.TaskOverride{
		ContainerOverrides:            make([]wire.ContainerOverride, len(t.Containers)),
		InferenceAcceleratorOverrides: []wire.InferenceAcceleratorOverride{},
	}
	for i := range t.Containers {
		out.ContainerOverrides[i] = containerOverrideToWire(t.Containers[i].Name, t.Overrides.Container(t.Containers[i].Name))
	}
	o := t.Overrides
	if o == nil {
		return out
	}
	out.Cpu, out.Memory = given(o.CPU), given(o.Memory)
	out.ExecutionRoleArn, out.TaskRoleArn = given(o.ExecutionRoleARN), given(o.TaskRoleARN)
	out.InferenceAcceleratorOverrides = listed(o.InferenceAccelerator, acceleratorOverrideToWire)
	if o.EphemeralStorageGiB != 0 {
		out.EphemeralStorage = &wire.EphemeralStorage{SizeInGiB: &o.EphemeralStorageGiB}
	}
	return out
}

func containerOverrideToWire(name string, o *ecs.ContainerOverride) wire.ContainerOverride {
	out := wire.ContainerOverride{Name: &name}
	if o == nil {
		return out
	}
	if o.HasCommand {
		out.Command = o.Command
	}
	out.Environment = convert(o.Environment, pairToWire)
	out.EnvironmentFiles = convert(o.EnvironmentFiles, environmentFileToWire)
	out.Cpu, out.Memory, out.MemoryReservation = o.CPU, o.MemoryMiB, o.MemoryReservationMiB
	out.ResourceRequirements = convert(o.ResourceRequirements, resourceRequirementToWire)
	return out
}

func acceleratorOverrideToWire(a *ecs.InferenceAcceleratorOverride) wire.InferenceAcceleratorOverride {
	return wire.InferenceAcceleratorOverride{DeviceName: given(a.DeviceName), DeviceType: given(a.DeviceType)}
}

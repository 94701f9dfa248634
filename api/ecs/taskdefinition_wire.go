package ecs

import (
	"berth/api/ecs/wire"
	"berth/ecs"
)

// The shape of a task definition. Both directions keep apart what was not given (nil) and what was given empty: the first is
// absent in the answer, the second an empty list (semantics.md 1.7). Strings that are empty count as not given.

// convert maps a list and keeps nil.
func convert[A, B any](in []A, f func(*A) B) []B {
	if in == nil {
		return nil
	}
	out := make([]B, len(in))
	for i := range in {
		out[i] = f(&in[i])
	}
	return out
}

// listed is convert for lists that are in the answer even when nothing was given.
func listed[A, B any](in []A, f func(*A) B) []B {
	if in == nil {
		return []B{}
	}
	return convert(in, f)
}

// taskDefinitionFromWire reads a registration. It refuses only what the domain has no room for: an unreadable size, also an empty
// one, before anything else (semantics.md 11.17), and numbers that are no port.
func taskDefinitionFromWire(in *wire.RegisterTaskDefinitionInput) (*ecs.TaskDefinition, error) {
	d := &ecs.TaskDefinition{
		Family: value(in.Family), TaskRoleARN: value(in.TaskRoleArn), ExecutionRoleARN: value(in.ExecutionRoleArn),
		NetworkMode: ecs.NetworkMode(value(in.NetworkMode)), PIDMode: value(in.PidMode), IPCMode: value(in.IpcMode),
		Volumes:                 convert(in.Volumes, volumeFromWire),
		PlacementConstraints:    convert(in.PlacementConstraints, definitionConstraintFromWire),
		RequiresCompatibilities: in.RequiresCompatibilities,
		Proxy:                   proxyFromWire(in.ProxyConfiguration),
		InferenceAccelerators:   convert(in.InferenceAccelerators, acceleratorFromWire),
		Tags:                    tagsFromWire(in.Tags),
	}
	if err := definitionSizes(d, in); err != nil {
		return nil, err
	}
	if in.RuntimePlatform != nil {
		d.Platform = &ecs.RuntimePlatform{
			CPUArchitecture:       value(in.RuntimePlatform.CpuArchitecture),
			OperatingSystemFamily: value(in.RuntimePlatform.OperatingSystemFamily),
		}
	}
	for i := range in.ContainerDefinitions {
		c, err := containerDefinitionFromWire(&in.ContainerDefinitions[i])
		if err != nil {
			return nil, err
		}
		d.Containers = append(d.Containers, c)
	}
	return d, nil
}

func definitionSizes(d *ecs.TaskDefinition, in *wire.RegisterTaskDefinitionInput) error {
	d.CPU, d.Memory = value(in.Cpu), value(in.Memory)
	if in.Cpu != nil {
		if _, err := ecs.ParseTaskCPU(d.CPU); err != nil {
			return err
		}
	}
	if in.Memory != nil {
		if _, err := ecs.ParseTaskMemory(d.Memory); err != nil {
			return err
		}
	}
	if in.EphemeralStorage != nil {
		d.EphemeralStorageGiB = value(in.EphemeralStorage.SizeInGiB)
		return ecs.CheckEphemeralStorage(d.EphemeralStorageGiB, ecs.ClientErrorf)
	}
	return nil
}

func (s *Service) taskDefinitionToWire(d *ecs.TaskDefinition) *wire.TaskDefinition {
	out := &wire.TaskDefinition{
		TaskDefinitionArn: new(s.Realm.TaskDefinitionARN(d.Family, d.Revision)),
		Family:            &d.Family, Revision: &d.Revision, Status: new(string(d.Status)),
		TaskRoleArn: given(d.TaskRoleARN), ExecutionRoleArn: given(d.ExecutionRoleARN), NetworkMode: given(string(d.NetworkMode)),
		Cpu: given(d.CPU), Memory: given(d.Memory), PidMode: given(d.PIDMode), IpcMode: given(d.IPCMode),
		ContainerDefinitions:    listed(d.Containers, containerDefinitionToWire),
		Volumes:                 listed(d.Volumes, volumeToWire),
		PlacementConstraints:    listed(d.PlacementConstraints, definitionConstraintToWire),
		RequiresCompatibilities: d.RequiresCompatibilities,
		Compatibilities:         d.Compatibilities,
		RequiresAttributes:      convert(d.RequiresAttributes, attributeToWire),
		ProxyConfiguration:      proxyToWire(d.Proxy),
		InferenceAccelerators:   convert(d.InferenceAccelerators, acceleratorToWire),
		RegisteredAt:            at(d.RegisteredAt), DeregisteredAt: at(d.DeregisteredAt), RegisteredBy: given(d.RegisteredBy),
	}
	if d.EphemeralStorageGiB != 0 {
		out.EphemeralStorage = &wire.EphemeralStorage{SizeInGiB: &d.EphemeralStorageGiB}
	}
	if d.Platform != nil {
		out.RuntimePlatform = &wire.RuntimePlatform{
			CpuArchitecture: given(d.Platform.CPUArchitecture), OperatingSystemFamily: given(d.Platform.OperatingSystemFamily),
		}
	}
	return out
}

func definitionConstraintFromWire(c *wire.TaskDefinitionPlacementConstraint) ecs.PlacementConstraint {
	return ecs.PlacementConstraint{Type: value(c.Type), Expression: value(c.Expression)}
}

func definitionConstraintToWire(c *ecs.PlacementConstraint) wire.TaskDefinitionPlacementConstraint {
	return wire.TaskDefinitionPlacementConstraint{Type: &c.Type, Expression: given(c.Expression)}
}

func acceleratorFromWire(a *wire.InferenceAccelerator) ecs.InferenceAccelerator {
	return ecs.InferenceAccelerator{DeviceName: value(a.DeviceName), DeviceType: value(a.DeviceType)}
}

func acceleratorToWire(a *ecs.InferenceAccelerator) wire.InferenceAccelerator {
	return wire.InferenceAccelerator{DeviceName: &a.DeviceName, DeviceType: &a.DeviceType}
}

func attributeToWire(a *ecs.Attribute) wire.Attribute {
	return wire.Attribute{
		Name: &a.Name, Value: given(a.Value), TargetType: given(a.TargetType), TargetId: given(a.TargetID),
	}
}

func proxyFromWire(p *wire.ProxyConfiguration) *ecs.ProxyConfiguration {
	if p == nil {
		return nil
	}
	return &ecs.ProxyConfiguration{
		Type: value(p.Type), ContainerName: value(p.ContainerName), Properties: convert(p.Properties, pairFromWire),
	}
}

func proxyToWire(p *ecs.ProxyConfiguration) *wire.ProxyConfiguration {
	if p == nil {
		return nil
	}
	return &wire.ProxyConfiguration{
		Type: given(p.Type), ContainerName: &p.ContainerName, Properties: convert(p.Properties, pairToWire),
	}
}

func pairFromWire(p *wire.KeyValuePair) ecs.KeyValue {
	return ecs.KeyValue{Name: value(p.Name), Value: value(p.Value)}
}

func pairToWire(p *ecs.KeyValue) wire.KeyValuePair {
	return wire.KeyValuePair{Name: &p.Name, Value: &p.Value}
}

package ecs

import (
	"berth/api/ecs/wire"
	"berth/ecs"
)

// The items of a container definition's lists, each in both directions.

func environmentFileFromWire(f *wire.EnvironmentFile) ecs.EnvironmentFile {
	return ecs.EnvironmentFile{Value: value(f.Value), Type: value(f.Type)}
}

func environmentFileToWire(f *ecs.EnvironmentFile) wire.EnvironmentFile {
	return wire.EnvironmentFile{Value: &f.Value, Type: &f.Type}
}

func mountPointFromWire(m *wire.MountPoint) ecs.MountPoint {
	return ecs.MountPoint{SourceVolume: value(m.SourceVolume), ContainerPath: value(m.ContainerPath), ReadOnly: m.ReadOnly}
}

func mountPointToWire(m *ecs.MountPoint) wire.MountPoint {
	return wire.MountPoint{SourceVolume: given(m.SourceVolume), ContainerPath: given(m.ContainerPath), ReadOnly: m.ReadOnly}
}

func volumeFromFromWire(v *wire.VolumeFrom) ecs.VolumeFrom {
	return ecs.VolumeFrom{SourceContainer: value(v.SourceContainer), ReadOnly: v.ReadOnly}
}

func volumeFromToWire(v *ecs.VolumeFrom) wire.VolumeFrom {
	return wire.VolumeFrom{SourceContainer: given(v.SourceContainer), ReadOnly: v.ReadOnly}
}

func secretFromWire(s *wire.Secret) ecs.Secret {
	return ecs.Secret{Name: value(s.Name), ValueFrom: value(s.ValueFrom)}
}

func secretToWire(s *ecs.Secret) wire.Secret {
	return wire.Secret{Name: &s.Name, ValueFrom: &s.ValueFrom}
}

func dependencyFromWire(d *wire.ContainerDependency) ecs.Dependency {
	return ecs.Dependency{Container: value(d.ContainerName), Condition: value(d.Condition)}
}

func dependencyToWire(d *ecs.Dependency) wire.ContainerDependency {
	return wire.ContainerDependency{ContainerName: &d.Container, Condition: &d.Condition}
}

func hostEntryFromWire(h *wire.HostEntry) ecs.HostEntry {
	return ecs.HostEntry{Hostname: value(h.Hostname), IPAddress: value(h.IpAddress)}
}

func hostEntryToWire(h *ecs.HostEntry) wire.HostEntry {
	return wire.HostEntry{Hostname: &h.Hostname, IpAddress: &h.IPAddress}
}

func ulimitFromWire(u *wire.Ulimit) ecs.Ulimit {
	return ecs.Ulimit{Name: value(u.Name), Soft: int64(value(u.SoftLimit)), Hard: int64(value(u.HardLimit))}
}

func ulimitToWire(u *ecs.Ulimit) wire.Ulimit {
	return wire.Ulimit{Name: &u.Name, SoftLimit: new(int32(u.Soft)), HardLimit: new(int32(u.Hard))}
}

func systemControlFromWire(c *wire.SystemControl) ecs.KeyValue {
	return ecs.KeyValue{Name: value(c.Namespace), Value: value(c.Value)}
}

func systemControlToWire(c *ecs.KeyValue) wire.SystemControl {
	return wire.SystemControl{Namespace: &c.Name, Value: &c.Value}
}

func resourceRequirementFromWire(r *wire.ResourceRequirement) ecs.ResourceRequirement {
	return ecs.ResourceRequirement{Type: value(r.Type), Value: value(r.Value)}
}

func resourceRequirementToWire(r *ecs.ResourceRequirement) wire.ResourceRequirement {
	return wire.ResourceRequirement{Type: &r.Type, Value: &r.Value}
}

func linuxFromWire(in *wire.LinuxParameters) *ecs.LinuxParameters {
	if in == nil {
		return nil
	}
	l := &ecs.LinuxParameters{
		Devices: convert(in.Devices, deviceFromWire), Tmpfs: convert(in.Tmpfs, tmpfsFromWire),
		InitProcessEnabled: in.InitProcessEnabled, SharedMemorySizeMiB: in.SharedMemorySize,
		MaxSwapMiB: in.MaxSwap, Swappiness: in.Swappiness,
	}
	if in.Capabilities != nil {
		l.HasCapabilities, l.CapabilitiesAdd, l.CapabilitiesDrop = true, in.Capabilities.Add, in.Capabilities.Drop
	}
	return l
}

func linuxToWire(l *ecs.LinuxParameters) *wire.LinuxParameters {
	if l == nil {
		return nil
	}
	out := &wire.LinuxParameters{
		Devices: convert(l.Devices, deviceToWire), Tmpfs: convert(l.Tmpfs, tmpfsToWire),
		InitProcessEnabled: l.InitProcessEnabled, SharedMemorySize: l.SharedMemorySizeMiB,
		MaxSwap: l.MaxSwapMiB, Swappiness: l.Swappiness,
	}
	if l.HasCapabilities {
		out.Capabilities = &wire.KernelCapabilities{Add: l.CapabilitiesAdd, Drop: l.CapabilitiesDrop}
	}
	return out
}

func deviceFromWire(d *wire.Device) ecs.Device {
	return ecs.Device{HostPath: value(d.HostPath), ContainerPath: value(d.ContainerPath), Permissions: d.Permissions}
}

func deviceToWire(d *ecs.Device) wire.Device {
	return wire.Device{HostPath: &d.HostPath, ContainerPath: given(d.ContainerPath), Permissions: d.Permissions}
}

func tmpfsFromWire(t *wire.Tmpfs) ecs.Tmpfs {
	return ecs.Tmpfs{ContainerPath: value(t.ContainerPath), SizeMiB: value(t.Size), MountOptions: t.MountOptions}
}

func tmpfsToWire(t *ecs.Tmpfs) wire.Tmpfs {
	return wire.Tmpfs{ContainerPath: &t.ContainerPath, Size: &t.SizeMiB, MountOptions: t.MountOptions}
}

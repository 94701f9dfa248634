package ecs

import (
	"strconv"

	"berth/api/ecs/wire"
	"berth/ecs"
	"berth/state"
)

// instanceToWire is the shape of a container instance with what is in use on it now.
func (s *Service) instanceToWire(view *state.Snapshot, i *ecs.Instance, tags bool) *wire.ContainerInstance {
	usage := view.Usage(i.ID)
	out := &wire.ContainerInstance{
		ContainerInstanceArn: new(s.Realm.InstanceARN(i.Cluster, i.ID)), Ec2InstanceId: given(i.EC2InstanceID),
		Status: new(string(i.Status)), StatusReason: given(i.StatusReason), AgentConnected: &i.AgentConnected,
		RunningTasksCount: new(int32(usage.Running)), PendingTasksCount: new(int32(usage.Pending)),
		Version: &i.Version, RegisteredAt: at(i.RegisteredAt),
		VersionInfo: &wire.VersionInfo{
			AgentVersion: given(i.VersionInfo.AgentVersion), AgentHash: given(i.VersionInfo.AgentHash),
			DockerVersion: given(i.VersionInfo.DockerVersion),
		},
		RegisteredResources: resourcesToWire(i, noUse), RemainingResources: resourcesToWire(i, usage),
		Attributes: attributesToWire(i.Attributes), Attachments: []wire.Attachment{}, Tags: []wire.Tag{},
	}
	if p := view.ProviderOf(i); p != nil {
		out.CapacityProviderName = &p.Name
	}
	if tags {
		out.Tags = tagsToWire(i.Tags)
	}
	return out
}

var noUse = &state.Usage{}

// resourcesToWire lists the resources of an instance less what is in use. PORTS are the taken ports, also in what remains
// (features.md H6).
func resourcesToWire(i *ecs.Instance, used *state.Usage) []wire.Resource {
	out := []wire.Resource{
		integerResource("CPU", i.CPUUnits-used.CPUUnits),
		integerResource("MEMORY", i.MemoryMiB-used.MemoryMiB),
		setResource("PORTS", portTexts(i, used, ecs.TCP)),
		setResource("PORTS_UDP", portTexts(i, used, ecs.UDP)),
	}
	if n := len(i.GPUIDs); n > 0 {
		out = append(out, setResource("GPU", i.GPUIDs[min(int(used.GPUs), n):]))
	}
	for _, r := range i.Custom {
		out = append(out, wire.Resource{
			Name: &r.Name, Type: &r.Type, IntegerValue: new(int32(r.Integer)), LongValue: new(r.Integer),
			DoubleValue: new(r.Double), StringSetValue: r.Set,
		})
	}
	return out
}

func portTexts(i *ecs.Instance, used *state.Usage, protocol ecs.Protocol) []string {
	out := []string{}
	for _, list := range [][]ecs.HostPort{i.ReservedPorts, used.Ports} {
		for _, p := range list {
			if p.Protocol == protocol {
				out = append(out, strconv.Itoa(int(p.Port)))
			}
		}
	}
	return out
}

func integerResource(name string, n int64) wire.Resource {
	return wire.Resource{
		Name: &name, Type: new("INTEGER"), IntegerValue: new(int32(n)), LongValue: new(int64(0)), DoubleValue: new(0.0),
	}
}

func setResource(name string, set []string) wire.Resource {
	return wire.Resource{
		Name: &name, Type: new("STRINGSET"), IntegerValue: new(int32(0)), LongValue: new(int64(0)), DoubleValue: new(0.0),
		StringSetValue: set,
	}
}

func attributesToWire(in []ecs.Attribute) []wire.Attribute {
	out := make([]wire.Attribute, 0, len(in))
	for _, a := range in {
		out = append(out, wire.Attribute{
			Name: &a.Name, Value: given(a.Value), TargetType: given(a.TargetType), TargetId: given(a.TargetID),
		})
	}
	return out
}

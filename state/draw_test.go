package state

import (
	"fmt"

	"pgregory.net/rapid"

	"berth/ecs"
)

// Few values, so that random writes meet.
var (
	clusters = []string{"a", "a2", "b"}
	families = []string{"f", "f-1", "web"}
)

func drawCluster(t *rapid.T) *ecs.Cluster {
	return &ecs.Cluster{Name: rapid.SampledFrom(clusters).Draw(t, "cluster"), Status: ecs.ClusterActive}
}

func drawDefinition(t *rapid.T) *ecs.TaskDefinition {
	return &ecs.TaskDefinition{
		Family:   rapid.SampledFrom(families).Draw(t, "family"),
		Revision: rapid.Int32Range(1, 12).Draw(t, "revision"),
		Status:   rapid.SampledFrom([]ecs.TaskDefinitionStatus{ecs.TaskDefinitionActive, ecs.TaskDefinitionInactive}).Draw(t, "status"),
	}
}

func drawInstanceID(t *rapid.T) ecs.InstanceID {
	return ecs.InstanceID(fmt.Sprintf("%032x", rapid.IntRange(1, 4).Draw(t, "instance")))
}

// drawInstance keeps an id in one cluster, as random identifiers do.
func drawInstance(t *rapid.T) *ecs.Instance {
	id := drawInstanceID(t)
	return &ecs.Instance{
		ID: id, Cluster: clusters[int(id[31])%len(clusters)], Version: 1,
		Status:     rapid.SampledFrom([]ecs.InstanceStatus{ecs.InstanceActive, ecs.InstanceDraining, ecs.InstanceInactive}).Draw(t, "status"),
		InactiveAt: ecs.Time(rapid.Int64Range(0, 3).Draw(t, "inactiveAt")),
	}
}

func drawTask(t *rapid.T) *ecs.Task {
	n := rapid.IntRange(1, 8).Draw(t, "task")
	r := &ecs.Task{
		ID: ecs.TaskID(fmt.Sprintf("%032x", n)), Cluster: rapid.SampledFrom(clusters).Draw(t, "cluster"),
		Family: families[n%len(families)], Revision: 1,
		Group:         rapid.SampledFrom([]string{"family:f", "service:web"}).Draw(t, "group"),
		StartedBy:     rapid.SampledFrom([]string{"", "me", "you"}).Draw(t, "starter"),
		LaunchType:    rapid.SampledFrom([]ecs.LaunchType{ecs.LaunchEC2, ecs.LaunchExternal, ecs.LaunchFargate}).Draw(t, "launch"),
		DesiredStatus: rapid.SampledFrom([]ecs.Status{ecs.StatusRunning, ecs.StatusStopped}).Draw(t, "desired"),
		LastStatus: rapid.SampledFrom([]ecs.Status{
			ecs.StatusProvisioning, ecs.StatusPending, ecs.StatusRunning, ecs.StatusStopped,
		}).Draw(t, "last"),
		StoppedAt: ecs.Time(rapid.Int64Range(0, 3).Draw(t, "stoppedAt")),
		Reserved: ecs.Reservation{
			CPUUnits:  rapid.Int64Range(0, 2).Draw(t, "cpu"),
			MemoryMiB: rapid.Int64Range(0, 2).Draw(t, "memory"),
			GPUs:      rapid.Int64Range(0, 1).Draw(t, "gpus"),
		},
	}
	for range rapid.IntRange(0, 2).Draw(t, "ports") {
		r.Reserved.Ports = append(r.Reserved.Ports, ecs.HostPort{
			Port:     rapid.Uint16Range(80, 82).Draw(t, "port"),
			Protocol: rapid.SampledFrom([]ecs.Protocol{ecs.TCP, ecs.UDP}).Draw(t, "protocol"),
		})
	}
	if rapid.Bool().Draw(t, "by provider") {
		r.CapacityProvider = rapid.SampledFrom([]string{"cp", "cq"}).Draw(t, "provider")
		r.StrategyDigest = rapid.SampledFrom([]string{"1", "2"}).Draw(t, "strategy")
	}
	if rapid.Bool().Draw(t, "placed") {
		r.Instance = drawInstanceID(t)
	} else if r.CapacityProvider != "" && r.LastStatus == ecs.StatusProvisioning {
		r.CreatedAt = ecs.Time(rapid.Int64Range(0, 2).Draw(t, "createdAt"))
		r.Waiting = &ecs.Waiting{Seed: 1, Attributes: []ecs.Attribute{{Name: "a"}}, Strategies: []ecs.PlacementStrategy{{Type: "spread"}}}
	}
	return r
}

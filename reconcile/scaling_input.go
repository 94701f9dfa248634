package reconcile

import (
	"fmt"
	"slices"
	"time"

	"berth/ecs"
	"berth/state"
)

// NewScalingInput reads from a view what [PlanScaling] needs to know of a provider. declared is the size of the group's hosts as the
// operator says, zero when he does not.
func NewScalingInput(v *state.View, p *ecs.CapacityProvider, declared HostSize, now ecs.Time) ScalingInput {
	config := ScalingConfig{
		Enabled: p.Status == ecs.ProviderActive && p.Cluster != "" && p.Scaling.Enabled,
		Target:  int(p.Scaling.TargetCapacity), MinStep: int(p.Scaling.MinimumStep), MaxStep: int(p.Scaling.MaximumStep),
		Warmup: time.Duration(p.Scaling.WarmupSeconds) * time.Second, Declared: declared, Period: ScalingPeriod,
	}
	return ScalingInput{Now: now, Config: config, Hosts: hostsOf(v, p, now.Add(-config.Warmup)), Waiting: waitingFor(v, p), State: p.State}
}

// hostsOf lists the registered instances; lately is when an agent that is not connected must have been there to be expected.
func hostsOf(v *state.View, p *ecs.CapacityProvider, lately ecs.Time) []Host {
	var hosts []Host
	v.ScanInstancesOf(p, func(i *ecs.Instance) bool {
		if i.Status != ecs.InstanceInactive {
			hosts = append(hosts, Host{
				ID: i.ID, Status: i.Status, RegisteredAt: i.RegisteredAt,
				Connected: i.AgentConnected || max(i.RegisteredAt, i.DisconnectedAt) > lately,
				Size:      HostSize{CPUUnits: i.CPUUnits, MemoryMiB: i.MemoryMiB, GPUs: int64(len(i.GPUIDs))},
				Tasks:     v.Usage(i.ID).Tasks,
			})
		}
		return true
	})
	return hosts
}

// waitingFor groups the tasks that wait for the provider, in the order in which the first of each group came.
func waitingFor(v *state.View, p *ecs.CapacityProvider) []WaitingTasks {
	var groups []WaitingTasks
	at := map[string]int{}
	v.ScanWaiting(p.Cluster, p.Name, func(t *ecs.Task) bool {
		if !t.Active() {
			return true
		}
		w := WaitingTasks{Needs: t.Reserved, Distinct: distinct(t), Count: 1}
		key := fmt.Sprint(w.Needs, w.Distinct)
		if k, known := at[key]; known {
			groups[k].Count++
			return true
		}
		at[key] = len(groups)
		groups = append(groups, w)
		return true
	})
	return groups
}

// distinct is the task's group when it may not share an instance with others of the group.
func distinct(t *ecs.Task) string {
	alone := t.Waiting != nil && slices.ContainsFunc(t.Waiting.Constraints, func(c ecs.PlacementConstraint) bool {
		return c.Type == "distinctInstance"
	})
	if alone {
		return t.Group
	}
	return ""
}

package reconcile

import (
	"reflect"
	"testing"
	"time"

	"berth/ecs"
	"berth/state"
)

func TestNewScalingInput(t *testing.T) {
	view := state.NewView()
	tx := view.Begin(start, nil)
	p := &ecs.CapacityProvider{
		Name: "cp", Status: ecs.ProviderActive, Cluster: "c", Group: "arn:aws:autoscaling:r:1:autoScalingGroup:u:autoScalingGroupName/g",
		Scaling: ecs.ManagedScaling{Enabled: true, TargetCapacity: 80, MinimumStep: 2, MaximumStep: 9, WarmupSeconds: 120},
		State:   ecs.ScalingState{LowPoints: 3},
	}
	tx.PutCapacityProvider(p)
	instance := func(id ecs.InstanceID, change func(*ecs.Instance)) {
		i := &ecs.Instance{
			ID: id, Cluster: "c", Status: ecs.InstanceActive, CPUUnits: 100, MemoryMiB: 200, GPUIDs: []string{"a", "b"},
			RegisteredAt: start - 10*minute, Attributes: []ecs.Attribute{{Name: ecs.GroupAttribute, Value: "g"}},
		}
		if change != nil {
			change(i)
		}
		tx.PutInstance(i)
	}
	instance("i1", func(i *ecs.Instance) { i.AgentConnected = true })
	instance("i2", func(i *ecs.Instance) { i.Status = ecs.InstanceDraining; i.DisconnectedAt = start - 2*minute })
	instance("i3", func(i *ecs.Instance) { i.DisconnectedAt = start - 2*minute + 1 })
	instance("i4", func(i *ecs.Instance) { i.RegisteredAt = start - minute })
	instance("i5", func(i *ecs.Instance) { i.Status = ecs.InstanceInactive })
	instance("i6", func(i *ecs.Instance) { i.Attributes[0].Value = "h" })
	instance("i7", func(i *ecs.Instance) { i.Cluster = "d" })
	task := func(id ecs.TaskID, change func(*ecs.Task)) {
		r := &ecs.Task{
			ID: id, Cluster: "c", Group: "one", CapacityProvider: "cp", DesiredStatus: ecs.StatusRunning,
			LastStatus: ecs.StatusProvisioning, Waiting: &ecs.Waiting{}, Reserved: ecs.Reservation{CPUUnits: 5},
		}
		change(r)
		tx.PutTask(r)
	}
	alone := []ecs.PlacementConstraint{{Type: "memberOf"}, {Type: "distinctInstance"}}
	task("t1", func(*ecs.Task) {})
	task("t2", func(r *ecs.Task) { r.Waiting.Constraints = alone })
	task("t3", func(r *ecs.Task) { r.Group = "two"; r.Waiting.Constraints = alone[:1] })
	task("t4", func(r *ecs.Task) { r.Reserved.MemoryMiB = 7 })
	task("t5", func(r *ecs.Task) { r.Waiting, r.LastStatus, r.Instance = nil, ecs.StatusRunning, "i1" })
	task("t6", func(r *ecs.Task) { r.CapacityProvider = "cq" })
	task("t7", func(r *ecs.Task) { r.DesiredStatus = ecs.StatusStopped })

	declared := HostSize{CPUUnits: 1}
	got := NewScalingInput(view, p, declared, start)
	size := HostSize{CPUUnits: 100, MemoryMiB: 200, GPUs: 2}
	long := start - 10*minute
	want := ScalingInput{
		Now:    start,
		Config: ScalingConfig{Enabled: true, Target: 80, MinStep: 2, MaxStep: 9, Warmup: 2 * time.Minute, Period: time.Minute, Declared: declared},
		Hosts: []Host{
			{"i1", ecs.InstanceActive, true, long, size, 1}, {"i2", ecs.InstanceDraining, false, long, size, 0},
			{"i3", ecs.InstanceActive, true, long, size, 0}, {"i4", ecs.InstanceActive, true, start - minute, size, 0},
		},
		Waiting: []WaitingTasks{
			{Needs: ecs.Reservation{CPUUnits: 5}, Count: 2}, {Needs: ecs.Reservation{CPUUnits: 5}, Distinct: "one", Count: 1},
			{Needs: ecs.Reservation{CPUUnits: 5, MemoryMiB: 7}, Count: 1},
		},
		State: ecs.ScalingState{LowPoints: 3},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}

	for name, change := range map[string]func(*ecs.CapacityProvider){
		"inactive":      func(p *ecs.CapacityProvider) { p.Status = ecs.ProviderInactive },
		"not scaled":    func(p *ecs.CapacityProvider) { p.Scaling.Enabled = false },
		"of no cluster": func(p *ecs.CapacityProvider) { p.Cluster = "" },
	} {
		off := *p
		change(&off)
		if NewScalingInput(view, &off, declared, start).Config.Enabled {
			t.Errorf("%s: enabled", name)
		}
	}
}

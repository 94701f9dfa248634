package state

import (
	"fmt"
	"slices"
	"testing"

	"berth/ecs"
)

func TestProviderOfAnInstance(t *testing.T) {
	v := NewView()
	tx := v.Begin(1, nil)
	tx.PutCluster(&ecs.Cluster{Name: "a", CapacityProviders: []string{ecs.ProviderFargate, "p", "q"}})
	tx.PutCluster(&ecs.Cluster{Name: "b"})
	tx.PutCapacityProvider(&ecs.CapacityProvider{Name: "p", Cluster: "a", Group: "arn:aws:autoscaling:r:1:autoScalingGroup:u:autoScalingGroupName/web"})
	tx.PutCapacityProvider(&ecs.CapacityProvider{Name: "q", Cluster: "a", Group: "db"})
	tx.PutCapacityProvider(&ecs.CapacityProvider{Name: "free", Group: "db"})
	grouped := func(id ecs.InstanceID, cluster, group string) *ecs.Instance {
		i := &ecs.Instance{ID: id, Cluster: cluster}
		if group != "" {
			i.Attributes = []ecs.Attribute{{Name: "rack", Value: "db"}, {Name: ecs.GroupAttribute, Value: group}}
		}
		tx.PutInstance(i)
		return i
	}
	for _, tc := range []struct {
		i    *ecs.Instance
		want string
	}{
		{grouped("1", "a", "web"), "p"},
		{grouped("2", "a", "arn:aws:autoscaling:r:1:autoScalingGroup:u:autoScalingGroupName/web"), "p"},
		{grouped("3", "a", "db"), "q"},
		{grouped("4", "a", "eb"), ""},
		{grouped("5", "a", ""), ""},
		{grouped("6", "b", "web"), ""}, // a provider serves one cluster
		{grouped("7", "gone", "web"), ""},
	} {
		got := ""
		if p := v.ProviderOf(tc.i); p != nil {
			got = p.Name
		}
		if got != tc.want {
			t.Errorf("instance %s: %q, want %q", tc.i.ID, got, tc.want)
		}
	}
	for name, want := range map[string]string{"p": "[1 2]", "q": "[3]", "free": "[]"} {
		ids := []ecs.InstanceID{}
		v.ScanInstancesOf(v.CapacityProvider(name), func(i *ecs.Instance) bool { ids = append(ids, i.ID); return true })
		if fmt.Sprint(ids) != want {
			t.Errorf("instances of %s: %v, want %s", name, ids, want)
		}
	}
	var names []string
	v.ScanCapacityProviders("free", func(p *ecs.CapacityProvider) bool { names = append(names, p.Name); return p.Name != "p" })
	if !slices.Equal(names, []string{"p"}) {
		t.Errorf("scan after free until p: %v", names)
	}
}

func TestWaitingTasksQueueByAge(t *testing.T) {
	v := NewView()
	tx := v.Begin(1, nil)
	put := func(id ecs.TaskID, cluster, provider string, at ecs.Time) *ecs.Task {
		r := &ecs.Task{
			ID: id, Cluster: cluster, CapacityProvider: provider, CreatedAt: at, Waiting: &ecs.Waiting{}, Group: "g", StrategyDigest: "s",
			DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusProvisioning,
		}
		tx.PutTask(r)
		return r
	}
	put("4", "a", "p", 5)
	first := put("9", "a", "p", 1)
	put("1", "a", "p", 5)
	put("2", "a", "q", 0)
	put("3", "b", "p", 0)
	queue := func() string {
		ids := []ecs.TaskID{}
		v.ScanWaiting("a", "p", func(r *ecs.Task) bool { ids = append(ids, r.ID); return true })
		return fmt.Sprint(ids)
	}
	if got := queue(); got != "[9 1 4]" || v.Counts("a").Waiting != 4 {
		t.Errorf("queue %s, %d wait", got, v.Counts("a").Waiting)
	}
	placed := *first
	placed.Waiting, placed.Instance, placed.LastStatus = nil, "i", ecs.StatusPending
	tx.PutTask(&placed)
	if got := queue(); got != "[1 4]" || v.Counts("a").Waiting != 3 || v.ProviderTasks("a", "p") != 3 || v.StrategyTasks("a", "p", "s", "g") != 3 {
		t.Errorf("after one was placed: queue %s, %d wait, %d tasks, %d active", got, v.Counts("a").Waiting, v.ProviderTasks("a", "p"), v.StrategyTasks("a", "p", "s", "g"))
	}
	asked := placed
	asked.DesiredStatus = ecs.StatusStopped
	tx.PutTask(&asked)
	if v.ProviderTasks("a", "p") != 3 || v.StrategyTasks("a", "p", "s", "g") != 2 {
		t.Errorf("a stopping task: %d tasks, %d active", v.ProviderTasks("a", "p"), v.StrategyTasks("a", "p", "s", "g"))
	}
	over := asked
	over.LastStatus = ecs.StatusStopped
	tx.PutTask(&over)
	if v.ProviderTasks("a", "p") != 2 || v.StrategyTasks("a", "q", "s", "g") != 1 || v.StrategyTasks("a", "p", "other", "g") != 0 {
		t.Error("a stopped task still counts, or others' tasks do")
	}
	all := 0
	v.ScanAllWaiting(func(r *ecs.Task) bool { all++; return r != nil })
	if all != 4 {
		t.Errorf("%d wait in all clusters", all)
	}
}

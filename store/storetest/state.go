package storetest

import (
	"context"
	"fmt"
	"testing"

	"berth/ecs"
	"berth/state"
	"berth/store"
)

// Dump lists every record of a view in its stored form, in order of table and key: equal dumps are equal states.
func Dump(v *state.View) []string {
	var out []string
	add := func(t state.Table, key string, record any) bool {
		c := state.Change{Table: t, Key: key, New: record}
		b, err := c.AppendValue(c.AppendKey(nil))
		if err != nil {
			panic(err)
		}
		out = append(out, string(b))
		return true
	}
	v.ScanClusters("", func(r *ecs.Cluster) bool {
		add(state.Clusters, r.Name, r)
		v.ScanTasks(r.Name, "", func(r *ecs.Task) bool { return add(state.Tasks, state.TaskKey(r.Cluster, r.ID), r) })
		return true
	})
	v.ScanTaskDefinitions("", func(key string, r *ecs.TaskDefinition) bool { return add(state.TaskDefinitions, key, r) })
	v.ScanFamilies("", func(r *ecs.Family) bool { return add(state.Families, r.Name, r) })
	v.ScanAllInstances(func(r *ecs.Instance) bool {
		return add(state.Instances, state.InstanceKey(r.Cluster, r.ID), r)
	})
	v.ScanAccessKeys(func(r *ecs.AccessKey) bool { return add(state.AccessKeys, r.ID, r) })
	return out
}

func openStore(t testing.TB, open Opener, adjust ...func(*store.Config)) *store.Store {
	t.Helper()
	cfg := store.Config{Engine: open(t)}
	for _, f := range adjust {
		f(&cfg)
	}
	s, err := store.Open(context.Background(), cfg)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t testing.TB, s *store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func do(t testing.TB, s *store.Store, fn func(*state.Tx)) {
	t.Helper()
	err := s.Do(context.Background(), func(tx *state.Tx) error { fn(tx); return nil })
	if err != nil {
		t.Errorf("command: %v", err)
	}
}

// The tests count in clusters: the name is the key, the creation time the number.
func number(v *state.View, name string) int64 {
	if c := v.Cluster(name); c != nil {
		return int64(c.CreatedAt)
	}
	return 0
}

func setNumber(tx *state.Tx, name string, n int64) {
	tx.PutCluster(&ecs.Cluster{Name: name, Status: ecs.ClusterActive, CreatedAt: ecs.Time(n)})
}

func task(cluster string, n int) *ecs.Task {
	return &ecs.Task{
		ID: ecs.TaskID(fmt.Sprintf("%032x", n)), Cluster: cluster, Family: fmt.Sprint("f", n%7), Revision: 1,
		Group: "family:f", LaunchType: ecs.LaunchEC2, Instance: ecs.InstanceID(fmt.Sprintf("%032x", n%5)),
		DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusPending, CreatedAt: ecs.Time(n),
		Reserved: ecs.Reservation{CPUUnits: 256, MemoryMiB: 64, Ports: []ecs.HostPort{{Port: uint16(n), Protocol: ecs.TCP}}},
		Containers: []ecs.Container{
			{ID: fmt.Sprint(n), Name: "app", Image: "app:1", LastStatus: ecs.StatusPending},
		},
		Tags: []ecs.Tag{{Key: "n", Value: fmt.Sprint(n)}},
	}
}

package command

import (
	"slices"
	"testing"

	"berth/ecs"
	"berth/state"
)

const inconsistent = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."

func createCluster(in CreateClusterInput) func(*state.Tx) (*ecs.Cluster, error) {
	return func(tx *state.Tx) (*ecs.Cluster, error) { return CreateCluster(tx, in) }
}

func fails[T any](fn func(*state.Tx) (T, error)) func(*state.Tx) error {
	return func(tx *state.Tx) error { _, err := fn(tx); return err }
}

func TestCreateClusterIsIdempotent(t *testing.T) {
	w := newWorld(t)
	tagged := CreateClusterInput{Name: "t", Tags: []ecs.Tag{{Key: "a"}}, Request: "digest"}
	first := do(w, createCluster(tagged))
	if first.Status != ecs.ClusterActive || first.CreatedAt != w.now || !slices.Equal(first.Tags, tagged.Tags) ||
		!slices.Equal(first.Settings, []ecs.Setting{{Name: "containerInsights", Value: "disabled"}}) {
		t.Errorf("%+v", first)
	}
	w.must(func(tx *state.Tx) error { // tags changed meanwhile are not shown
		n := *tx.Cluster("t")
		n.Tags = []ecs.Tag{{Key: "b"}}
		tx.PutCluster(&n)
		return nil
	})
	w.now += second
	same := do(w, createCluster(tagged))
	bare := do(w, createCluster(CreateClusterInput{Name: "t"}))
	if !slices.Equal(same.Tags, tagged.Tags) || len(bare.Tags) != 0 || same.CreatedAt != first.CreatedAt || bare.CreatedAt != first.CreatedAt {
		t.Errorf("same arguments: %+v, bare name: %+v", same, bare)
	}
	if stored := w.view.Cluster("t"); len(stored.Tags) != 1 || stored.Tags[0].Key != "b" {
		t.Errorf("a repetition changed the record: %+v", stored)
	}
	w.refused("InvalidParameterException", inconsistent, fails(createCluster(CreateClusterInput{Name: "t", Request: "other"})))
	// "c" was made by its bare name.
	w.refused("InvalidParameterException", inconsistent, fails(createCluster(CreateClusterInput{Name: "c", Request: "digest"})))
	do(w, createCluster(CreateClusterInput{Name: "c"}))
}

func TestCreateClusterKeepsGivenSettings(t *testing.T) {
	given := []ecs.Setting{{Name: "containerInsights", Value: "enabled"}}
	got := do(newWorld(t), createCluster(CreateClusterInput{Name: "s", Settings: given, Request: "d"}))
	if !slices.Equal(got.Settings, given) {
		t.Errorf("%v", got.Settings)
	}
}

func deleteCluster(name string) func(*state.Tx) (*ecs.Cluster, error) {
	return func(tx *state.Tx) (*ecs.Cluster, error) { return DeleteCluster(tx, name) }
}

func TestDeleteCluster(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	w.refused("ClusterNotFoundException", "Cluster not found.", fails(deleteCluster("nowhere")))
	i := w.host(nil)
	held := func() {
		w.refused("ClusterContainsContainerInstancesException",
			"The Cluster cannot be deleted while Container Instances are active or draining.", fails(deleteCluster("c")))
	}
	held()
	w.must(fails(func(tx *state.Tx) (*ecs.Instance, error) {
		return UpdateInstanceState(tx, UpdateInstanceStateInput{Cluster: "c", ID: i.ID, Status: ecs.InstanceDraining})
	}))
	held()
	w.must(fails(deregister(i.ID, false)))
	w.must(func(tx *state.Tx) error { // a task that waits for an instance
		tx.PutTask(&ecs.Task{ID: "t", Cluster: "c", DesiredStatus: over, LastStatus: ecs.StatusDeprovisioning})
		return nil
	})
	w.refused("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.", fails(deleteCluster("c")))
	w.must(func(tx *state.Tx) error {
		tx.PutTask(&ecs.Task{ID: "t", Cluster: "c", DesiredStatus: over, LastStatus: over, StoppedAt: 1})
		return nil
	})
	w.now += second
	gone := do(w, deleteCluster("c"))
	if gone.Status != ecs.ClusterInactive || gone.InactiveAt != w.now {
		t.Errorf("%+v", gone)
	}
	w.now += second
	if again := do(w, deleteCluster("c")); again != gone {
		t.Errorf("a repetition changed it: %+v", again)
	}
}

func TestAClusterIsMadeAnewWithNothingOfTheOldOne(t *testing.T) {
	w := newWorld(t)
	do(w, createCluster(CreateClusterInput{
		Name: "n", Tags: []ecs.Tag{{Key: "a"}}, Settings: []ecs.Setting{{Name: "containerInsights", Value: "enabled"}}, Request: "d",
		Configuration: &ecs.ClusterConfiguration{},
	}))
	do(w, deleteCluster("n"))
	w.now += second
	got := do(w, createCluster(CreateClusterInput{Name: "n"}))
	if got.Status != ecs.ClusterActive || got.CreatedAt != w.now || got.InactiveAt != 0 || got.Tags != nil || got.Configuration != nil ||
		got.Request != "" || got.Settings[0].Value != "disabled" {
		t.Errorf("%+v", got)
	}
}

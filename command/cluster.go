package command

import (
	"slices"

	"berth/ecs"
	"berth/state"
)

// CreateClusterInput is what a new cluster is made of.
type CreateClusterInput struct {
	Name          string
	Settings      []ecs.Setting
	Tags          []ecs.Tag
	Configuration *ecs.ClusterConfiguration
	// Providers and DefaultStrategy are associated as PutClusterCapacityProviders would.
	Providers       []string
	DefaultStrategy []ecs.StrategyItem
	// Request is a digest of the arguments beside the name; empty when there are none.
	Request string
}

// CreateCluster makes a cluster, or returns the existing one of that name.
//
// ECS: the same arguments again, or the bare name, succeed; other arguments are refused (semantics.md 1.3, 11.2). The bare name
// is answered without the tags. An INACTIVE cluster is made anew, with nothing of the old one.
func CreateCluster(tx *state.Tx, in CreateClusterInput) (*ecs.Cluster, error) {
	if old := tx.Cluster(in.Name); old != nil && old.Status == ecs.ClusterActive {
		return repeatCluster(old, in)
	}
	c := &ecs.Cluster{
		Name: in.Name, Status: ecs.ClusterActive, CreatedAt: tx.Now(), Request: in.Request,
		Settings: settingsWithDefaults(in.Settings), Tags: in.Tags, Configuration: in.Configuration,
	}
	tx.PutCluster(c)
	if len(in.Providers) == 0 && len(in.DefaultStrategy) == 0 {
		return c, nil
	}
	return PutClusterCapacityProviders(tx, PutClusterProvidersInput{in.Name, in.Providers, in.DefaultStrategy})
}

func repeatCluster(old *ecs.Cluster, in CreateClusterInput) (*ecs.Cluster, error) {
	switch in.Request {
	case "":
		shown := *old
		shown.Tags = nil
		return &shown, nil
	case old.Request:
		shown := *old
		shown.Tags = in.Tags
		return &shown, nil
	}
	return nil, ecs.InvalidParameterf(
		"Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
}

func settingsWithDefaults(given []ecs.Setting) []ecs.Setting {
	if slices.ContainsFunc(given, func(s ecs.Setting) bool { return s.Name == "containerInsights" }) {
		return given
	}
	return append(slices.Clone(given), ecs.Setting{Name: "containerInsights", Value: "disabled"})
}

// EnsureDefaultCluster makes the cluster `default` when there is none (features.md B1.2).
func EnsureDefaultCluster(tx *state.Tx) error {
	if c := tx.Cluster(ecs.DefaultCluster); c != nil && c.Status == ecs.ClusterActive {
		return nil
	}
	_, err := CreateCluster(tx, CreateClusterInput{Name: ecs.DefaultCluster})
	return err
}

// DeleteCluster makes a cluster INACTIVE. It must hold no instance that is registered and no task that is not STOPPED
// (features.md D12); its capacity providers are free for other clusters then. Repeating it succeeds (semantics.md 11.9).
func DeleteCluster(tx *state.Tx, name string) (*ecs.Cluster, error) {
	c := tx.Cluster(name)
	if c == nil {
		return nil, ecs.ErrClusterNotFound
	}
	if c.Status == ecs.ClusterInactive {
		return c, nil
	}
	counts := tx.Counts(name)
	if counts.Instances > 0 {
		return nil, &ecs.Error{Code: "ClusterContainsContainerInstancesException",
			Message: "The Cluster cannot be deleted while Container Instances are active or draining."}
	}
	if counts.Tasks > 0 {
		return nil, &ecs.Error{Code: "ClusterContainsTasksException",
			Message: "The Cluster cannot be deleted while Tasks are active."}
	}
	release(tx, c, nil)
	gone := *c
	gone.Status, gone.InactiveAt = ecs.ClusterInactive, tx.Now()
	tx.PutCluster(&gone)
	return &gone, nil
}

package command

import (
	"berth/ecs"
	"berth/state"
)

// Caller says on whose behalf a command runs.
type Caller struct {
	// KeyID is the access key of the request.
	KeyID string
	// Agent is true for a key that may act for its own instances only.
	Agent bool
	// ARN is the principal, shown as registeredBy and in denials.
	ARN string
}

// ActiveCluster returns a cluster that can be worked with, or ECS's error.
func ActiveCluster(v *state.View, name string) (*ecs.Cluster, error) {
	c := v.Cluster(name)
	if c == nil {
		return nil, ecs.ErrClusterNotFound
	}
	if c.Status != ecs.ClusterActive {
		return nil, ecs.ErrClusterInactive
	}
	return c, nil
}

// OwnInstance returns an instance of a cluster, INACTIVE ones too, and refuses an agent that does not own it.
func OwnInstance(v *state.View, cluster string, id ecs.InstanceID, by Caller) (*ecs.Instance, error) {
	i := v.Instance(cluster, id)
	if i == nil {
		return nil, ecs.ClientErrorf("The referenced container instance was not found.")
	}
	return i, owns(i, by)
}

// owns refuses an agent's key that did not register the instance.
func owns(i *ecs.Instance, by Caller) error {
	if by.Agent && i.Owner != by.KeyID {
		return ecs.AccessDeniedf("User: %s is not the owner of container instance %s.", by.ARN, i.ID)
	}
	return nil
}

// findTask returns a task of a cluster or ECS's error.
func findTask(v *state.View, cluster string, id ecs.TaskID) (*ecs.Task, error) {
	t := v.Task(cluster, id)
	if t == nil {
		return nil, ecs.InvalidParameterf("The referenced task was not found.")
	}
	return t, nil
}

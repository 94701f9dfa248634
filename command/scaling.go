package command

import (
	"slices"

	"berth/ecs"
	"berth/state"
)

// ScaleInput is a step of managed scaling to carry out.
type ScaleInput struct {
	Provider string
	// State is what to remember.
	State ecs.ScalingState
	// Drain are instances to give up.
	Drain []ecs.InstanceID
}

// Scale remembers what managed scaling found and sets the instances it gives up DRAINING, so that nothing more is placed there. It
// returns the provider as it is then, or nil when it is no longer there.
//
// ECS: an instance with tasks is not given up under managed termination protection (semantics.md 5.14); without it one that got a
// task meanwhile is drained all the same. An instance that is no longer ACTIVE is left alone.
func Scale(tx *state.Tx, in ScaleInput) (*ecs.CapacityProvider, error) {
	p := tx.CapacityProvider(in.Provider)
	if p == nil {
		return nil, nil
	}
	n := *p
	n.State = in.State
	n.State.Leaving = slices.Clone(in.State.Leaving)
	for _, id := range in.Drain {
		i := tx.Instance(p.Cluster, id)
		if i == nil || i.Status != ecs.InstanceActive || p.TerminationProtection && tx.Usage(id).Tasks > 0 {
			continue
		}
		if _, err := UpdateInstanceState(tx, UpdateInstanceStateInput{Cluster: p.Cluster, ID: id, Status: ecs.InstanceDraining}); err != nil {
			return nil, err
		}
		n.State.Leaving = append(n.State.Leaving, id)
	}
	tx.PutCapacityProvider(&n)
	return &n, nil
}

// EndScaleOutInput names a request for hosts that came to nothing.
type EndScaleOutInput struct {
	Provider string
	Request  ecs.ScaleOutRequest
}

// EndScaleOut forgets a request for hosts, so that it can be made again before the warm-up is over.
func EndScaleOut(tx *state.Tx, in EndScaleOutInput) error {
	p := tx.CapacityProvider(in.Provider)
	if p == nil {
		return nil
	}
	n := *p
	n.State.Requests = slices.DeleteFunc(slices.Clone(p.State.Requests), func(r ecs.ScaleOutRequest) bool {
		return r.At == in.Request.At
	})
	tx.PutCapacityProvider(&n)
	return nil
}

// EndScaleInInput names an instance whose host was stopped.
type EndScaleInInput struct {
	Provider string
	Instance ecs.InstanceID
}

// EndScaleIn deregisters an instance whose host the scaling hook stopped.
//
// ECS: an instance that was terminated becomes INACTIVE at once (semantics.md 2.8).
func EndScaleIn(tx *state.Tx, in EndScaleInInput) error {
	p := tx.CapacityProvider(in.Provider)
	if p == nil {
		return nil
	}
	if i := tx.Instance(p.Cluster, in.Instance); i != nil && i.Status != ecs.InstanceInactive {
		if _, err := DeregisterInstance(tx, DeregisterInstanceInput{Cluster: p.Cluster, ID: in.Instance, Force: true}); err != nil {
			return err
		}
	}
	n := *p
	n.State.Leaving = slices.DeleteFunc(slices.Clone(p.State.Leaving), func(id ecs.InstanceID) bool { return id == in.Instance })
	tx.PutCapacityProvider(&n)
	return nil
}

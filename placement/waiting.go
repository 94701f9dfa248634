package placement

import (
	"slices"

	"berth/ecs"
	"berth/state"
)

// OnProvider limits a request to the instances of a capacity provider's machine group.
func OnProvider(r *Request, p *ecs.CapacityProvider) *Request {
	n := *r
	n.Attributes = append(slices.Clone(r.Attributes), ecs.Attribute{Name: ecs.GroupAttribute, Value: ecs.GroupName(p.Group)})
	return &n
}

// ProviderRejections is [Rejections] of a request made with [OnProvider]: the instances outside the provider's group are no candidates
// and need no explanation.
func ProviderRejections(v *state.View, r *Request, p *ecs.CapacityProvider) []Rejection {
	return slices.DeleteFunc(Rejections(v, r), func(why Rejection) bool {
		i := v.InstanceByID(why.Instance)
		return i == nil || !p.Has(i)
	})
}

// WaitingRequest is the request of a task that waits for a provider's capacity, as it was made.
func WaitingRequest(t *ecs.Task, p *ecs.CapacityProvider) (*Request, error) {
	r := &Request{
		Cluster: t.Cluster, Group: t.Group, Needs: t.Reserved, Attributes: t.Waiting.Attributes, Seed: t.Waiting.Seed,
	}
	for _, s := range t.Waiting.Strategies {
		r.Strategies = append(r.Strategies, Strategy{StrategyType(s.Type), s.Field})
	}
	if err := Constrain(r, t.Waiting.Constraints); err != nil {
		return nil, err
	}
	return OnProvider(r, p), nil
}

// SameWait returns a text that is the same for two waiting tasks of a queue exactly when an instance that can take one can take the
// other: when one finds no place, nor does the other.
func SameWait(t *ecs.Task) string {
	w := *t.Waiting
	w.Seed = 0
	b := append([]byte(t.Group), 0)
	b, err := t.Reserved.MarshalMsg(b)
	if err == nil {
		b, err = w.MarshalMsg(b)
	}
	if err != nil {
		return string(t.ID) // no task is the same as another
	}
	return string(b)
}

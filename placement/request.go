package placement

import (
	"berth/ecs"
	"berth/placement/query"
)

// StrategyType is one of ECS's placement strategies.
type StrategyType string

// The placement strategies (semantics.md 4.2).
const (
	Random  StrategyType = "random"
	Spread  StrategyType = "spread"
	Binpack StrategyType = "binpack"
)

// Strategy is one step of narrowing. Field is "instanceId" or "attribute:NAME" for spread, "cpu" or "memory" for binpack.
type Strategy struct {
	Type  StrategyType
	Field string
}

// Request is one task that wants a place.
type Request struct {
	Cluster string
	// Group is the task's group: distinctInstance and spread count the group's tasks.
	Group string
	// LaunchType limits the instances to EC2 or EXTERNAL ones; empty takes both.
	LaunchType ecs.LaunchType
	// Attributes must all be present on the instance, with the same value where one is given.
	Attributes []ecs.Attribute
	// Needs is what the task takes.
	Needs ecs.Reservation
	// Zones limits the instances to those of some availability zones; empty takes all.
	Zones []string
	// DistinctInstance keeps two tasks of the group off the same instance.
	DistinctInstance bool
	// MemberOf must all hold of the instance (features.md B5.3, B5.4).
	MemberOf []*query.Expr
	// Strategies narrow the choice in order. Only the first five that are not random count (features.md C19).
	Strategies []Strategy
	// Seed decides between equals.
	Seed uint64
}

// DefaultServiceStrategies are those of a service that names none: the zone with the fewest tasks of the service, in it the instance
// with the fewest. ECS: features.md B5.7.
func DefaultServiceStrategies() []Strategy {
	return []Strategy{{Spread, "attribute:ecs.availability-zone"}, {Spread, "instanceId"}}
}

// Rejection says why an instance cannot take the task. Reason is the text ECS's clients match (semantics.md 1.4); Detail says by
// how much or what is missing, in Berth's own words.
type Rejection struct {
	Instance ecs.InstanceID
	Reason   string
	Detail   string
}

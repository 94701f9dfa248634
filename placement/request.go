package placement

import "berth/ecs"

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
	// DistinctInstance keeps two tasks of the group off the same instance.
	DistinctInstance bool
	Strategies       []Strategy
	// Seed decides between equals.
	Seed uint64
}

// Rejection says why an instance cannot take the task. Reason is the text ECS's clients match (semantics.md 1.4); Detail says by
// how much or what is missing, in Berth's own words.
type Rejection struct {
	Instance ecs.InstanceID
	Reason   string
	Detail   string
}

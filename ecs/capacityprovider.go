package ecs

import "strings"

// CapacityProviderStatus is the state of a capacity provider.
type CapacityProviderStatus string

// The states of a capacity provider.
const (
	ProviderActive   CapacityProviderStatus = "ACTIVE"
	ProviderInactive CapacityProviderStatus = "INACTIVE"
)

// The two providers that exist without being made (features.md B4.1). They have no record.
const (
	ProviderFargate     = "FARGATE"
	ProviderFargateSpot = "FARGATE_SPOT"
)

// GroupAttribute names the machine group an instance belongs to: the ARN a capacity provider was made with, or the ARN's last part.
const GroupAttribute = "berth.group"

// ManagedScaling tells how a provider's machine group grows and shrinks. ECS: features.md F, CreateCapacityProvider.
type ManagedScaling struct {
	Enabled bool `msg:"e,omitempty"`
	// TargetCapacity is the percentage of the group that should be in use, 1 to 100.
	TargetCapacity int32 `msg:"t"`
	// MinimumStep and MaximumStep bound how many instances one scale-out adds, 1 to 10,000.
	MinimumStep int32 `msg:"mi"`
	MaximumStep int32 `msg:"ma"`
	// WarmupSeconds is how long a new instance is not counted, 0 to 10,000.
	WarmupSeconds int32 `msg:"w"`
}

// DefaultManagedScaling is what holds for members of managedScaling that a request leaves out. It is not enabled.
var DefaultManagedScaling = ManagedScaling{TargetCapacity: 100, MinimumStep: 1, MaximumStep: 10_000, WarmupSeconds: 300}

// CapacityProvider gives tasks the instances of one machine group.
type CapacityProvider struct {
	Name      string                 `msg:"n"`
	Status    CapacityProviderStatus `msg:"s"`
	CreatedAt Time                   `msg:"c"`
	// UpdateStatus is how the last update or the deletion went, such as UPDATE_COMPLETE; "" when there was none.
	UpdateStatus string `msg:"u,omitempty"`
	// Group is the autoScalingGroupArn as it was given; an instance belongs to it by its [GroupAttribute].
	Group                 string         `msg:"g"`
	Scaling               ManagedScaling `msg:"m"`
	TerminationProtection bool           `msg:"p,omitempty"`
	Tags                  []Tag          `msg:"t,omitempty"`
	// Cluster is the one cluster the provider is associated with, "" when none; Attachment identifies the association.
	Cluster    string `msg:"cl,omitempty"`
	Attachment string `msg:"a,omitempty"`
	// State is what managed scaling remembers.
	State ScalingState `msg:"x"`
}

// GroupName is the last part of a group's ARN, or the name when it is not one.
func GroupName(group string) string {
	return group[strings.LastIndexAny(group, "/:")+1:]
}

// Has reports whether an instance belongs to the provider's machine group, in whichever cluster it is.
func (p *CapacityProvider) Has(i *Instance) bool {
	group, ok := i.Attribute(GroupAttribute)
	return ok && GroupName(group) == GroupName(p.Group)
}

// IsFargateProvider reports whether a name is one of those that exist without being made.
func IsFargateProvider(name string) bool {
	return name == ProviderFargate || name == ProviderFargateSpot
}

// StrategyItem is one provider of a capacity provider strategy with its share. ECS: features.md A.2.
type StrategyItem struct {
	Provider string `msg:"p"`
	// Base is how many tasks the provider gets before weights count; Weight is its share of the rest.
	Base   int32 `msg:"b,omitempty"`
	Weight int32 `msg:"w,omitempty"`
}

// PlacementStrategy is one step of narrowing the instances a task may go to: spread, binpack or random, with its field.
type PlacementStrategy struct {
	Type  string `msg:"t"`
	Field string `msg:"f,omitempty"`
}

// Waiting is what a task in PROVISIONING remembers of its request until it has an instance.
type Waiting struct {
	// Attributes must be on the instance.
	Attributes []Attribute `msg:"a,omitempty"`
	// Constraints are those of the definition and of the request.
	Constraints []PlacementConstraint `msg:"c,omitempty"`
	Strategies  []PlacementStrategy   `msg:"s,omitempty"`
	Seed        uint64                `msg:"r"`
}

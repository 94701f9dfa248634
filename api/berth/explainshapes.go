package berth

import (
	"berth/api/ecs/wire"
	"berth/ecs"
)

// ExplainPlacementInput is a request of RunTask, or the name of a task. Nothing is placed.
type ExplainPlacementInput struct {
	wire.RunTaskInput
	// Task is the ARN or id of a task to explain instead: where one that waits for capacity could go, or where one that runs could
	// go if it were not there. Beside cluster and maxResults nothing else may be given.
	Task *string `json:"task,omitzero"`
	// MaxResults bounds the instances that are listed for each request, the best first: 1 to 1000, and 100 when absent.
	MaxResults *int32 `json:"maxResults,omitzero"`
}

// Limits of maxResults.
const (
	defaultListed = 100
	maxListed     = 1000
)

// Validate checks the request as RunTask would, unless it names a task.
func (in *ExplainPlacementInput) Validate() error {
	if in.MaxResults != nil && (*in.MaxResults < 1 || *in.MaxResults > maxListed) {
		return ecs.InvalidParameterf("maxResults should be between 1 and %d.", maxListed)
	}
	if in.Task == nil {
		return in.RunTaskInput.Validate()
	}
	if in.TaskDefinition != nil || in.Count != nil || in.Overrides != nil || in.Group != nil || in.LaunchType != nil ||
		in.CapacityProviderStrategy != nil || in.PlacementConstraints != nil || in.PlacementStrategy != nil {
		return ecs.InvalidParameterf("A task is explained as it was asked for: give task, or the members of a request, not both.")
	}
	return nil
}

// ExplainPlacementOutput says what would be done with the request, and why.
type ExplainPlacementOutput struct {
	ClusterARN        string `json:"clusterArn"`
	TaskDefinitionARN string `json:"taskDefinitionArn"`
	Group             string `json:"group"`
	// Task is the one that was asked about.
	Task *ExplainedTask `json:"task,omitzero"`
	// Placements has an item for each task that would be accepted, in the order of placement.
	Placements []Placement `json:"placements"`
	// Failures are those RunTask would answer with; Refusal is the exception it would raise instead.
	Failures []wire.Failure `json:"failures"`
	Refusal  *Refusal       `json:"refusal,omitzero"`
	// Requests has an item for each capacity provider of the strategy, or one.
	Requests []ExplainedRequest `json:"requests"`
}

// ExplainedTask is how a task stands.
type ExplainedTask struct {
	TaskARN              string `json:"taskArn"`
	LastStatus           string `json:"lastStatus"`
	ContainerInstanceARN string `json:"containerInstanceArn,omitzero"`
	// WaitingSeconds is how long it has waited for capacity.
	WaitingSeconds float64 `json:"waitingSeconds,omitzero"`
}

// Placement is what would become of one task. Without an instance it would wait in PROVISIONING for its provider's capacity.
type Placement struct {
	ContainerInstanceARN string `json:"containerInstanceArn,omitzero"`
	CapacityProvider     string `json:"capacityProvider,omitzero"`
	LastStatus           string `json:"lastStatus"`
}

// Refusal is an exception of the ECS API.
type Refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ExplainedRequest is one question to placement and what the instances say to it, before anything is placed.
type ExplainedRequest struct {
	CapacityProvider string `json:"capacityProvider,omitzero"`
	Needs            Needs  `json:"needs"`
	// Considered counts the instances that are not deregistered, Fitting those that can take the task. Rejected counts the others
	// by the first rule they do not pass.
	Considered int             `json:"considered"`
	Fitting    int             `json:"fitting"`
	Rejected   []RejectedCount `json:"rejected"`
	// Instances are the best first, then those that do not fit; Omitted counts what maxResults cut off.
	Instances []ExplainedInstance `json:"instances"`
	Omitted   int                 `json:"omitted,omitzero"`
}

// Needs is what one task takes and asks for.
type Needs struct {
	CPU         int64       `json:"cpu"`
	Memory      int64       `json:"memory"`
	GPUs        int64       `json:"gpus,omitzero"`
	Ports       []Port      `json:"ports,omitzero"`
	Attributes  []Attribute `json:"attributes,omitzero"`
	Expressions []string    `json:"expressions,omitzero"`
	// DistinctInstance is whether tasks of the group stay on different instances.
	DistinctInstance bool     `json:"distinctInstance,omitzero"`
	Strategies       []string `json:"strategies,omitzero"`
}

// Port is a port of the host.
type Port struct {
	Port     int    `json:"port"`
	Protocol string `json:"protocol"`
}

// Attribute is one the task requires. An empty value takes any.
type Attribute struct {
	Name  string `json:"name"`
	Value string `json:"value,omitzero"`
}

// RejectedCount is how many instances a rule rejects first.
type RejectedCount struct {
	Rule      string `json:"rule"`
	Reason    string `json:"reason"`
	Instances int    `json:"instances"`
}

// ExplainedInstance is what is said of one instance.
type ExplainedInstance struct {
	ContainerInstanceARN string `json:"containerInstanceArn"`
	Status               string `json:"status"`
	Zone                 string `json:"zone,omitzero"`
	Fits                 bool   `json:"fits"`
	// Rank is 1 for what the strategies like best; equals share a rank, and chance decides among them.
	Rank int `json:"rank,omitzero"`
	// Chosen is how many of the tasks would be placed here.
	Chosen int `json:"chosen,omitzero"`
	// Scores are the numbers of the strategies, in their order; less is better.
	Scores []Score `json:"scores,omitzero"`
	Rules  []Rule  `json:"rules"`
}

// Score is the number a strategy gives an instance.
type Score struct {
	Strategy string `json:"strategy"`
	Number   int64  `json:"number"`
	// Value is the instance's value of the attribute that tasks are spread over.
	Value string `json:"value,omitzero"`
}

// Rule is what one rule says of an instance. Reason and Detail are those of RunTask's failures.
type Rule struct {
	Rule   string `json:"rule"`
	Passed bool   `json:"passed"`
	Reason string `json:"reason,omitzero"`
	Detail string `json:"detail,omitzero"`
	// Needed, Free and Total are of cpu in units, memory in MiB, and gpu; Missing is by how much it does not fit.
	Needed  *int64 `json:"needed,omitzero"`
	Free    *int64 `json:"free,omitzero"`
	Total   *int64 `json:"total,omitzero"`
	Missing int64  `json:"missing,omitzero"`

	Attributes  []MissingAttribute `json:"attributes,omitzero"`
	Ports       []TakenPort        `json:"ports,omitzero"`
	Expressions []UnmetExpression  `json:"expressions,omitzero"`
	// TaskARNs are the tasks of the group on the instance, which distinctInstance keeps apart.
	TaskARNs []string `json:"taskArns,omitzero"`
}

// MissingAttribute is an attribute the instance lacks, or has with the value have.
type MissingAttribute struct {
	Name   string  `json:"name"`
	Wanted string  `json:"wanted,omitzero"`
	Have   *string `json:"have,omitzero"`
}

// TakenPort is a port that cannot be had: a task holds it, or the instance reserves it.
type TakenPort struct {
	Port
	TaskARN  string `json:"taskArn,omitzero"`
	Reserved bool   `json:"reserved,omitzero"`
}

// UnmetExpression is a memberOf expression that does not hold, and the part of it that does not.
type UnmetExpression struct {
	Expression string `json:"expression"`
	Why        string `json:"why"`
}

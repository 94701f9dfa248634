package command

import (
	"hash/fnv"
	"slices"
	"strconv"

	"berth/ecs"
	"berth/state"
)

// maxStrategyItems is the length of a capacity provider strategy (features.md A.2).
const maxStrategyItems = 6

var errNotAssociated = ecs.InvalidParameterf(
	"The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster.")

// checkDefaultStrategy checks a cluster's default strategy against the providers it is to have. Weights of 0 throughout are for the
// calls that use it to refuse.
func checkDefaultStrategy(providers []string, items []ecs.StrategyItem) error {
	if err := checkItems(providers, items); err != nil {
		return err
	}
	if bases(items) > 1 {
		return ecs.InvalidParameterf("The specified capacity provider strategy contains multiple capacity providers with a base value defined. " +
			"Only one can have one.")
	}
	return nil
}

// CheckStrategy checks the strategy of a task or service against the providers of its cluster.
//
// ECS: at most six items, each provider once and associated, one base at most, and with several providers one weight above 0
// (features.md A.2, semantics.md 1.3, 5.14).
func CheckStrategy(c *ecs.Cluster, items []ecs.StrategyItem) error {
	if err := checkItems(c.CapacityProviders, items); err != nil {
		return err
	}
	if bases(items) > 1 {
		return ecs.InvalidParameterf("There are multiple capacity providers in the specified capacity provider strategy with a base value defined. " +
			"Only one can have one.")
	}
	weighed := func(i ecs.StrategyItem) bool { return i.Weight > 0 }
	if len(items) > 1 && !slices.ContainsFunc(items, weighed) {
		return ecs.InvalidParameterf("There are no capacity providers in the capacity provider strategy with a weight value greater than zero. " +
			"At least one needs one.")
	}
	return nil
}

// checkItems holds for every strategy.
func checkItems(providers []string, items []ecs.StrategyItem) error {
	if len(items) > maxStrategyItems {
		return ecs.InvalidParameterf("capacityProviderStrategy can have at most %d items.", maxStrategyItems)
	}
	fargate := 0
	for k, item := range items {
		if !slices.Contains(providers, item.Provider) {
			return errNotAssociated
		}
		same := func(other ecs.StrategyItem) bool { return other.Provider == item.Provider }
		if slices.ContainsFunc(items[:k], same) {
			return ecs.InvalidParameterf("The specified capacity provider strategy contains capacity provider %s more than once.", item.Provider)
		}
		if ecs.IsFargateProvider(item.Provider) {
			fargate++
		}
	}
	if fargate != 0 && fargate != len(items) {
		return ecs.InvalidParameterf("A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers.")
	}
	return nil
}

func bases(items []ecs.StrategyItem) int {
	n := 0
	for _, item := range items {
		if item.Base > 0 {
			n++
		}
	}
	return n
}

// strategyOf returns the strategy a run uses, or nil when its launch type or the lack of any decides. The definition must be able to
// run with the launch type (semantics.md 1.3).
//
// ECS: without launch type and strategy the cluster's default strategy holds (features.md B4.3).
func strategyOf(v *state.View, in *RunTaskInput, def *ecs.TaskDefinition) ([]ecs.StrategyItem, error) {
	items, c := in.ProviderStrategy, v.Cluster(in.Cluster)
	if in.LaunchType != "" && len(def.Compatibilities) > 0 && !def.Compatible(in.LaunchType) {
		return nil, ecs.InvalidParameterf("Task definition does not support launch_type %s.", in.LaunchType)
	}
	if len(items) == 0 && in.LaunchType == "" {
		items = c.DefaultStrategy
	}
	if len(items) == 0 {
		return nil, nil
	}
	if err := CheckStrategy(c, items); err != nil {
		return nil, err
	}
	if ecs.IsFargateProvider(items[0].Provider) {
		return nil, ecs.Unsupportedf("Tasks on capacity provider %s are not built in this version of Berth; "+
			"name a provider over your own hosts or a launch type.", items[0].Provider)
	}
	return items, nil
}

// strategyDigest tells strategies apart.
func strategyDigest(items []ecs.StrategyItem) string {
	h := fnv.New64a()
	var b []byte
	for _, item := range items {
		b = append(append(b[:0], item.Provider...), ' ')
		b = append(strconv.AppendInt(b, int64(item.Base), 10), ' ')
		h.Write(append(strconv.AppendInt(b, int64(item.Weight), 10), '\n'))
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

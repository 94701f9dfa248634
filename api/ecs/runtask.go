package ecs

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
	"berth/placement"
	"berth/state"
)

// Limits of one call (features.md C02, C03, C11, C14, C18, C19).
const (
	maxRunCount       = 10
	maxStartInstances = 10
	maxReferenceID    = 1024
	maxGroup          = 255
	maxOverridesJSON  = 8192
	maxConstraints    = 10
	maxStrategies     = 5
	maxClientToken    = 64
)

var (
	tokenText   = regexp.MustCompile(`^[!-~]*$`)
	starterText = regexp.MustCompile(`^[A-Za-z0-9_/-]*$`)
)

func (s *Service) runTask(ctx context.Context, in *wire.RunTaskInput) (*wire.RunTaskOutput, error) {
	args, err := s.runTaskArgs(in)
	if err != nil {
		return nil, err
	}
	started, err := do(ctx, s, func(tx *state.Tx) (command.StartedTasks, error) { return command.RunTask(tx, args) })
	if err != nil {
		return nil, err
	}
	out := &wire.RunTaskOutput{}
	out.Tasks, out.Failures = s.startedToWire(args.Cluster, started)
	return out, nil
}

func (s *Service) runTaskArgs(in *wire.RunTaskInput) (command.RunTaskInput, error) {
	var args command.RunTaskInput
	if err := refuseRunFeatures(in); err != nil {
		return args, err
	}
	if value(in.PropagateTags) == "SERVICE" {
		return args, ecs.InvalidParameterf("Tags can be propagated from a service only to the tasks of a service.")
	}
	args.Count = 1
	if in.Count != nil {
		args.Count = int(*in.Count)
	}
	if args.Count < 1 || args.Count > maxRunCount {
		return args, ecs.InvalidParameterf("count should be between 1 and %d.", maxRunCount)
	}
	var err error
	if args.Constraints, err = constraintsFromWire(in.PlacementConstraints); err != nil {
		return args, err
	}
	if args.Strategies, err = strategiesFromWire(in.PlacementStrategy); err != nil {
		return args, err
	}
	if err := checkText("clientToken", in.ClientToken, maxClientToken, tokenText); err != nil {
		return args, err
	}
	if args.ProviderStrategy, err = s.strategyFromWire(in.CapacityProviderStrategy); err != nil {
		return args, err
	}
	args.LaunchType, args.Realm = ecs.LaunchType(value(in.LaunchType)), s.Realm
	args.ClientToken, args.RequestDigest = value(in.ClientToken), digest(in)
	args.TaskSpec, err = s.taskSpec(specArgs{
		in.Cluster, in.TaskDefinition, in.Group, in.StartedBy, in.ReferenceId, in.PropagateTags,
		in.EnableECSManagedTags, in.EnableExecuteCommand, in.Tags, in.Overrides, in.NetworkConfiguration,
	}, 128)
	return args, err
}

// refuseRunFeatures names what a later version brings.
func refuseRunFeatures(in *wire.RunTaskInput) error {
	if len(in.CapacityProviderStrategy) > 0 && in.LaunchType != nil {
		return ecs.InvalidParameterf(
			"Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
	}
	if value(in.LaunchType) == string(ecs.LaunchFargate) {
		return ecs.Unsupportedf("Launch type FARGATE is not built in this version of Berth; leave it out to run on your hosts.")
	}
	if value(in.PlatformVersion) != "" {
		return ecs.InvalidParameterf("The platform version must be null when specifying an EC2 launch type.")
	}
	return nil
}

func (s *Service) startTask(ctx context.Context, in *wire.StartTaskInput) (*wire.StartTaskOutput, error) {
	if len(in.ContainerInstances) > maxStartInstances {
		return nil, ecs.InvalidParameterf("containerInstances can have at most %d items.", maxStartInstances)
	}
	if value(in.PropagateTags) == "SERVICE" {
		return nil, ecs.InvalidParameterf("Tags can be propagated from a service only to the tasks of a service.")
	}
	spec, err := s.taskSpec(specArgs{
		in.Cluster, in.TaskDefinition, in.Group, in.StartedBy, in.ReferenceId, in.PropagateTags,
		in.EnableECSManagedTags, in.EnableExecuteCommand, in.Tags, in.Overrides, in.NetworkConfiguration,
	}, 36)
	if err != nil {
		return nil, err
	}
	args := command.StartTaskInput{TaskSpec: spec}
	for _, arg := range in.ContainerInstances {
		id, _, err := s.instanceID(spec.Cluster, arg)
		if err != nil {
			return nil, err
		}
		args.Instances = append(args.Instances, id)
	}
	started, err := do(ctx, s, func(tx *state.Tx) (command.StartedTasks, error) { return command.StartTask(tx, args) })
	if err != nil {
		return nil, err
	}
	out := &wire.StartTaskOutput{}
	out.Tasks, out.Failures = s.startedToWire(spec.Cluster, started)
	return out, nil
}

// specArgs are the members RunTask and StartTask share.
type specArgs struct {
	cluster, definition, group, startedBy, reference, propagate *string
	managedTags, exec                                           *bool
	tags                                                        []wire.Tag
	overrides                                                   *wire.TaskOverride
	network                                                     *wire.NetworkConfiguration
}

func (s *Service) taskSpec(a specArgs, maxStarter int) (command.TaskSpec, error) {
	spec := command.TaskSpec{
		Group: value(a.group), StartedBy: value(a.startedBy), ReferenceID: value(a.reference),
		PropagateTags: value(a.propagate) == "TASK_DEFINITION", ManagedTags: value(a.managedTags),
		EnableExecuteCommand: value(a.exec), HasNetworkConfiguration: a.network != nil, Tags: tagsFromWire(a.tags),
	}
	var err error
	if spec.Cluster, err = s.clusterName(a.cluster); err != nil {
		return spec, err
	}
	if spec.Family, spec.Revision, err = s.taskDefinitionRef(value(a.definition)); err != nil {
		return spec, err
	}
	for _, check := range []error{
		checkText("startedBy", a.startedBy, maxStarter, starterText), checkText("referenceId", a.reference, maxReferenceID, nil),
		checkText("group", a.group, maxGroup, nil), checkTags(a.tags), checkOverridesLength(a.overrides),
	} {
		if check != nil {
			return spec, check
		}
	}
	if strings.HasPrefix(spec.Group, "service:") {
		return spec, ecs.InvalidParameterf("The group prefix service: is reserved for the tasks of services.")
	}
	spec.Overrides = taskOverrideFromWire(a.overrides)
	return spec, nil
}

func checkOverridesLength(o *wire.TaskOverride) error {
	if o == nil {
		return nil
	}
	b, err := json.Marshal(o)
	if err != nil {
		return ecs.InvalidParameterf("overrides cannot be read: %v", err)
	}
	if len([]rune(string(b))) > maxOverridesJSON {
		return ecs.InvalidParameterf("overrides can have at most %d characters.", maxOverridesJSON)
	}
	return nil
}

func constraintsFromWire(in []wire.PlacementConstraint) ([]ecs.PlacementConstraint, error) {
	if len(in) > maxConstraints {
		return nil, ecs.InvalidParameterf("placementConstraints can have at most %d items.", maxConstraints)
	}
	var out []ecs.PlacementConstraint
	for _, c := range in {
		if value(c.Type) == "distinctInstance" && value(c.Expression) != "" {
			return nil, ecs.InvalidParameterf("distinctInstance expression should not be specified")
		}
		out = append(out, ecs.PlacementConstraint{Type: value(c.Type), Expression: value(c.Expression)})
	}
	return out, nil
}

func strategiesFromWire(in []wire.PlacementStrategy) ([]placement.Strategy, error) {
	if len(in) > maxStrategies {
		return nil, ecs.InvalidParameterf("Maximum number of strategies is %d", maxStrategies)
	}
	var out []placement.Strategy
	for _, p := range in {
		strategy := placement.Strategy{Type: placement.StrategyType(value(p.Type)), Field: value(p.Field)}
		switch strategy.Type {
		case placement.Binpack:
			if f := strings.ToLower(strategy.Field); f != "cpu" && f != "memory" {
				return nil, ecs.InvalidParameterf("binpack field '%s' is invalid", strategy.Field)
			}
		case placement.Spread:
			if f := strings.ToLower(strategy.Field); f == "host" || f == "instanceid" {
				strategy.Field = "instanceId"
			} else if !strings.HasPrefix(strategy.Field, "attribute:") {
				return nil, ecs.InvalidParameterf("spread field '%s' is invalid", strategy.Field)
			}
		}
		out = append(out, strategy)
	}
	return out, nil
}

func (s *Service) startedToWire(cluster string, started command.StartedTasks) ([]wire.Task, []wire.Failure) {
	view := s.Store.Snapshot()
	tasks := make([]wire.Task, 0, len(started.Tasks))
	for _, t := range started.Tasks {
		tasks = append(tasks, *s.taskToWire(view, t, true))
	}
	failures := make([]wire.Failure, 0, len(started.Failures)+len(started.EmptyProviders))
	for _, f := range started.Failures {
		failures = append(failures, wire.Failure{
			Arn: new(s.Realm.InstanceARN(cluster, f.Instance)), Reason: new(f.Reason), Detail: given(f.Detail),
		})
	}
	for _, name := range started.EmptyProviders {
		failures = append(failures, wire.Failure{Arn: new(s.Realm.CapacityProviderARN(name)), Reason: new("EMPTY CAPACITY PROVIDER")})
	}
	return tasks, slices.Clip(failures)
}

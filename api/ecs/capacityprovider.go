package ecs

import (
	"context"
	"slices"

	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

const enabled, disabled = wire.ManagedScalingStatusEnabled, wire.ManagedScalingStatusDisabled

func (s *Service) createCapacityProvider(ctx context.Context, in *wire.CreateCapacityProviderInput) (*wire.CreateCapacityProviderOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	g := in.AutoScalingGroupProvider
	args := command.CreateProviderInput{
		Name: value(in.Name), Group: value(g.AutoScalingGroupArn), Scaling: ecs.DefaultManagedScaling,
		TerminationProtection: value(g.ManagedTerminationProtection) == enabled, Tags: tagsFromWire(in.Tags),
	}
	if m := g.ManagedScaling; m != nil {
		args.Scaling.Enabled = value(m.Status) == enabled
		args.Scaling.TargetCapacity = override(args.Scaling.TargetCapacity, m.TargetCapacity)
		args.Scaling.MinimumStep = override(args.Scaling.MinimumStep, m.MinimumScalingStepSize)
		args.Scaling.MaximumStep = override(args.Scaling.MaximumStep, m.MaximumScalingStepSize)
		args.Scaling.WarmupSeconds = override(args.Scaling.WarmupSeconds, m.InstanceWarmupPeriod)
	}
	p, err := do(ctx, s, func(tx *state.Tx) (*ecs.CapacityProvider, error) { return command.CreateCapacityProvider(tx, args) })
	if err != nil {
		return nil, err
	}
	return &wire.CreateCapacityProviderOutput{CapacityProvider: s.providerToWire(p, true)}, nil
}

func (s *Service) updateCapacityProvider(ctx context.Context, in *wire.UpdateCapacityProviderInput) (*wire.UpdateCapacityProviderOutput, error) {
	name, err := s.providerName(value(in.Name))
	if err != nil {
		return nil, err
	}
	g := in.AutoScalingGroupProvider
	args := command.UpdateProviderInput{Name: name, TerminationProtection: isEnabled(g.ManagedTerminationProtection)}
	if m := g.ManagedScaling; m != nil {
		args.Enabled, args.TargetCapacity, args.WarmupSeconds = isEnabled(m.Status), m.TargetCapacity, m.InstanceWarmupPeriod
		args.MinimumStep, args.MaximumStep = m.MinimumScalingStepSize, m.MaximumScalingStepSize
	}
	p, err := do(ctx, s, func(tx *state.Tx) (*ecs.CapacityProvider, error) { return command.UpdateCapacityProvider(tx, args) })
	if err != nil {
		return nil, err
	}
	return &wire.UpdateCapacityProviderOutput{CapacityProvider: s.providerToWire(p, true)}, nil
}

// isEnabled reads ENABLED or DISABLED; absent stays absent.
func isEnabled(v *string) *bool {
	if v == nil {
		return nil
	}
	return new(*v == enabled)
}

func (s *Service) deleteCapacityProvider(ctx context.Context, in *wire.DeleteCapacityProviderInput) (*wire.DeleteCapacityProviderOutput, error) {
	name, err := s.providerName(value(in.CapacityProvider))
	if err != nil {
		return nil, err
	}
	p, err := do(ctx, s, func(tx *state.Tx) (*ecs.CapacityProvider, error) { return command.DeleteCapacityProvider(tx, name) })
	if err != nil {
		return nil, err
	}
	return &wire.DeleteCapacityProviderOutput{CapacityProvider: s.providerToWire(p, true)}, nil
}

// Limits of DescribeCapacityProviders (semantics.md 1.5).
const (
	maxProvidersNamed = 100
	providersPage     = 10
)

func (s *Service) describeCapacityProviders(_ context.Context, in *wire.DescribeCapacityProvidersInput) (*wire.DescribeCapacityProvidersOutput, error) {
	if len(in.CapacityProviders) > maxProvidersNamed {
		return nil, ecs.InvalidParameterf("capacityProviders can have at most %d items.", maxProvidersNamed)
	}
	if value(in.MaxResults) > providersPage {
		return nil, ecs.InvalidParameterf("Max results can not be greater than %d", providersPage)
	}
	view, tags := s.Store.Snapshot(), included(in.Include, wire.CapacityProviderFieldTags)
	out := &wire.DescribeCapacityProvidersOutput{CapacityProviders: []wire.CapacityProvider{}, Failures: []wire.Failure{}}
	if len(in.CapacityProviders) > 0 {
		return out, s.describeNamed(view, in.CapacityProviders, tags, out)
	}
	p, err := newPage(in.MaxResults, in.NextToken, providersPage, "DescribeCapacityProviders")
	if err != nil {
		return nil, err
	}
	for _, name := range providerNames(view) {
		if name <= p.after {
			continue
		}
		if !p.add(name) {
			break
		}
		out.CapacityProviders = append(out.CapacityProviders, *s.providerToWire(findProvider(view, name), tags))
	}
	out.NextToken = p.token()
	return out, nil
}

// describeNamed adds the providers asked for, INACTIVE ones too, each once.
func (s *Service) describeNamed(view *state.Snapshot, args []string, tags bool, out *wire.DescribeCapacityProvidersOutput) error {
	var seen []string
	for _, arg := range args {
		name, err := s.providerName(arg)
		if err != nil {
			return err
		}
		if slices.Contains(seen, name) {
			continue
		}
		seen = append(seen, name)
		if p := findProvider(view, name); p != nil {
			out.CapacityProviders = append(out.CapacityProviders, *s.providerToWire(p, tags))
		} else {
			out.Failures = append(out.Failures, missing(s.Realm.CapacityProviderARN(name)))
		}
	}
	return nil
}

// providerNames lists the ACTIVE providers, sorted.
func providerNames(view *state.Snapshot) []string {
	names := []string{ecs.ProviderFargate, ecs.ProviderFargateSpot}
	view.ScanCapacityProviders("", func(p *ecs.CapacityProvider) bool {
		if p.Status == ecs.ProviderActive {
			names = append(names, p.Name)
		}
		return true
	})
	slices.Sort(names)
	return names
}

// findProvider returns a provider, one of those without a record too, or nil.
func findProvider(view *state.Snapshot, name string) *ecs.CapacityProvider {
	if ecs.IsFargateProvider(name) {
		return &ecs.CapacityProvider{Name: name, Status: ecs.ProviderActive}
	}
	return view.CapacityProvider(name)
}

// providerName resolves the name or ARN of a capacity provider.
func (s *Service) providerName(arg string) (string, error) {
	ref, err := s.Realm.ParseRef("capacity-provider", arg)
	return ref.ID, err
}

func (s *Service) providerToWire(p *ecs.CapacityProvider, tags bool) *wire.CapacityProvider {
	out := &wire.CapacityProvider{
		CapacityProviderArn: new(s.Realm.CapacityProviderARN(p.Name)), Name: &p.Name, Status: new(string(p.Status)),
		UpdateStatus: given(p.UpdateStatus), Tags: []wire.Tag{},
	}
	if tags {
		out.Tags = tagsToWire(p.Tags)
	}
	if ecs.IsFargateProvider(p.Name) {
		return out
	}
	m := &p.Scaling
	out.AutoScalingGroupProvider = &wire.AutoScalingGroupProvider{
		AutoScalingGroupArn: &p.Group, ManagedTerminationProtection: new(switched(p.TerminationProtection)),
		ManagedScaling: &wire.ManagedScaling{
			Status: new(switched(m.Enabled)), TargetCapacity: &m.TargetCapacity, InstanceWarmupPeriod: &m.WarmupSeconds,
			MinimumScalingStepSize: &m.MinimumStep, MaximumScalingStepSize: &m.MaximumStep,
		},
	}
	return out
}

func switched(on bool) string {
	if on {
		return enabled
	}
	return disabled
}

func (s *Service) putClusterCapacityProviders(ctx context.Context, in *wire.PutClusterCapacityProvidersInput) (*wire.PutClusterCapacityProvidersOutput, error) {
	var args command.PutClusterProvidersInput
	var err error
	if args.Cluster, err = s.clusterName(in.Cluster); err != nil {
		return nil, err
	}
	if args.Providers, args.DefaultStrategy, err = s.clusterProviders(in.CapacityProviders, in.DefaultCapacityProviderStrategy); err != nil {
		return nil, err
	}
	c, err := do(ctx, s, func(tx *state.Tx) (*ecs.Cluster, error) { return command.PutClusterCapacityProviders(tx, args) })
	if err != nil {
		return nil, err
	}
	return &wire.PutClusterCapacityProvidersOutput{Cluster: s.clusterToWire(s.Store.Snapshot(), c, []string{"ATTACHMENTS"})}, nil
}

// clusterProviders reads the list of providers and the default strategy of a cluster.
func (s *Service) clusterProviders(providers []string, strategy []wire.CapacityProviderStrategyItem) ([]string, []ecs.StrategyItem, error) {
	var names []string
	for _, arg := range providers {
		name, err := s.providerName(arg)
		if err != nil {
			return nil, nil, err
		}
		names = append(names, name)
	}
	items, err := s.strategyFromWire(strategy)
	return names, items, err
}

func (s *Service) strategyFromWire(in []wire.CapacityProviderStrategyItem) ([]ecs.StrategyItem, error) {
	var out []ecs.StrategyItem
	for _, item := range in {
		name, err := s.providerName(value(item.CapacityProvider))
		if err != nil {
			return nil, err
		}
		out = append(out, ecs.StrategyItem{Provider: name, Base: value(item.Base), Weight: value(item.Weight)})
	}
	return out, nil
}

// strategyToWire: an item without base comes back with base 0 (semantics.md 11.11).
func strategyToWire(in []ecs.StrategyItem) []wire.CapacityProviderStrategyItem {
	out := make([]wire.CapacityProviderStrategyItem, 0, len(in))
	for k := range in {
		out = append(out, wire.CapacityProviderStrategyItem{CapacityProvider: &in[k].Provider, Base: &in[k].Base, Weight: &in[k].Weight})
	}
	return out
}

// attachmentsToWire shows the association of a cluster with its providers over machine groups.
func attachmentsToWire(view *state.Snapshot, c *ecs.Cluster) []wire.Attachment {
	out := []wire.Attachment{}
	for _, name := range c.CapacityProviders {
		if p := view.CapacityProvider(name); p != nil && p.Cluster == c.Name {
			out = append(out, wire.Attachment{
				Id: &p.Attachment, Type: new("as_policy"), Status: new("CREATED"), Details: []wire.KeyValuePair{
					{Name: new("capacityProviderName"), Value: &p.Name},
					{Name: new("autoScalingGroupName"), Value: new(ecs.GroupName(p.Group))},
				},
			})
		}
	}
	return out
}

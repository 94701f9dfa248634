package command

import (
	"regexp"
	"slices"
	"strings"

	"berth/ecs"
	"berth/state"
)

// maxProviders is how many capacity providers one cluster may have (semantics.md 9).
const maxProviders = 20

// The states of an update that is over; none of Berth's takes time.
const (
	updateComplete = "UPDATE_COMPLETE"
	deleteComplete = "DELETE_COMPLETE"
)

// CreateProviderInput is what a new capacity provider is made of.
type CreateProviderInput struct {
	Name string
	// Group is the machine group, an ARN or its last part.
	Group                 string
	Scaling               ecs.ManagedScaling
	TerminationProtection bool
	Tags                  []ecs.Tag
}

var providerName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// CreateCapacityProvider makes a provider over a machine group that no other provider has.
//
// ECS: names beginning with aws, ecs or fargate are reserved (semantics.md 1.3); an INACTIVE one is made anew.
func CreateCapacityProvider(tx *state.Tx, in CreateProviderInput) (*ecs.CapacityProvider, error) {
	if err := checkProviderName(in.Name); err != nil {
		return nil, err
	}
	if ecs.GroupName(in.Group) == "" {
		return nil, ecs.InvalidParameterf("autoScalingGroupArn should name a machine group.")
	}
	if err := checkScaling(in.Scaling, in.TerminationProtection); err != nil {
		return nil, err
	}
	if old := tx.CapacityProvider(in.Name); old != nil && old.Status == ecs.ProviderActive {
		return nil, ecs.InvalidParameterf("The specified capacity provider already exists. " +
			"To change the configuration of an existing capacity provider, update the capacity provider.")
	}
	if other := providerOfGroup(tx.View, in.Group); other != nil {
		return nil, ecs.InvalidParameterf("The machine group %s already belongs to capacity provider %s.", in.Group, other.Name)
	}
	p := &ecs.CapacityProvider{
		Name: in.Name, Status: ecs.ProviderActive, CreatedAt: tx.Now(), Group: in.Group,
		Scaling: in.Scaling, TerminationProtection: in.TerminationProtection, Tags: in.Tags,
	}
	tx.PutCapacityProvider(p)
	return p, nil
}

func checkProviderName(name string) error {
	lower := strings.ToLower(name)
	for _, reserved := range []string{"aws", "ecs", "fargate"} {
		if strings.HasPrefix(lower, reserved) {
			return ecs.InvalidParameterf("The specified capacity provider name is invalid. It can not begin with aws, ecs or fargate.")
		}
	}
	if !providerName.MatchString(name) {
		return ecs.InvalidParameterf("The specified capacity provider name is invalid. " +
			"1 to 255 letters, digits, underscores and hyphens are allowed.")
	}
	return nil
}

func checkScaling(s ecs.ManagedScaling, protected bool) error {
	if s.MinimumStep > s.MaximumStep {
		return ecs.InvalidParameterf("The minimum or maximum scaling step size value is invalid. The minimum can not exceed the maximum.")
	}
	if protected && !s.Enabled {
		return ecs.InvalidParameterf("Managed termination protection needs managed scaling to be enabled.")
	}
	return nil
}

// providerOfGroup returns the ACTIVE provider that has a machine group, or nil.
func providerOfGroup(v *state.View, group string) *ecs.CapacityProvider {
	var found *ecs.CapacityProvider
	v.ScanCapacityProviders("", func(p *ecs.CapacityProvider) bool {
		if p.Status == ecs.ProviderActive && ecs.GroupName(p.Group) == ecs.GroupName(group) {
			found = p
		}
		return found == nil
	})
	return found
}

// UpdateProviderInput changes a provider; nil members stay as they are.
type UpdateProviderInput struct {
	Name                                                    string
	Enabled                                                 *bool
	TargetCapacity, MinimumStep, MaximumStep, WarmupSeconds *int32
	TerminationProtection                                   *bool
}

// UpdateCapacityProvider changes how a provider's group is scaled.
func UpdateCapacityProvider(tx *state.Tx, in UpdateProviderInput) (*ecs.CapacityProvider, error) {
	old, err := ownProvider(tx.View, in.Name, "changed")
	if err != nil {
		return nil, err
	}
	if old.Status != ecs.ProviderActive {
		return nil, errNoProvider
	}
	n := *old
	s := &n.Scaling
	assign(&s.Enabled, in.Enabled)
	assign(&s.TargetCapacity, in.TargetCapacity)
	assign(&s.MinimumStep, in.MinimumStep)
	assign(&s.MaximumStep, in.MaximumStep)
	assign(&s.WarmupSeconds, in.WarmupSeconds)
	assign(&n.TerminationProtection, in.TerminationProtection)
	if err := checkScaling(n.Scaling, n.TerminationProtection); err != nil {
		return nil, err
	}
	n.UpdateStatus = updateComplete
	tx.PutCapacityProvider(&n)
	return &n, nil
}

func assign[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

var errNoProvider = ecs.InvalidParameterf("The specified capacity provider does not exist. Specify a valid name or ARN and try again.")

// ownProvider returns a provider that somebody made, INACTIVE ones too.
func ownProvider(v *state.View, name, verb string) (*ecs.CapacityProvider, error) {
	if ecs.IsFargateProvider(name) {
		return nil, ecs.InvalidParameterf("The capacity provider %s is reserved and can not be %s.", name, verb)
	}
	if p := v.CapacityProvider(name); p != nil {
		return p, nil
	}
	return nil, errNoProvider
}

// DeleteCapacityProvider makes a provider INACTIVE; repeating it succeeds.
//
// ECS: FARGATE and FARGATE_SPOT cannot be deleted, nor a provider that is associated with a cluster (features.md F).
func DeleteCapacityProvider(tx *state.Tx, name string) (*ecs.CapacityProvider, error) {
	old, err := ownProvider(tx.View, name, "deleted")
	if err != nil || old.Status == ecs.ProviderInactive {
		return old, err
	}
	if old.Cluster != "" {
		return nil, ecs.ClientErrorf("The capacity provider cannot be deleted because it is associated with cluster: %s. "+
			"Remove the capacity provider from the cluster and try again.", old.Cluster)
	}
	gone := *old
	gone.Status, gone.UpdateStatus = ecs.ProviderInactive, deleteComplete
	gone.State = ecs.ScalingState{}
	tx.PutCapacityProvider(&gone)
	return &gone, nil
}

// PutClusterProvidersInput is the whole list of a cluster's providers, and what holds for tasks that name neither strategy nor launch
// type.
type PutClusterProvidersInput struct {
	Cluster         string
	Providers       []string
	DefaultStrategy []ecs.StrategyItem
}

// PutClusterCapacityProviders replaces a cluster's providers and default strategy.
//
// ECS: a provider that a task uses stays (semantics.md 1.3); a provider over a machine group belongs to one cluster (features.md B4.2);
// an empty strategy means none (B4.8).
func PutClusterCapacityProviders(tx *state.Tx, in PutClusterProvidersInput) (*ecs.Cluster, error) {
	c, err := ActiveCluster(tx.View, in.Cluster)
	if err != nil {
		return nil, err
	}
	names, err := checkProviders(tx.View, in.Cluster, in.Providers)
	if err != nil {
		return nil, err
	}
	if err := checkDefaultStrategy(names, in.DefaultStrategy); err != nil {
		return nil, err
	}
	for _, name := range c.CapacityProviders {
		if !slices.Contains(names, name) && tx.ProviderTasks(c.Name, name) > 0 {
			return nil, &ecs.Error{Code: "ResourceInUseException", Message: "The specified capacity provider is in use and cannot be removed."}
		}
	}
	release(tx, c, names)
	associate(tx, c.Name, names)
	n := *c
	n.CapacityProviders, n.DefaultStrategy, n.AttachmentsStatus = names, in.DefaultStrategy, updateComplete
	tx.PutCluster(&n)
	return &n, nil
}

// checkProviders returns the list with each name once.
func checkProviders(v *state.View, cluster string, given []string) ([]string, error) {
	var names []string
	for _, name := range given {
		if slices.Contains(names, name) {
			continue
		}
		names = append(names, name)
		if ecs.IsFargateProvider(name) {
			continue
		}
		p := v.CapacityProvider(name)
		if p == nil || p.Status != ecs.ProviderActive {
			return nil, ecs.InvalidParameterf("The specified capacity provider '%s' was not found. Specify a valid name or ARN and try again.", name)
		}
		if p.Cluster != "" && p.Cluster != cluster {
			return nil, ecs.InvalidParameterf("The specified capacity provider '%s' is already associated with cluster %s.", name, p.Cluster)
		}
	}
	if len(names) > maxProviders {
		return nil, ecs.InvalidParameterf("capacityProviders can have at most %d items.", maxProviders)
	}
	return names, nil
}

// release lets go of the providers a cluster has and does not keep.
func release(tx *state.Tx, c *ecs.Cluster, keep []string) {
	for _, name := range c.CapacityProviders {
		p := tx.CapacityProvider(name)
		if p == nil || p.Cluster != c.Name || slices.Contains(keep, name) {
			continue
		}
		n := *p
		n.Cluster, n.Attachment, n.State = "", "", ecs.ScalingState{}
		tx.PutCapacityProvider(&n)
	}
}

// associate makes providers over machine groups those of a cluster.
func associate(tx *state.Tx, cluster string, names []string) {
	for _, name := range names {
		p := tx.CapacityProvider(name)
		if p == nil || p.Cluster == cluster {
			continue
		}
		n := *p
		n.Cluster, n.Attachment = cluster, uuid(tx.NewID())
		tx.PutCapacityProvider(&n)
	}
}

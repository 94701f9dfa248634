package ecs

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

// maxAttributes is how many attributes one call changes (semantics.md 1.5).
const maxAttributes = 10

// What an attribute may be made of (features.md A.2). A value has no blank at its ends.
var (
	attributeName  = regexp.MustCompile(`^[A-Za-z0-9_./\\-]{1,128}$`)
	attributeValue = regexp.MustCompile(`^[A-Za-z0-9_./\\@:-]([A-Za-z0-9_./\\@: -]{0,126}[A-Za-z0-9_./\\@:-])?$`)
)

func (s *Service) putAttributes(ctx context.Context, in *wire.PutAttributesInput) (*wire.PutAttributesOutput, error) {
	args, err := s.attributesInput(in.Cluster, in.Attributes)
	if err != nil {
		return nil, err
	}
	done, err := do(ctx, s, func(tx *state.Tx) ([]command.InstanceAttribute, error) { return command.PutAttributes(tx, args) })
	if err != nil {
		return nil, err
	}
	return &wire.PutAttributesOutput{Attributes: s.targetsToWire(args.Cluster, done)}, nil
}

func (s *Service) deleteAttributes(ctx context.Context, in *wire.DeleteAttributesInput) (*wire.DeleteAttributesOutput, error) {
	args, err := s.attributesInput(in.Cluster, in.Attributes)
	if err != nil {
		return nil, err
	}
	done, err := do(ctx, s, func(tx *state.Tx) ([]command.InstanceAttribute, error) { return command.DeleteAttributes(tx, args) })
	if err != nil {
		return nil, err
	}
	return &wire.DeleteAttributesOutput{Attributes: s.targetsToWire(args.Cluster, done)}, nil
}

func (s *Service) attributesInput(cluster *string, attributes []wire.Attribute) (command.AttributesInput, error) {
	var args command.AttributesInput
	var err error
	if args.Cluster, err = s.clusterName(cluster); err != nil {
		return args, err
	}
	if len(attributes) == 0 {
		return args, ecs.InvalidParameterf("attributes can not be empty.")
	}
	if len(attributes) > maxAttributes {
		return args, ecs.InvalidParameterf("attributes can have at most %d items.", maxAttributes)
	}
	for _, a := range attributes {
		if !attributeName.MatchString(value(a.Name)) {
			return args, ecs.InvalidParameterf("The attribute name %q is invalid: 1 to 128 letters, digits and . _ - / \\ are allowed.", value(a.Name))
		}
		if v := value(a.Value); v != "" && !attributeValue.MatchString(v) {
			return args, ecs.InvalidParameterf(
				"The value of attribute %s is invalid: 1 to 128 letters, digits, . _ - / \\ @ : and inner blanks are allowed.", value(a.Name))
		}
		id, err := s.attributeTarget(args.Cluster, &a)
		if err != nil {
			return args, err
		}
		args.Attributes = append(args.Attributes, command.InstanceAttribute{Instance: id, Name: *a.Name, Value: value(a.Value)})
	}
	return args, nil
}

// attributeTarget finds out which instance an attribute is of. ECS: a short id needs the type beside it (features.md A.2).
func (s *Service) attributeTarget(cluster string, a *wire.Attribute) (ecs.InstanceID, error) {
	target := value(a.TargetId)
	if target == "" {
		return "", ecs.InvalidParameterf("targetId is missing")
	}
	if !strings.HasPrefix(target, "arn:") && value(a.TargetType) == "" {
		return "", ecs.InvalidParameterf("targetType is missing: it is needed beside the short form of a target's id.")
	}
	id, home, err := s.instanceID(cluster, target)
	if err == nil && home != cluster {
		return "", command.ErrTargetNotFound
	}
	return id, err
}

func (s *Service) targetsToWire(cluster string, attributes []command.InstanceAttribute) []wire.Attribute {
	out := make([]wire.Attribute, 0, len(attributes))
	for _, a := range attributes {
		out = append(out, wire.Attribute{Name: &a.Name, Value: given(a.Value), TargetId: new(s.Realm.InstanceARN(cluster, a.Instance))})
	}
	return out
}

func (s *Service) listAttributes(_ context.Context, in *wire.ListAttributesInput) (*wire.ListAttributesOutput, error) {
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	name, want := value(in.AttributeName), value(in.AttributeValue)
	if name == "" && want != "" {
		return nil, ecs.InvalidParameterf("attributeName is missing: a value is looked for under a name.")
	}
	view := s.Store.Snapshot()
	if _, err := command.ActiveCluster(view, cluster); err != nil {
		return nil, err
	}
	p, err := newPage(in.MaxResults, in.NextToken, 100, "ListAttributes", cluster, name, want)
	if err != nil {
		return nil, err
	}
	var found []command.InstanceAttribute
	from, after, _ := strings.Cut(p.after, "/")
	list := func(i *ecs.Instance) bool {
		for _, a := range byName(i.Attributes) {
			if string(i.ID) == from && a.Name <= after || name != "" && a.Name != name || want != "" && a.Value != want {
				continue
			}
			if !p.add(string(i.ID) + "/" + a.Name) {
				return false
			}
			found = append(found, command.InstanceAttribute{Instance: i.ID, Name: a.Name, Value: a.Value})
		}
		return true
	}
	if i := view.Instance(cluster, ecs.InstanceID(from)); i == nil || i.Status == ecs.InstanceInactive || list(i) {
		view.ScanInstances(cluster, ecs.InstanceID(from), func(i *ecs.Instance) bool {
			return i.Status == ecs.InstanceInactive || list(i)
		})
	}
	return &wire.ListAttributesOutput{Attributes: s.targetsToWire(cluster, found), NextToken: p.token()}, nil
}

// byName sorts attributes by name, so that pages have an order.
func byName(attributes []ecs.Attribute) []ecs.Attribute {
	return slices.SortedFunc(slices.Values(attributes), func(a, b ecs.Attribute) int { return cmp.Compare(a.Name, b.Name) })
}

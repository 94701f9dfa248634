package command

import (
	"slices"
	"strings"

	"berth/ecs"
	"berth/state"
)

// maxCustomAttributes is how many attributes of its owner's an instance may have (features.md F).
const maxCustomAttributes = 10

// ErrTargetNotFound is the answer to an attribute of something that is not there.
var ErrTargetNotFound = &ecs.Error{Code: "TargetNotFoundException",
	Message: "The specified target was not found. ListContainerInstances lists those there are."}

// InstanceAttribute is an attribute of one instance.
type InstanceAttribute struct {
	Instance ecs.InstanceID
	Name     string
	Value    string
}

// AttributesInput is what PutAttributes sets and DeleteAttributes removes.
type AttributesInput struct {
	Cluster    string
	Attributes []InstanceAttribute
}

// PutAttributes sets attributes of instances: all, or on an error none. It returns them as they are then.
//
// ECS: an instance has at most ten custom attributes (features.md F). What was put here outlasts what the agent says of the same name
// when it registers again.
func PutAttributes(tx *state.Tx, in AttributesInput) ([]InstanceAttribute, error) {
	var done []InstanceAttribute
	err := eachTarget(tx, in, func(i *ecs.Instance, a InstanceAttribute) error {
		if announced(a.Name) {
			return ecs.InvalidParameterf("The attribute %s tells what the agent can do; it can not be set.", a.Name)
		}
		_, there := i.Attribute(a.Name)
		put := normalAttribute(ecs.Attribute{Name: a.Name, Value: a.Value})
		i.Attributes = withAttribute(i.Attributes, put)
		if !slices.Contains(i.PutNames, a.Name) {
			i.PutNames = append(slices.Clone(i.PutNames), a.Name)
		}
		if !there && custom(a.Name) && customAttributes(i) > maxCustomAttributes {
			return &ecs.Error{Code: "AttributeLimitExceededException",
				Message: "A container instance can have at most 10 custom attributes. Delete some and try again."}
		}
		done = append(done, InstanceAttribute{i.ID, put.Name, put.Value})
		return nil
	})
	return done, err
}

// DeleteAttributes removes attributes of instances, whatever their values, and returns those that were there.
func DeleteAttributes(tx *state.Tx, in AttributesInput) ([]InstanceAttribute, error) {
	var done []InstanceAttribute
	err := eachTarget(tx, in, func(i *ecs.Instance, a InstanceAttribute) error {
		if announced(a.Name) {
			return ecs.InvalidParameterf("The attribute %s tells what the agent can do; it can not be deleted.", a.Name)
		}
		value, ok := i.Attribute(a.Name)
		if !ok {
			return nil
		}
		named := func(x ecs.Attribute) bool { return x.Name == a.Name }
		i.Attributes = slices.DeleteFunc(slices.Clone(i.Attributes), named)
		i.PutNames = slices.DeleteFunc(slices.Clone(i.PutNames), func(n string) bool { return n == a.Name })
		done = append(done, InstanceAttribute{i.ID, a.Name, value})
		return nil
	})
	return done, err
}

// eachTarget changes a copy of each attribute's instance, and puts those that changed at the end, in the order of the list.
func eachTarget(tx *state.Tx, in AttributesInput, change func(*ecs.Instance, InstanceAttribute) error) error {
	if _, err := ActiveCluster(tx.View, in.Cluster); err != nil {
		return err
	}
	changed := map[ecs.InstanceID]*ecs.Instance{}
	var order []*ecs.Instance
	for _, a := range in.Attributes {
		n := changed[a.Instance]
		if n == nil {
			old := tx.Instance(in.Cluster, a.Instance)
			if old == nil || old.Status == ecs.InstanceInactive {
				return ErrTargetNotFound
			}
			n = new(ecs.Instance)
			*n = *old
			changed[a.Instance], order = n, append(order, n)
		}
		if err := change(n, a); err != nil {
			return err
		}
	}
	for _, n := range order {
		if old := tx.Instance(in.Cluster, n.ID); slices.Equal(old.Attributes, n.Attributes) && slices.Equal(old.PutNames, n.PutNames) {
			continue
		}
		n.Version++
		tx.PutInstance(n)
	}
	return nil
}

// withAttribute returns the list with one attribute set; the list given stays as it is.
func withAttribute(have []ecs.Attribute, a ecs.Attribute) []ecs.Attribute {
	out := slices.Clone(have)
	if at := slices.IndexFunc(out, func(x ecs.Attribute) bool { return x.Name == a.Name }); at >= 0 {
		out[at] = a
		return out
	}
	return append(out, a)
}

func customAttributes(i *ecs.Instance) int {
	n := 0
	for _, a := range i.Attributes {
		if custom(a.Name) {
			n++
		}
	}
	return n
}

// custom reports whether neither ECS nor Berth gives an attribute a meaning.
func custom(name string) bool {
	return !strings.HasPrefix(name, "ecs.") && !strings.HasPrefix(name, "com.amazonaws.ecs.") && name != ecs.GroupAttribute
}

// announced reports whether an attribute is what an agent says of its own abilities, anew at each registration.
func announced(name string) bool {
	return strings.HasPrefix(name, "ecs.capability.") || strings.HasPrefix(name, "com.amazonaws.ecs.capability.")
}

// normalAttribute writes a machine group by its name, so that placement can ask for it by one value.
func normalAttribute(a ecs.Attribute) ecs.Attribute {
	if a.Name == ecs.GroupAttribute {
		a.Value = ecs.GroupName(a.Value)
	}
	return a
}

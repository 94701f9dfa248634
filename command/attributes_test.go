package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"berth/ecs"
	"berth/state"
)

func put(attributes ...InstanceAttribute) func(*state.Tx) ([]InstanceAttribute, error) {
	return func(tx *state.Tx) ([]InstanceAttribute, error) {
		return PutAttributes(tx, AttributesInput{Cluster: "c", Attributes: attributes})
	}
}

func drop(attributes ...InstanceAttribute) func(*state.Tx) ([]InstanceAttribute, error) {
	return func(tx *state.Tx) ([]InstanceAttribute, error) {
		return DeleteAttributes(tx, AttributesInput{Cluster: "c", Attributes: attributes})
	}
}

// own lists the attributes of an instance that a test put there.
func own(i *ecs.Instance) string {
	var out []string
	for _, a := range i.Attributes {
		if !strings.Contains(a.Name, "ecs.") {
			out = append(out, a.Name+"="+a.Value)
		}
	}
	return strings.Join(out, " ")
}

func TestPutAttributes(t *testing.T) {
	w := newWorld(t)
	a, b := w.host(nil), w.host(nil)
	got := do(w, put(InstanceAttribute{a.ID, "stack", "prod"}, InstanceAttribute{b.ID, "stack", "dev"}, InstanceAttribute{a.ID, "bare", ""}))
	if !slices.Equal(got, []InstanceAttribute{{a.ID, "stack", "prod"}, {b.ID, "stack", "dev"}, {a.ID, "bare", ""}}) {
		t.Errorf("answer %v", got)
	}
	at := func(i *ecs.Instance) *ecs.Instance { return w.view.Instance("c", i.ID) }
	if own(at(a)) != "stack=prod bare=" || own(at(b)) != "stack=dev" || at(a).Version != a.Version+1 {
		t.Errorf("%q, %q, version %d", own(at(a)), own(at(b)), at(a).Version)
	}
	if own(a) != "" {
		t.Error("the record before was changed")
	}
	do(w, put(InstanceAttribute{a.ID, "stack", "test"}))
	if own(at(a)) != "stack=test bare=" {
		t.Errorf("replaced: %q", own(at(a)))
	}
	if changes := w.must(func(tx *state.Tx) error { _, err := put(InstanceAttribute{a.ID, "stack", "test"})(tx); return err }); len(changes) != 0 {
		t.Errorf("the same again: %d changes", len(changes))
	}
	do(w, put(InstanceAttribute{a.ID, ecs.GroupAttribute, "arn:aws:autoscaling:r:1:autoScalingGroup:u:autoScalingGroupName/web"}))
	if v, _ := at(a).Attribute(ecs.GroupAttribute); v != "web" {
		t.Errorf("a machine group by ARN: %q", v)
	}
	notFound := func(id ecs.InstanceID) {
		t.Helper()
		w.refused("TargetNotFoundException", ErrTargetNotFound.Message, fails(put(InstanceAttribute{a.ID, "new", "1"}, InstanceAttribute{id, "n", "v"})))
		w.refused("TargetNotFoundException", ErrTargetNotFound.Message, fails(drop(InstanceAttribute{id, "n", "v"})))
	}
	notFound(strange)
	do(w, deregister(b.ID, false))
	notFound(b.ID)
	if strings.Contains(own(at(a)), "new") {
		t.Error("something of a refused call stayed")
	}
	for _, name := range []string{"ecs.capability.x", "com.amazonaws.ecs.capability.x"} {
		w.refused("InvalidParameterException", "The attribute "+name+" tells what the agent can do; it can not be set.", fails(put(InstanceAttribute{a.ID, name, ""})))
		w.refused("InvalidParameterException", "The attribute "+name+" tells what the agent can do; it can not be deleted.", fails(drop(InstanceAttribute{a.ID, name, ""})))
	}
	w.refused("ClusterNotFoundException", "Cluster not found.", func(tx *state.Tx) error {
		_, err := PutAttributes(tx, AttributesInput{Cluster: "nowhere"})
		return err
	})
}

func TestAnInstanceHasAtMostTenCustomAttributes(t *testing.T) {
	w := newWorld(t)
	i := w.host(func(in *RegisterInstanceInput) { in.Attributes = append(in.Attributes, ecs.Attribute{Name: "agents"}) })
	var nine []InstanceAttribute
	for k := range 9 {
		nine = append(nine, InstanceAttribute{i.ID, fmt.Sprint("n", k), "v"})
	}
	do(w, put(nine...))
	const code, message = "AttributeLimitExceededException", "A container instance can have at most 10 custom attributes. Delete some and try again."
	w.refused(code, message, fails(put(InstanceAttribute{i.ID, "eleventh", "v"})))
	do(w, put(InstanceAttribute{i.ID, "n0", "replaced"}, InstanceAttribute{i.ID, ecs.GroupAttribute, "g"}, InstanceAttribute{i.ID, "ecs.availability-zone", "y"}))
	do(w, drop(nine[0]))
	do(w, put(InstanceAttribute{i.ID, "tenth", "v"}))
	w.refused(code, message, fails(put(InstanceAttribute{i.ID, "eleventh", "v"})))
}

func TestDeleteAttributes(t *testing.T) {
	w := newWorld(t)
	i := w.host(func(in *RegisterInstanceInput) {
		in.Attributes = append(in.Attributes, ecs.Attribute{Name: "agents", Value: "a"})
	})
	do(w, put(InstanceAttribute{i.ID, "stack", "prod"}, InstanceAttribute{i.ID, "other", "o"}))
	got := do(w, drop(InstanceAttribute{i.ID, "stack", "ignored"}, InstanceAttribute{i.ID, "never", ""}, InstanceAttribute{i.ID, "agents", ""}))
	if !slices.Equal(got, []InstanceAttribute{{i.ID, "stack", "prod"}, {i.ID, "agents", "a"}}) || own(w.view.Instance("c", i.ID)) != "other=o" {
		t.Errorf("answer %v, left %q", got, own(w.view.Instance("c", i.ID)))
	}
	if changes := w.must(func(tx *state.Tx) error { _, err := drop(InstanceAttribute{i.ID, "stack", ""})(tx); return err }); len(changes) != 0 {
		t.Errorf("again: %d changes", len(changes))
	}
}

// An agent sends what its owner gave it at each registration; what was put by the API wins over that and stays without it.
func TestAttributesPutOutlastRegistration(t *testing.T) {
	w := newWorld(t)
	sends := func(attributes ...string) func(*RegisterInstanceInput) {
		return func(in *RegisterInstanceInput) {
			for _, a := range attributes {
				name, v, _ := strings.Cut(a, "=")
				in.Attributes = append(in.Attributes, ecs.Attribute{Name: name, Value: v})
			}
		}
	}
	i := w.host(sends("rack=1", "stack=agents"))
	do(w, put(InstanceAttribute{i.ID, "custom", "c"}, InstanceAttribute{i.ID, "stack", "put"}))
	again := func(attributes ...string) string {
		return own(w.host(func(in *RegisterInstanceInput) { sends(attributes...)(in); in.ID = i.ID }))
	}
	if got := again("rack=2", "stack=agents"); got != "rack=2 stack=put custom=c" {
		t.Errorf("registered again: %q", got)
	}
	do(w, drop(InstanceAttribute{i.ID, "stack", ""}))
	if got := again("rack=2", "stack=agents"); got != "rack=2 stack=agents custom=c" {
		t.Errorf("after the deletion the agent's is back: %q", got)
	}
	if got := again("berth.group=arn:aws:autoscaling:r:1:autoScalingGroup:u:autoScalingGroupName/web"); got != "berth.group=web rack=2 stack=agents custom=c" {
		t.Errorf("a group by ARN: %q", got)
	}
}

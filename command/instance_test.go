package command

import (
	"reflect"
	"slices"
	"testing"

	"berth/ecs"
	"berth/state"
)

func register(in RegisterInstanceInput) func(*state.Tx) (*ecs.Instance, error) {
	return func(tx *state.Tx) (*ecs.Instance, error) { return RegisterInstance(tx, in) }
}

func deregister(id ecs.InstanceID, force bool) func(*state.Tx) (*ecs.Instance, error) {
	return func(tx *state.Tx) (*ecs.Instance, error) {
		return DeregisterInstance(tx, DeregisterInstanceInput{Cluster: "c", ID: id, Force: force, By: Caller{KeyID: "key", Agent: true}})
	}
}

func setState(id ecs.InstanceID, s ecs.InstanceStatus, by Caller) func(*state.Tx) (*ecs.Instance, error) {
	return func(tx *state.Tx) (*ecs.Instance, error) {
		return UpdateInstanceState(tx, UpdateInstanceStateInput{Cluster: "c", ID: id, Status: s, By: by})
	}
}

const strange ecs.InstanceID = "abcdefabcdefabcdefabcdefabcdefab"

func TestRegisterInstance(t *testing.T) {
	w := newWorld(t)
	in := RegisterInstanceInput{
		Cluster: "c", ClientToken: "t", EC2InstanceID: "i-1", CPUUnits: 1, MemoryMiB: 2, GPUIDs: []string{"g"}, DefaultZone: "z",
		ReservedPorts: []ecs.HostPort{{Port: 22, Protocol: ecs.TCP}}, Attributes: []ecs.Attribute{{Name: "rack", Value: "r1"}},
		Tags: []ecs.Tag{{Key: "k"}}, Version: ecs.VersionInfo{AgentVersion: "1"}, Custom: []ecs.Resource{{Name: "X"}},
		By: Caller{KeyID: "key", Agent: true},
	}
	got := do(w, register(in))
	want := &ecs.Instance{
		ID: got.ID, Cluster: "c", Status: ecs.InstanceActive, RegisteredAt: w.now, Version: 1, Owner: "key", ClientToken: "t",
		EC2InstanceID: "i-1", CPUUnits: 1, MemoryMiB: 2, GPUIDs: in.GPUIDs, ReservedPorts: in.ReservedPorts, Tags: in.Tags,
		VersionInfo: in.Version, Custom: in.Custom,
		Attributes: []ecs.Attribute{{Name: "rack", Value: "r1"}, {Name: "ecs.availability-zone", Value: "z"}},
	}
	if len(got.ID) != 32 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if len(in.Attributes) != 1 {
		t.Error("the input was changed")
	}
	w.refused("ClusterNotFoundException", "Cluster not found.", fails(register(RegisterInstanceInput{Cluster: "nowhere"})))
}

func TestZoneOfAnInstance(t *testing.T) {
	for _, tc := range []struct {
		sent string
		zone string
	}{{"own", "own"}, {"", ""}} {
		w := newWorld(t)
		in := RegisterInstanceInput{Cluster: "c", DefaultZone: "z", Attributes: []ecs.Attribute{{Name: "ecs.availability-zone", Value: tc.sent}}}
		in.ID = do(w, register(in)).ID
		got := do(w, register(in)) // an agent wants back what it sent, once
		if got.Zone() != tc.zone || len(got.Attributes) != 1 {
			t.Errorf("sent %q: %v", tc.sent, got.Attributes)
		}
	}
	if got := do(newWorld(t), register(RegisterInstanceInput{Cluster: "c"})); len(got.Attributes) != 0 {
		t.Errorf("no default zone: %v", got.Attributes)
	}
}

func TestDefaultClusterAppears(t *testing.T) {
	w := newWorld(t)
	do(w, register(RegisterInstanceInput{Cluster: ecs.DefaultCluster}))
	first := w.view.Cluster(ecs.DefaultCluster)
	if first == nil || first.Status != ecs.ClusterActive {
		t.Fatalf("%+v", first)
	}
	w.now += second
	do(w, register(RegisterInstanceInput{Cluster: ecs.DefaultCluster}))
	if w.view.Cluster(ecs.DefaultCluster) != first {
		t.Error("the second instance made it again")
	}
	w.must(func(tx *state.Tx) error {
		tx.ScanInstances(ecs.DefaultCluster, "", func(i *ecs.Instance) bool {
			_, err := DeregisterInstance(tx, DeregisterInstanceInput{Cluster: ecs.DefaultCluster, ID: i.ID})
			return err == nil
		})
		_, err := DeleteCluster(tx, ecs.DefaultCluster)
		return err
	})
	do(w, register(RegisterInstanceInput{Cluster: ecs.DefaultCluster}))
	if got := w.view.Cluster(ecs.DefaultCluster); got.Status != ecs.ClusterActive {
		t.Errorf("after its deletion: %+v", got)
	}
	w.must(fails(deleteCluster("c")))
	w.refused("ClusterNotFoundException", "The referenced cluster was inactive.", fails(register(RegisterInstanceInput{Cluster: "c"})))
}

func TestRegisterAgainKeepsIdentity(t *testing.T) {
	w := newWorld(t)
	first := w.host(func(in *RegisterInstanceInput) {
		in.Attributes = []ecs.Attribute{
			{Name: "rack", Value: "r1"}, {Name: "ecs.capability.old"}, {Name: "com.amazonaws.ecs.capability.old"}, {Name: "ecs.os-type", Value: "linux"},
		}
		in.Tags, in.Version = []ecs.Tag{{Key: "k"}}, ecs.VersionInfo{AgentVersion: "1"}
	})
	first = do(w, setState(first.ID, ecs.InstanceDraining, Caller{}))
	w.now += second
	in := RegisterInstanceInput{
		Cluster: "c", ID: first.ID, CPUUnits: 7, MemoryMiB: 8, DefaultZone: "elsewhere", By: Caller{KeyID: "key", Agent: true},
		Attributes: []ecs.Attribute{{Name: "ecs.capability.new"}, {Name: "ecs.os-type", Value: "other"}},
	}
	got := do(w, register(in))
	want := *first
	want.CPUUnits, want.MemoryMiB, want.Version = 7, 8, first.Version+1
	want.Attributes = []ecs.Attribute{
		{Name: "ecs.capability.new"}, {Name: "ecs.os-type", Value: "other"}, {Name: "rack", Value: "r1"}, {Name: "ecs.availability-zone", Value: "z"},
	}
	if !reflect.DeepEqual(got, &want) {
		t.Errorf("got %+v\nwant %+v", got, &want)
	}
	in.Tags, in.Version = []ecs.Tag{{Key: "new"}}, ecs.VersionInfo{AgentVersion: "2"}
	if got = do(w, register(in)); !slices.Equal(got.Tags, in.Tags) || got.VersionInfo != in.Version {
		t.Errorf("tags %v, version %v", got.Tags, got.VersionInfo)
	}
}

func TestIdentities(t *testing.T) {
	w := newWorld(t)
	do(w, createCluster(CreateClusterInput{Name: "d"}))
	known := w.host(nil)
	if got := do(w, register(RegisterInstanceInput{Cluster: "c", ID: strange})); got.ID != strange || got.Version != 1 {
		t.Errorf("an identity nobody knows was not let in: %+v", got)
	}
	old := ecs.InstanceID("0b3b5b0e-4c1e-4f0e-9d0a-000000000001")
	if got := do(w, register(RegisterInstanceInput{Cluster: "c", ID: old})); got.ID != old {
		t.Errorf("an identity of old: %+v", got)
	}
	for _, id := range []ecs.InstanceID{"x", "c/" + strange, strange + "0", "ABCDEFABCDEFABCDEFABCDEFABCDEFAB"} {
		w.refused("InvalidParameterException", "Invalid identifier: "+string(id)+" does not identify a container instance.",
			fails(register(RegisterInstanceInput{Cluster: "c", ID: id})))
	}
	w.refused("ClientException", "Container instance "+string(known.ID)+" is registered in cluster c.",
		fails(register(RegisterInstanceInput{Cluster: "d", ID: known.ID})))
	do(w, deregister(known.ID, false))
	gone := "Container instance " + string(known.ID) + " was deregistered. Its host joins as a new one when the agent's data is removed."
	for _, in := range []RegisterInstanceInput{
		{Cluster: "c", ID: known.ID, ClientToken: known.ClientToken},
		{Cluster: "c", ID: known.ID, ClientToken: "t"},
		{Cluster: "d", ID: known.ID},
	} {
		w.refused("ClientException", gone, fails(register(in)))
	}
	instances := 0
	w.view.ScanAllInstances(func(i *ecs.Instance) bool {
		instances++
		if i.ID == known.ID && i.Status != ecs.InstanceInactive {
			t.Error("a deregistered identity came back")
		}
		return true
	})
	if instances != 3 {
		t.Errorf("%d instances after refused registrations", instances)
	}
}

func TestNewKeyTakesOverFromARevokedOne(t *testing.T) {
	w := newWorld(t)
	old := do(w, func(tx *state.Tx) (*ecs.AccessKey, error) {
		return CreateAccessKey(tx, CreateAccessKeyInput{ID: "old", Name: "host", Role: ecs.KeyAgent})
	})
	in := RegisterInstanceInput{Cluster: "c", By: Caller{KeyID: old.ID, Agent: true, ARN: "arn:a"}}
	in.ID = do(w, register(in)).ID
	in.By = Caller{KeyID: "new", Agent: true, ARN: "arn:b"}
	w.refused("AccessDeniedException", "User: arn:b is not the owner of container instance "+string(in.ID)+".", fails(register(in)))
	do(w, func(tx *state.Tx) (*ecs.AccessKey, error) { return RevokeAccessKey(tx, old.ID) })
	if got := do(w, register(in)); got.ID != in.ID || got.Owner != "new" {
		t.Errorf("registered as %s, owner %s", got.ID, got.Owner)
	}
}

func TestRegistrationToken(t *testing.T) {
	w := newWorld(t)
	in := RegisterInstanceInput{Cluster: "c", ClientToken: "t", By: Caller{KeyID: "key", Agent: true, ARN: "arn:a"}}
	first := do(w, register(in))
	if again := do(w, register(in)); again.ID != first.ID {
		t.Error("a retry made a second instance")
	}
	other := in
	other.ClientToken = "u"
	if got := do(w, register(other)); got.ID == first.ID {
		t.Error("another token, the same instance")
	}
	other.ClientToken = ""
	if a, b := do(w, register(other)), do(w, register(other)); a.ID == b.ID {
		t.Error("no token, but one instance")
	}
	thief := in
	thief.By = Caller{KeyID: "other", Agent: true, ARN: "arn:b"}
	denied := "User: arn:b is not the owner of container instance " + string(first.ID) + "."
	w.refused("AccessDeniedException", denied, fails(register(thief)))
	thief.ClientToken, thief.ID = "", first.ID
	w.refused("AccessDeniedException", denied, fails(register(thief)))
	do(w, deregister(first.ID, false))
	if got := do(w, register(in)); got.ID == first.ID {
		t.Error("the token of a deregistered instance brought it back")
	}
}

func TestDeregisterInstance(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) { d.Containers[0].CPUUnits = 100 })
	i := w.host(nil)
	tag := func(in *RunTaskInput) { in.Tags = []ecs.Tag{{Key: "k"}} }
	runs, stops, ended := w.runOne("f", tag), w.runOne("f", tag), w.runOne("f", tag)
	w.report(runs.ID, TaskReport{Status: running, Containers: containers(ContainerReport{Name: "app", Status: running})})
	w.stop(stops.ID, "enough")
	w.report(stops.ID, TaskReport{Status: pending, Reason: "waits"})
	ended = w.report(ended.ID, TaskReport{Status: over})
	w.refused("InvalidParameterException", "Found running tasks on the instance.", fails(deregister(i.ID, false)))

	w.now += second
	gone := do(w, deregister(i.ID, true))
	if gone.Status != ecs.InstanceInactive || gone.AgentConnected || gone.InactiveAt != w.now || gone.Version != i.Version+1 {
		t.Errorf("%+v", gone)
	}
	runs, stops = w.view.Task("c", runs.ID), w.view.Task("c", stops.ID)
	if runs.DesiredStatus != over || runs.LastStatus != over || runs.StopCode != "" || runs.StoppingAt != w.now || runs.StoppedAt != w.now ||
		runs.StoppedReason != "Container instance deregistration forced by user" || runs.Tags != nil || runs.Connectivity != ecs.Disconnected ||
		runs.Containers[0].LastStatus != running {
		t.Errorf("a running task: %+v", runs)
	}
	if stops.StoppedReason != "enough" || stops.StopCode != ecs.StopUserInitiated || stops.StoppedAt != w.now || stops.PendingReason != "" {
		t.Errorf("a stopping task: %+v", stops)
	}
	if w.view.Task("c", ended.ID) != ended {
		t.Error("a task that was over changed")
	}
	if u := w.view.Usage(i.ID); !reflect.DeepEqual(*u, state.Usage{}) || w.view.Counts("c").Instances != 0 {
		t.Errorf("usage %+v, counts %+v", u, w.view.Counts("c"))
	}
	w.refused("ClientException", "The referenced container instance was inactive.", fails(deregister(i.ID, true)))
	w.refused("ClientException", "The referenced container instance was not found.", fails(deregister(strange, true)))
	idle := w.host(nil)
	w.refused("AccessDeniedException", "User: arn:b is not the owner of container instance "+string(idle.ID)+".", func(tx *state.Tx) error {
		_, err := DeregisterInstance(tx, DeregisterInstanceInput{Cluster: "c", ID: idle.ID, By: Caller{Agent: true, KeyID: "x", ARN: "arn:b"}})
		return err
	})
	w.must(fails(deregister(idle.ID, false)))
}

func TestUpdateInstanceState(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	i := w.host(nil)
	draining := do(w, setState(i.ID, ecs.InstanceDraining, Caller{}))
	if draining.Status != ecs.InstanceDraining || draining.Version != i.Version+1 || w.view.Counts("c").Instances != 1 {
		t.Errorf("%+v", draining)
	}
	if again := do(w, setState(i.ID, ecs.InstanceDraining, Caller{})); again != draining {
		t.Errorf("a repetition changed it: %+v", again)
	}
	w.refused("AccessDeniedException", "User: arn:b is not the owner of container instance "+string(i.ID)+".",
		fails(setState(i.ID, ecs.InstanceActive, Caller{Agent: true, KeyID: "x", ARN: "arn:b"})))
	w.refused("InvalidParameterException", "Container instance status should be one of [ACTIVE, DRAINING]",
		fails(setState(i.ID, ecs.InstanceInactive, Caller{})))
	if got := do(w, setState(i.ID, ecs.InstanceActive, Caller{Agent: true, KeyID: "key"})); got.Status != ecs.InstanceActive {
		t.Errorf("%+v", got)
	}
	w.must(fails(deregister(i.ID, false)))
	for _, id := range []ecs.InstanceID{i.ID, strange} {
		if got := do(w, setState(id, ecs.InstanceActive, Caller{})); got != nil {
			t.Errorf("%s: %+v, want nil", id, got)
		}
	}
}

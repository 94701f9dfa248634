package command

import (
	"strings"
	"testing"

	"berth/ecs"
	"berth/state"
)

const sessionInstanceID = ecs.InstanceID("0123456789abcdef0123456789abcdef")

// sessionView is a cluster with one instance and, on it, a running, a stopping and a stopped task.
func sessionView() *state.View {
	v := state.NewView()
	tx := v.Begin(1000, nil)
	tx.PutCluster(&ecs.Cluster{Name: "prod", Status: ecs.ClusterActive})
	tx.PutInstance(&ecs.Instance{ID: sessionInstanceID, Cluster: "prod", Status: ecs.InstanceActive, Version: 1})
	check := &ecs.HealthCheck{Command: []string{"CMD", "true"}}
	tx.PutTaskDefinition(&ecs.TaskDefinition{Family: "web", Revision: 1, Containers: []ecs.ContainerDefinition{
		{Name: "main", Essential: true, HealthCheck: check},
		{Name: "second", Essential: true, HealthCheck: check},
		{Name: "helper", HealthCheck: check},
		{Name: "unchecked", Essential: true},
		{Name: "off", Essential: true, HealthCheck: &ecs.HealthCheck{Command: []string{"NONE"}}},
	}})
	for id, status := range map[ecs.TaskID][2]ecs.Status{
		"running":  {ecs.StatusRunning, ecs.StatusRunning},
		"stopping": {ecs.StatusStopped, ecs.StatusRunning},
		"stopped":  {ecs.StatusStopped, ecs.StatusStopped},
	} {
		tx.PutTask(&ecs.Task{ID: id, Cluster: "prod", Family: "web", Revision: 1, Instance: sessionInstanceID, Version: 1,
			DesiredStatus: status[0], LastStatus: status[1], Containers: []ecs.Container{
				{Name: "main"}, {Name: "second"}, {Name: "helper"}, {Name: "unchecked"}, {Name: "off"},
			}})
	}
	return v
}

func connectAt(t *testing.T, v *state.View, now ecs.Time) ConnectAgentOutput {
	t.Helper()
	out, err := ConnectAgent(v.Begin(now, nil), ConnectAgentInput{Instance: sessionInstanceID})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSequenceBlocksDoNotOverlap(t *testing.T) {
	v := sessionView()
	last := int64(0)
	for _, now := range []ecs.Time{5000, 5000, 100, 10_000_000, 9_000_000} {
		seq := connectAt(t, v, now).Sequence
		if seq.First <= last || seq.First <= int64(now) || seq.Last-seq.First+1 != SequenceBlock {
			t.Errorf("at %d: %+v after %d", now, seq, last)
		}
		if got := v.InstanceByID(sessionInstanceID).Sequence; got != seq.Last {
			t.Errorf("stored %d, reserved %+v", got, seq)
		}
		last = seq.Last
	}
}

func TestReplacedSessionHasNoSay(t *testing.T) {
	v := sessionView()
	first := connectAt(t, v, 5000)
	second := connectAt(t, v, 6000)
	old := SessionInput{sessionInstanceID, first.Sequence.Last}
	tx := v.Begin(7000, nil)
	if err := DisconnectAgent(tx, old); err != nil || len(tx.Changes()) != 0 {
		t.Errorf("the old session disconnected the new: %v, %+v", err, tx.Changes())
	}
	if seq, ok := ReserveSequence(tx, old); ok || len(tx.Changes()) != 0 {
		t.Errorf("the old session reserved %+v", seq)
	}
	seq, ok := ReserveSequence(tx, SessionInput{sessionInstanceID, second.Sequence.Last})
	if !ok || seq.First <= second.Sequence.Last {
		t.Errorf("the new session reserved %+v, %v", seq, ok)
	}
	// The further block is the session's token from now on.
	if err := DisconnectAgent(tx, SessionInput{sessionInstanceID, seq.Last}); err != nil {
		t.Fatal(err)
	}
	if v.InstanceByID(sessionInstanceID).AgentConnected {
		t.Error("still connected")
	}
}

func TestConnectAndDisconnectReachTheTasks(t *testing.T) {
	v := sessionView()
	out := connectAt(t, v, 5000)
	if i := out.Instance; !i.AgentConnected || i.ConnectedAt != 5000 || i.Version != 2 {
		t.Errorf("instance: %+v", i)
	}
	for id, want := range map[ecs.TaskID]ecs.Connectivity{"running": ecs.Connected, "stopping": ecs.Connected, "stopped": ""} {
		if got := v.Task("prod", id); got.Connectivity != want {
			t.Errorf("%s is %q", id, got.Connectivity)
		}
	}
	report := ReportHealthInput{sessionInstanceID, []TaskHealth{{"running", []ContainerHealth{
		{"main", ecs.HealthHealthy}, {"second", ecs.HealthHealthy},
	}}}}
	if err := ReportHealth(v.Begin(5500, nil), report); err != nil {
		t.Fatal(err)
	}
	// Coming again without having gone makes no event.
	if again := connectAt(t, v, 6000); again.Instance.Version != 2 || v.Task("prod", "running").Version != 3 {
		t.Errorf("versions %d and %d", again.Instance.Version, v.Task("prod", "running").Version)
	}
	if n, err := DisconnectAll(v.Begin(7000, nil), DisconnectAllInput{Max: 10}); n != 1 || err != nil {
		t.Fatalf("disconnected %d: %v", n, err)
	}
	i, task := v.InstanceByID(sessionInstanceID), v.Task("prod", "running")
	if i.AgentConnected || i.DisconnectedAt != 7000 || i.Version != 3 {
		t.Errorf("instance: %+v", i)
	}
	if task.Connectivity != ecs.Disconnected || task.ConnectivityAt != 6000 || task.Version != 4 ||
		task.Health != ecs.HealthUnknown || task.Containers[0].Health != ecs.HealthUnknown {
		t.Errorf("task: %+v", task)
	}
	if v.Task("prod", "stopped").Version != 1 {
		t.Error("a task that is over was touched")
	}
	if n, _ := DisconnectAll(v.Begin(8000, nil), DisconnectAllInput{Max: 10}); n != 0 {
		t.Errorf("disconnected %d more", n)
	}
}

func TestDisconnectAllIsBoundedByTasks(t *testing.T) {
	v := sessionView()
	tx := v.Begin(2000, nil)
	const second = ecs.InstanceID("1123456789abcdef0123456789abcdef")
	tx.PutInstance(&ecs.Instance{ID: second, Cluster: "prod", Status: ecs.InstanceActive, AgentConnected: true, Version: 1})
	connectAt(t, v, 5000)
	// The first instance and its two tasks that are not over make three records.
	for call, want := range []int{1, 1, 0} {
		if n, err := DisconnectAll(v.Begin(7000, nil), DisconnectAllInput{Max: 3}); n != want || err != nil {
			t.Errorf("call %d disconnected %d instances, want %d: %v", call+1, n, want, err)
		}
	}
	for _, id := range []ecs.InstanceID{sessionInstanceID, second} {
		if v.InstanceByID(id).AgentConnected {
			t.Errorf("%s is still connected", id)
		}
	}
}

func TestInactiveInstanceCannotConnect(t *testing.T) {
	v := sessionView()
	tx := v.Begin(5000, nil)
	gone := *v.InstanceByID(sessionInstanceID)
	gone.Status = ecs.InstanceInactive
	tx.PutInstance(&gone)
	for _, id := range []ecs.InstanceID{sessionInstanceID, "unknown"} {
		if _, err := ConnectAgent(tx, ConnectAgentInput{Instance: id}); err == nil {
			t.Errorf("%s connected", id)
		}
	}
}

func TestAgentConflict(t *testing.T) {
	v := sessionView()
	connectAt(t, v, 5000)
	set := func(from string) *ecs.Instance {
		t.Helper()
		if err := SetAgentConflict(v.Begin(6000, nil), AgentConflictInput{sessionInstanceID, from}); err != nil {
			t.Fatal(err)
		}
		return v.InstanceByID(sessionInstanceID)
	}
	if i := set("10.0.0.5"); !strings.Contains(i.StatusReason, "10.0.0.5") || i.Version != 3 {
		t.Errorf("%q, version %d", i.StatusReason, i.Version)
	}
	if i := set("10.0.0.5"); i.Version != 3 {
		t.Errorf("repeating made version %d", i.Version)
	}
	if i := set(""); i.StatusReason != "" || i.Version != 4 {
		t.Errorf("%q, version %d", i.StatusReason, i.Version)
	}
	set("10.0.0.6")
	if i := connectAt(t, v, 7000).Instance; i.StatusReason != "" || i.Version != 6 {
		t.Errorf("a new session leaves %q, version %d", i.StatusReason, i.Version)
	}
	other := *v.InstanceByID(sessionInstanceID)
	other.StatusReason = "something else"
	v.Begin(8000, nil).PutInstance(&other)
	if i := set("10.0.0.5"); i.StatusReason != "something else" {
		t.Errorf("overwrote it with %q", i.StatusReason)
	}
}

func TestTaskHealth(t *testing.T) {
	const (
		h = ecs.HealthHealthy
		u = ecs.HealthUnhealthy
		q = ecs.HealthUnknown
	)
	for name, c := range map[string]struct {
		verdicts []ContainerHealth
		want     ecs.Health
	}{
		"all essential ones healthy":         {[]ContainerHealth{{"main", h}, {"second", h}}, h},
		"one unhealthy":                      {[]ContainerHealth{{"main", h}, {"second", u}}, u},
		"unhealthy beats unknown":            {[]ContainerHealth{{"main", q}, {"second", u}}, u},
		"and the other way round":            {[]ContainerHealth{{"main", u}, {"second", q}}, u},
		"one not yet known":                  {[]ContainerHealth{{"main", h}}, q},
		"a helper does not count":            {[]ContainerHealth{{"main", h}, {"second", h}, {"helper", u}}, h},
		"no check, no verdict":               {[]ContainerHealth{{"main", h}, {"second", h}, {"unchecked", u}, {"off", u}}, h},
		"a verdict nobody knows is not kept": {[]ContainerHealth{{"main", "FINE"}, {"second", h}}, q},
		"a container nobody knows":           {[]ContainerHealth{{"main", h}, {"second", h}, {"ghost", u}}, h},
		"the later verdict of two":           {[]ContainerHealth{{"main", u}, {"second", h}, {"main", h}}, h},
	} {
		v := sessionView()
		connectAt(t, v, 5000)
		in := ReportHealthInput{sessionInstanceID, []TaskHealth{{"running", c.verdicts}}}
		if err := ReportHealth(v.Begin(6000, nil), in); err != nil {
			t.Fatal(err)
		}
		got := v.Task("prod", "running")
		if got.Health != c.want || got.Version != 3 {
			t.Errorf("%s: %s, version %d", name, got.Health, got.Version)
		}
		if HealthChanges(v, in) {
			t.Errorf("%s: repeating it would change something", name)
		}
	}
}

func TestHealthOfStrangersIsIgnored(t *testing.T) {
	v := sessionView()
	verdict := []ContainerHealth{{"main", ecs.HealthHealthy}}
	in := ReportHealthInput{sessionInstanceID, []TaskHealth{{"running", verdict}}}
	if HealthChanges(v, in) {
		t.Error("taken over from an agent that is not connected")
	}
	connectAt(t, v, 5000)
	for name, in := range map[string]ReportHealthInput{
		"stopped task":     {sessionInstanceID, []TaskHealth{{"stopped", verdict}}},
		"unknown task":     {sessionInstanceID, []TaskHealth{{"ghost", verdict}}},
		"unknown instance": {"ghost", []TaskHealth{{"running", verdict}}},
	} {
		tx := v.Begin(6000, nil)
		if err := ReportHealth(tx, in); err != nil || len(tx.Changes()) != 0 {
			t.Errorf("%s: %v, %+v", name, err, tx.Changes())
		}
	}
	two := ReportHealthInput{sessionInstanceID, []TaskHealth{{"running", verdict}, {"stopping", verdict}, {"running", verdict}}}
	tx := v.Begin(6000, nil)
	if err := ReportHealth(tx, two); err != nil || len(tx.Changes()) != 2 {
		t.Errorf("%d changes: %v", len(tx.Changes()), err)
	}
}

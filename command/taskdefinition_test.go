package command

import (
	"errors"
	"testing"

	"berth/ecs"
	"berth/state"
)

func definition(family string) *ecs.TaskDefinition {
	return &ecs.TaskDefinition{
		Family: family, Containers: []ecs.ContainerDefinition{{Name: "app", Image: "busybox", MemoryMiB: 64, Essential: true}},
	}
}

// begin starts a command at a given time.
func beginAt(v *state.View, now ecs.Time) *state.Tx {
	return v.Begin(now, func() string { return "0123456789abcdef0123456789abcdef" })
}

func mustRegister(t *testing.T, v *state.View, family string) *ecs.TaskDefinition {
	t.Helper()
	d, err := RegisterTaskDefinition(beginAt(v, 1000), definition(family), Caller{ARN: "arn:aws:iam::1:user/a"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var e *ecs.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != message {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

func TestRevisionsGrowByOne(t *testing.T) {
	v := state.NewView()
	first, second := mustRegister(t, v, "web"), mustRegister(t, v, "web")
	if first.Revision != 1 || second.Revision != 2 || mustRegister(t, v, "db").Revision != 1 {
		t.Errorf("revisions %d, %d", first.Revision, second.Revision)
	}
	if first.Status != ecs.TaskDefinitionActive || first.RegisteredAt != 1000 || first.RegisteredBy != "arn:aws:iam::1:user/a" ||
		len(first.Compatibilities) != 2 {
		t.Errorf("%+v", first)
	}
	if _, err := DeregisterTaskDefinition(beginAt(v, 2000), "web", 2); err != nil {
		t.Fatal(err)
	}
	if third := mustRegister(t, v, "web"); third.Revision != 3 {
		t.Errorf("after a deregistration: %d, want 3", third.Revision)
	}
}

func TestFailedRegistrationUsesNoNumber(t *testing.T) {
	v := state.NewView()
	mustRegister(t, v, "web")
	bad := definition("web")
	bad.Containers[0].Essential = false
	tx := beginAt(v, 1)
	_, err := RegisterTaskDefinition(tx, bad, Caller{})
	wantError(t, err, "ClientException", "Task definition doesn't have any essential container.")
	if len(tx.Changes()) != 0 {
		t.Errorf("changes: %v", tx.Changes())
	}
	if d := mustRegister(t, v, "web"); d.Revision != 2 {
		t.Errorf("revision %d, want 2", d.Revision)
	}
}

func TestRevisionLimit(t *testing.T) {
	v := state.NewView()
	beginAt(v, 1).PutFamily(&ecs.Family{Name: "web", LastRevision: maxRevisions})
	if _, err := RegisterTaskDefinition(beginAt(v, 1), definition("web"), Caller{}); err == nil {
		t.Error("a revision above the limit")
	}
}

func TestDeregisterTaskDefinition(t *testing.T) {
	v := state.NewView()
	before := mustRegister(t, v, "web")
	first, err := DeregisterTaskDefinition(beginAt(v, 2000), "web", 1)
	if err != nil || first.Status != ecs.TaskDefinitionInactive || first.DeregisteredAt != 0 {
		t.Errorf("first answer: %+v %v", first, err)
	}
	if before.Status != ecs.TaskDefinitionActive {
		t.Error("the record in the table was modified")
	}
	again, err := DeregisterTaskDefinition(beginAt(v, 3000), "web", 1)
	if err != nil || again.Status != ecs.TaskDefinitionInactive || again.DeregisteredAt != 2000 {
		t.Errorf("second answer: %+v %v", again, err)
	}
	_, err = DeregisterTaskDefinition(beginAt(v, 3000), "web", 2)
	wantError(t, err, "ClientException", "Unable to deregister task definition.")
}

func TestFindTaskDefinition(t *testing.T) {
	v := state.NewView()
	mustRegister(t, v, "web")
	mustRegister(t, v, "web")
	latest := func() *ecs.TaskDefinition {
		d, err := FindTaskDefinition(v, "web", 0)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if latest().Revision != 2 {
		t.Errorf("latest is %d, want 2", latest().Revision)
	}
	for _, r := range []int32{2, 1} {
		if _, err := DeregisterTaskDefinition(beginAt(v, 2), "web", r); err != nil {
			t.Fatal(err)
		}
		if d, err := FindTaskDefinition(v, "web", r); err != nil || d.Status != ecs.TaskDefinitionInactive {
			t.Errorf("web:%d: %+v %v", r, d, err)
		}
		if r == 2 && latest().Revision != 1 {
			t.Errorf("latest is %d, want 1", latest().Revision)
		}
	}
	for _, ref := range []struct {
		family   string
		revision int32
	}{{"web", 0}, {"web", 3}, {"db", 0}} {
		_, err := FindTaskDefinition(v, ref.family, ref.revision)
		wantError(t, err, "ClientException", "Unable to describe task definition.")
	}
}

package dispatch

import (
	"testing"
	"time"

	"github.com/coder/websocket"

	"berth/api/acs"
	"berth/api/auth"
	"berth/ecs"
	"berth/state"
)

// acknowledgeSets takes n credential messages, acknowledges them and returns them by id.
func acknowledgeSets(a *agent, n int) map[string]*acs.IAMRoleCredentialsMessage {
	a.w.t.Helper()
	got := map[string]*acs.IAMRoleCredentialsMessage{}
	for range n {
		m := expect[*acs.IAMRoleCredentialsMessage](a)
		got[m.RoleCredentials.CredentialsID] = m
		a.send(&acs.IAMRoleCredentialsAckRequest{
			MessageID: m.MessageID, CredentialsID: m.RoleCredentials.CredentialsID, Expiration: m.RoleCredentials.Expiration,
		})
	}
	return got
}

func hangUp(w *world, a *agent) {
	w.t.Helper()
	_ = a.conn.Close(websocket.StatusNormalClosure, "")
	w.eventually("disconnected", func(v *state.Snapshot) bool { return !v.InstanceByID(instanceID).AgentConnected })
}

func TestCredentialsOnRequestAndBeforeTheyExpire(t *testing.T) {
	w := newWorld(t)
	w.instance()
	w.taskOf("roles", "t", ecs.StatusRunning, ecs.StatusRunning)
	w.taskOf("roles", "over", ecs.StatusStopped, ecs.StatusStopped)
	asking := func(c *call) { c.acs.SendCredentials = true }

	a := w.connect(asking)
	sets := acknowledgeSets(a, 2)
	role, exec := sets["t-role"], sets["t-exec"]
	if role == nil || exec == nil {
		t.Fatalf("got %v", sets)
	}
	if role.TaskARN != arnOf("t") || role.RoleType != acs.RoleTaskApplication || exec.RoleType != acs.RoleTaskExecution {
		t.Errorf("got %+v, %+v", role, exec)
	}
	_, p, err := w.vendor.Verify(role.RoleCredentials.AccessKeyID, role.RoleCredentials.SessionToken, w.clock.Now())
	if err != nil || p.TaskARN != arnOf("t") || p.RoleType != auth.RoleTypeApplication {
		t.Errorf("our own API would take them for %+v, %v", p, err)
	}
	a.settle()
	a.quiet()
	hangUp(w, a)

	// The same process comes again: it has them.
	a = w.connect()
	a.settle()
	a.quiet()
	hangUp(w, a)

	// A new process has nothing.
	a = w.connect(asking)
	if again := acknowledgeSets(a, 2); again["t-role"] == nil || again["t-exec"] == nil {
		t.Errorf("not under the same ids: %v", again)
	}
	a.settle()
	a.quiet()

	// Two thirds of their life later there are new ones.
	w.clock.Advance(credentialsLife - renewalMargin)
	fresh := acknowledgeSets(a, 2)["t-role"]
	if fresh == nil || fresh.RoleCredentials.Expiration != w.clock.Now().Add(credentialsLife).Format(time.RFC3339) {
		t.Errorf("renewed: %+v", fresh)
	}
	a.quiet()
}

func TestServerThatForgotSendsCredentials(t *testing.T) {
	w := newWorld(t)
	w.instance()
	w.taskOf("roles", "t", ecs.StatusRunning, ecs.StatusRunning)
	a := w.connect()
	acknowledgeSets(a, 2)
	a.settle()
	a.quiet()
	w.stop()
	w.start()
	a = w.connect() // sendCredentials=false, but this server does not know how long the agent's hold
	acknowledgeSets(a, 2)
}

func TestCredentialsAreRepeatedUntilAcknowledged(t *testing.T) {
	w := newWorld(t)
	w.instance()
	id := w.taskOf("roles", "t", ecs.StatusRunning, ecs.StatusRunning)
	a := w.connect()
	expect[*acs.IAMRoleCredentialsMessage](a)
	expect[*acs.IAMRoleCredentialsMessage](a)
	a.settle()
	a.quiet()
	w.clock.Advance(firstResend)
	acknowledgeSets(a, 2)
	a.quiet()
	w.clock.Advance(lastCredentialsResend)
	a.quiet()
	// What is over is not renewed.
	w.change(id, func(t *ecs.Task) { t.DesiredStatus, t.LastStatus = ecs.StatusStopped, ecs.StatusStopped })
	sentinel := w.task("sentinel", ecs.StatusRunning, ecs.StatusPending)
	p := expect[*acs.PayloadMessage](a)
	if p.Tasks[0].ARN != arnOf(sentinel) {
		t.Fatalf("got %+v", p.Tasks)
	}
	a.ack(p.MessageID)
	a.quiet()
	w.clock.Advance(credentialsLife)
	a.quiet()
}

func TestPayloadBringsCredentials(t *testing.T) {
	w := newWorld(t)
	w.instance()
	a := w.connect(func(c *call) { c.acs.SendCredentials = true })
	a.settle()
	id := w.taskOf("roles", "t", ecs.StatusRunning, ecs.StatusPending)
	p := expect[*acs.PayloadMessage](a)
	role, exec := p.Tasks[0].RoleCredentials, p.Tasks[0].ExecutionRoleCredentials
	if role == nil || exec == nil || role.CredentialsID != "t-role" || exec.CredentialsID != "t-exec" ||
		role.RoleARN != "arn:aws:iam::000000000000:role/app" {
		t.Fatalf("payload has %+v, %+v", role, exec)
	}
	a.ack(p.MessageID)
	a.quiet()
	w.change(id, func(t *ecs.Task) { t.LastStatus = ecs.StatusRunning })
	w.clock.Advance(lastResend)
	a.quiet()
	w.clock.Advance(credentialsLife - renewalMargin)
	acknowledgeSets(a, 2)
}

package dispatch

import (
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"berth/api/acs"
	"berth/api/sigv4"
	"berth/ecs"
	"berth/state"
)

func TestHandshakes(t *testing.T) {
	w := newWorld(t)
	w.instance()
	cases := map[string]struct {
		change func(c *call)
		want   string // exception; empty is success
	}{
		"name of the cluster": {func(*call) {}, ""},
		"ARN of the cluster":  {func(c *call) { c.acs.Cluster, c.tcs.Cluster = realm.ClusterARN("prod"), realm.ClusterARN("prod") }, ""},
		"operator's key":      {func(c *call) { c.key = rootKey }, ""},
		"another cluster":     {func(c *call) { c.acs.Cluster, c.tcs.Cluster = "test", "test" }, "InvalidClusterException"},
		"default cluster":     {func(c *call) { c.acs.Cluster, c.tcs.Cluster = "", "" }, "InvalidClusterException"},
		"cluster of a stranger": {func(c *call) {
			arn := ecs.Realm{Region: "eu-west-1", Account: "1"}.ClusterARN("prod")
			c.acs.Cluster, c.tcs.Cluster = arn, arn
		}, "InvalidClusterException"},
		"unknown instance": {func(c *call) {
			arn := realm.InstanceARN("prod", "ffffffffffffffffffffffffffffffff")
			c.acs.ContainerInstanceARN, c.tcs.ContainerInstanceARN = arn, arn
		}, "InvalidInstanceException"},
		"no instance":         {func(c *call) { c.acs.ContainerInstanceARN, c.tcs.ContainerInstanceARN = "", "" }, "InvalidInstanceException"},
		"another agent's key": {func(c *call) { c.key = otherKey }, "AccessDeniedException"},
		"unknown key":         {func(c *call) { c.key.AccessKeyID = "AKIANOBODY" }, "UnrecognizedClientException"},
		"wrong secret":        {func(c *call) { c.key.SecretAccessKey = "guess" }, "InvalidSignatureException"},
		"a task's credentials": {func(c *call) {
			got := w.vendor.Issue("role/app", arnOf("t"), "TaskApplication", w.clock.Now().Add(time.Hour))
			c.key = sigv4.Credentials{AccessKeyID: got.AccessKeyID, SecretAccessKey: got.SecretAccessKey, SessionToken: got.SessionToken}
		}, "AccessDeniedException"},
	}
	for name, test := range cases {
		for _, c := range []call{acsCall(), tcsCall()} {
			test.change(&c)
			a, refused := w.dial(c)
			got := ""
			if refused != nil {
				got = refused.Code
			}
			if got != test.want {
				t.Errorf("%s on %s: %v, want %q", name, c.path, refused, test.want)
			}
			if a != nil {
				_ = a.conn.Close(websocket.StatusNormalClosure, "")
				w.eventually("over", func(v *state.Snapshot) bool { return !v.InstanceByID(instanceID).AgentConnected })
			}
		}
	}
}

func TestDeregisteredInstance(t *testing.T) {
	w := newWorld(t)
	w.instance()
	a := w.connect()
	a.settle()
	b, refused := w.dial(tcsCall())
	if refused != nil {
		t.Fatal(refused)
	}
	w.changeInstance(func(i *ecs.Instance) { i.Status, i.AgentConnected = ecs.InstanceInactive, false })
	for _, socket := range []*agent{a, b} {
		if code := socket.closed(); code != websocket.StatusNormalClosure {
			t.Errorf("%s closed with %d: the agent must come back at once to learn why", socket.url.Path, code)
		}
	}
	for _, c := range []call{acsCall(), tcsCall()} {
		if _, refused := w.dial(c); refused == nil || refused.Code != acs.InactiveInstance {
			t.Errorf("%s: %v, want %s", c.path, refused, acs.InactiveInstance)
		}
	}
	if i := w.record(); i.AgentConnected || i.Status != ecs.InstanceInactive {
		t.Errorf("the session's end changed the instance: %+v", i)
	}
}

func TestDeletedInstance(t *testing.T) {
	w := newWorld(t)
	w.instance()
	a := w.connect()
	a.settle()
	w.do(func(tx *state.Tx) { tx.DeleteInstance(tx.InstanceByID(instanceID)) })
	if code := a.closed(); code != websocket.StatusNormalClosure {
		t.Errorf("closed with %d", code)
	}
	w.await(func() bool { return w.d.lookup(instanceID) == nil })
}

func TestRevokedKeyEndsItsSessions(t *testing.T) {
	w := newWorld(t)
	w.instance()
	a := w.connect()
	a.settle()
	b, _ := w.dial(tcsCall())
	w.do(func(tx *state.Tx) {
		tx.PutAccessKey(&ecs.AccessKey{ID: agentKey.AccessKeyID, Role: ecs.KeyAgent, RevokedAt: tx.Now()})
	})
	for _, socket := range []*agent{a, b} {
		if code := socket.closed(); code != websocket.StatusPolicyViolation {
			t.Errorf("%s closed with %d", socket.url.Path, code)
		}
	}
}

func TestSecondLivingAgentIsRefused(t *testing.T) {
	w := newWorld(t)
	w.instance()
	a := w.connect()
	a.settle()
	version := w.record().Version
	for range 3 {
		_, refused := w.dial(acsCall())
		if refused == nil || refused.Code != "AccessDeniedException" || !strings.Contains(refused.Text, string(instanceID)) {
			t.Fatalf("the clone got %v", refused)
		}
	}
	i := w.record()
	if !strings.Contains(i.StatusReason, "127.0.0.1") || i.Version != version+1 || !i.AgentConnected {
		t.Errorf("the conflict shows once as %q, version %d after %d", i.StatusReason, i.Version, version)
	}
	a.quiet() // the first one works on
	w.clock.Advance(conflictMemory)
	w.eventually("the words are taken back", func(v *state.Snapshot) bool { return v.InstanceByID(instanceID).StatusReason == "" })
}

func TestSilentPredecessorIsReplaced(t *testing.T) {
	w := newWorld(t)
	w.instance()
	old := w.connect(func(c *call) { c.mute = true })
	old.settle()
	newcomer := make(chan *agent)
	go func() {
		a, _ := w.dial(acsCall())
		newcomer <- a
	}()
	expect[*acs.HeartbeatMessage](old) // the sign of life that is asked for, and not given
	w.clock.Advance(probePatience)
	a := <-newcomer
	if a == nil {
		t.Fatal("the newcomer was refused")
	}
	if code := old.closed(); code != websocket.StatusPolicyViolation {
		t.Errorf("closed with %d", code)
	}
	a.settle()
	id := w.task("t", ecs.StatusRunning, ecs.StatusPending)
	if p := expect[*acs.PayloadMessage](a); p.Tasks[0].ARN != arnOf(id) {
		t.Errorf("got %+v", p.Tasks)
	}
	w.await(func() bool { return w.d.Sessions() == 1 })
	if i := w.record(); !i.AgentConnected || i.StatusReason != "" {
		t.Errorf("the end of the old session changed the instance: %+v", i)
	}
}

func TestBrokenFrameEndsTheSession(t *testing.T) {
	w := newWorld(t)
	w.instance()
	a := w.connect()
	a.settle()
	if err := a.conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":`)); err != nil {
		t.Fatal(err)
	}
	if code := a.closed(); code != websocket.StatusPolicyViolation {
		t.Errorf("closed with %d", code)
	}
}

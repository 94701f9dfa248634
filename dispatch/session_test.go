package dispatch

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/coder/websocket"

	"berth/api/acs"
	"berth/command"
	"berth/ecs"
	"berth/state"
	"berth/store"
)

func TestAgentConnectedIsTheSession(t *testing.T) {
	w := newWorld(t)
	w.instance()
	id := w.task("t1", ecs.StatusRunning, ecs.StatusRunning)
	a := w.connect()
	a.settle()
	i, task := w.record(), w.taskRecord(id)
	if !i.AgentConnected || i.ConnectedAt != ecs.TimeOf(w.clock.Now()) || i.Version != 2 ||
		i.VersionInfo != (ecs.VersionInfo{AgentVersion: "1.105.1", AgentHash: "abc", DockerVersion: "20.10.24"}) {
		t.Errorf("instance: %+v", i)
	}
	if task.Connectivity != ecs.Connected || task.ConnectivityAt == 0 || task.Version != 2 {
		t.Errorf("task: %+v", task)
	}
	if err := a.conn.Close(websocket.StatusNormalClosure, "ConnectionExpired: Reconnect to continue"); err != nil {
		t.Fatal(err)
	}
	w.eventually("disconnected", func(v *state.Snapshot) bool { return !v.InstanceByID(instanceID).AgentConnected })
	if got := w.taskRecord(id); got.Connectivity != ecs.Disconnected || got.LastStatus != ecs.StatusRunning {
		t.Errorf("task after the session: %+v", got)
	}
}

func TestFullSetThenManifest(t *testing.T) {
	w := newWorld(t)
	w.instance()
	pending := w.task("pending", ecs.StatusRunning, ecs.StatusPending)
	running := w.task("running", ecs.StatusRunning, ecs.StatusRunning)
	stopping := w.task("stopping", ecs.StatusStopped, ecs.StatusRunning)
	w.task("stopped", ecs.StatusStopped, ecs.StatusStopped)
	a := w.connect()

	stop := expect[*acs.PayloadMessage](a)
	if len(stop.Tasks) != 1 || stop.Tasks[0].ARN != arnOf(stopping) || stop.Tasks[0].DesiredStatus != acs.StatusStopped {
		t.Errorf("first the stops: %+v", stop.Tasks)
	}
	if stop.MessageID == "" || stop.ClusterARN != realm.ClusterARN("prod") ||
		stop.ContainerInstanceARN != realm.InstanceARN("prod", instanceID) {
		t.Errorf("an agent drops this payload: %+v", stop)
	}
	start := expect[*acs.PayloadMessage](a)
	if len(start.Tasks) != 1 || start.Tasks[0].ARN != arnOf(pending) || start.Tasks[0].DesiredStatus != acs.StatusRunning ||
		len(start.Tasks[0].Containers) != 1 {
		t.Errorf("then the starts: %+v", start.Tasks)
	}
	a.quiet() // the manifest waits for both
	a.ack(stop.MessageID)
	a.ack(start.MessageID)
	m := expect[*acs.TaskManifestMessage](a)
	var listed []string
	for _, id := range m.Tasks {
		if id.DesiredStatus != acs.StatusRunning || id.TaskClusterARN != realm.ClusterARN("prod") {
			t.Errorf("listed as %+v", id)
		}
		listed = append(listed, id.TaskARN)
	}
	if want := []string{arnOf(pending), arnOf(running)}; !slices.Equal(listed, want) {
		t.Errorf("manifest lists %v, want %v", listed, want)
	}
	if !(stop.SeqNum < start.SeqNum && start.SeqNum < m.Timeline) || stop.SeqNum <= w.clock.Now().UnixMilli() {
		t.Errorf("sequence %d, %d, %d at %d", stop.SeqNum, start.SeqNum, m.Timeline, w.clock.Now().UnixMilli())
	}
}

func TestManifestDoesNotWaitForEver(t *testing.T) {
	w := newWorld(t)
	w.instance()
	w.task("bad", ecs.StatusRunning, ecs.StatusPending)
	a := w.connect()
	expect[*acs.PayloadMessage](a)
	w.clock.Advance(manifestPatience)
	first := expect[*acs.TaskManifestMessage](a)
	w.clock.Advance(firstResend)
	expect[*acs.PayloadMessage](a)
	w.clock.Advance(manifestResend - firstResend)
	var again *acs.TaskManifestMessage
	for again == nil { // payloads are repeated meanwhile
		again, _ = a.next().(*acs.TaskManifestMessage)
	}
	if again.Timeline <= first.Timeline {
		t.Errorf("the repeated manifest has timeline %d after %d: agents ignore it", again.Timeline, first.Timeline)
	}
}

func TestIncrementsAfterTheFullSet(t *testing.T) {
	w := newWorld(t)
	w.instance()
	a := w.connect()
	a.settle()
	id := w.task("new", ecs.StatusRunning, ecs.StatusPending)
	p := expect[*acs.PayloadMessage](a)
	if len(p.Tasks) != 1 || p.Tasks[0].ARN != arnOf(id) {
		t.Fatalf("got %+v", p.Tasks)
	}
	a.ack(p.MessageID)
	w.change(id, func(t *ecs.Task) { t.LastStatus = ecs.StatusRunning })
	w.change(id, func(t *ecs.Task) { t.Health = ecs.HealthHealthy })
	w.change(id, func(t *ecs.Task) { t.DesiredStatus = ecs.StatusStopped })
	p = expect[*acs.PayloadMessage](a)
	if len(p.Tasks) != 1 || p.Tasks[0].ARN != arnOf(id) || p.Tasks[0].DesiredStatus != acs.StatusStopped {
		t.Fatalf("got %+v", p.Tasks)
	}
}

func TestManyTasksShareAPayload(t *testing.T) {
	w := newWorld(t)
	w.instance()
	w.do(func(tx *state.Tx) {
		for k := range 60 {
			tx.PutTask(&ecs.Task{ID: ecs.TaskID(rune('A' + k)), Cluster: "prod", Family: "web", Revision: 1, Instance: instanceID,
				DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusPending})
		}
	})
	a := w.connect()
	for _, want := range []int{25, 25, 10} {
		if p := expect[*acs.PayloadMessage](a); len(p.Tasks) != want {
			t.Errorf("%d tasks in a payload, want %d", len(p.Tasks), want)
		}
	}
}

func TestResendUntilAcknowledged(t *testing.T) {
	w := newWorld(t)
	w.instance()
	a := w.connect()
	a.settle()
	w.do(func(tx *state.Tx) {
		for _, id := range []ecs.TaskID{"good", "bad"} {
			tx.PutTask(&ecs.Task{ID: id, Cluster: "prod", Family: "web", Revision: 1, Instance: instanceID,
				DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusPending})
		}
	})
	seen := map[string]bool{}
	for _, wait := range []time.Duration{0, firstResend} {
		w.clock.Advance(wait)
		p := expect[*acs.PayloadMessage](a)
		if len(p.Tasks) != 2 || seen[p.MessageID] {
			t.Fatalf("after %s: %d tasks in %s", wait, len(p.Tasks), p.MessageID)
		}
		seen[p.MessageID] = true
	}
	// The third time each goes alone: the bad one no longer keeps the good one's acknowledgement back.
	w.clock.Advance(2 * firstResend)
	for range 2 {
		p := expect[*acs.PayloadMessage](a)
		if len(p.Tasks) != 1 {
			t.Fatalf("%d tasks", len(p.Tasks))
		}
		if p.Tasks[0].ARN == arnOf("good") {
			a.ack(p.MessageID)
		}
	}
	// The agent reported the bad one: nothing is repeated any more.
	w.change("bad", func(t *ecs.Task) { t.LastStatus, t.DesiredStatus = ecs.StatusStopped, ecs.StatusStopped })
	w.task("sentinel", ecs.StatusRunning, ecs.StatusPending)
	p := expect[*acs.PayloadMessage](a)
	if p.Tasks[0].ARN != arnOf("sentinel") {
		t.Fatalf("got %+v", p.Tasks)
	}
	a.ack(p.MessageID)
	a.quiet() // the acknowledgement is in
	w.clock.Advance(lastResend)
	a.quiet()
}

func TestWhatTheAgentReportsIsNotRepeated(t *testing.T) {
	w := newWorld(t)
	w.instance()
	a := w.connect()
	a.settle()
	id := w.task("t", ecs.StatusRunning, ecs.StatusPending)
	expect[*acs.PayloadMessage](a) // never acknowledged
	w.change(id, func(t *ecs.Task) { t.PendingReason = "waits for ports" })
	sentinel := w.task("sentinel", ecs.StatusRunning, ecs.StatusPending)
	p := expect[*acs.PayloadMessage](a)
	if len(p.Tasks) != 1 || p.Tasks[0].ARN != arnOf(sentinel) {
		t.Fatalf("got %+v", p.Tasks)
	}
	a.ack(p.MessageID)
	a.quiet()
	w.clock.Advance(firstResend)
	a.quiet()
	hangUp(w, a)
	// A new session says it again: the agent may have lost it.
	again := expect[*acs.PayloadMessage](w.connect())
	if len(again.Tasks) != 2 {
		t.Errorf("the next session sends %+v", again.Tasks)
	}
}

func TestSequenceNeverGoesBack(t *testing.T) {
	w := newWorld(t)
	w.instance()
	w.task("t", ecs.StatusRunning, ecs.StatusPending)
	highest := int64(0)
	session := func(when string) {
		t.Helper()
		a := w.connect()
		p := expect[*acs.PayloadMessage](a)
		a.ack(p.MessageID)
		m := a.settle()
		if p.SeqNum <= highest || m.Timeline <= p.SeqNum {
			t.Errorf("%s: payload %d, manifest %d after %d", when, p.SeqNum, m.Timeline, highest)
		}
		highest = m.Timeline
		_ = a.conn.Close(websocket.StatusNormalClosure, "")
		w.eventually("disconnected", func(v *state.Snapshot) bool { return !v.InstanceByID(instanceID).AgentConnected })
	}
	session("first")
	session("reconnect in the same millisecond")
	w.clock.Advance(-24 * time.Hour)
	session("clock set back")
	w.stop()
	w.start()
	session("server restarted with the clock set back")
	w.clock.Advance(48 * time.Hour)
	session("clock right again")
	if now := w.clock.Now().UnixMilli(); highest < now {
		t.Errorf("sequence %d is behind the clock %d", highest, now)
	}
}

func TestSequenceBlockIsExtended(t *testing.T) {
	w := newWorld(t)
	w.instance()
	var out command.ConnectAgentOutput
	w.do(func(tx *state.Tx) { out, _ = command.ConnectAgent(tx, command.ConnectAgentInput{Instance: instanceID}) })
	s := &session{d: w.d, instance: out.Instance, sequence: out.Sequence, nextSeq: out.Sequence.Last}
	last := out.Sequence.First
	for range 3 {
		n, err := s.sequenceNumber(context.Background())
		if err != nil || n <= last {
			t.Fatalf("%d after %d: %v", n, last, err)
		}
		last = n
	}
	if w.record().Sequence != s.sequence.Last || s.sequence.Last == out.Sequence.Last {
		t.Errorf("instance has %d, session %+v", w.record().Sequence, s.sequence)
	}
	w.do(func(tx *state.Tx) { _, _ = command.ConnectAgent(tx, command.ConnectAgentInput{Instance: instanceID}) })
	s.nextSeq = s.sequence.Last + 1
	if n, err := s.sequenceNumber(context.Background()); err == nil {
		t.Errorf("a replaced session got %d", n)
	}
}

func TestHeartbeats(t *testing.T) {
	w := newWorld(t)
	w.instance()
	a := w.connect(func(c *call) { c.mute = true })
	a.settle()
	beat := func() *acs.HeartbeatMessage {
		t.Helper()
		w.clock.Advance(30 * time.Second)
		return expect[*acs.HeartbeatMessage](a)
	}
	for range 5 {
		h := beat()
		if h.MessageID == "" || !h.Healthy {
			t.Fatalf("heartbeat %+v", h)
		}
		a.send(&acs.HeartbeatAckRequest{MessageID: h.MessageID})
		a.flush()
	}
	beat()
	beat()
	w.clock.Advance(30 * time.Second)
	if code := a.closed(); code != websocket.StatusPolicyViolation {
		t.Errorf("closed with %d", code)
	}
	w.eventually("disconnected", func(v *state.Snapshot) bool { return !v.InstanceByID(instanceID).AgentConnected })
}

func TestStopVerification(t *testing.T) {
	w := newWorld(t)
	w.instance()
	wanted := w.task("wanted", ecs.StatusRunning, ecs.StatusRunning)
	ending := w.task("ending", ecs.StatusStopped, ecs.StatusRunning)
	ended := w.task("ended", ecs.StatusStopped, ecs.StatusStopped)
	elsewhere := w.task("elsewhere", ecs.StatusRunning, ecs.StatusRunning)
	w.change(elsewhere, func(t *ecs.Task) { t.Instance = "another" })
	a := w.connect()
	p := expect[*acs.PayloadMessage](a)
	a.ack(p.MessageID)
	m := expect[*acs.TaskManifestMessage](a)
	var candidates []acs.TaskIdentifier
	for _, id := range []ecs.TaskID{wanted, ending, ended, elsewhere, "unknown"} {
		candidates = append(candidates, acs.TaskIdentifier{TaskARN: arnOf(id), DesiredStatus: acs.StatusStopped})
	}
	candidates = append(candidates, acs.TaskIdentifier{TaskARN: "arn:aws:ecs:eu-west-9:1:task/prod/x"})
	a.send(&acs.TaskStopVerificationMessage{MessageID: m.MessageID, StopCandidates: candidates})
	ack := expect[*acs.TaskStopVerificationAck](a)
	var stops []string
	for _, s := range ack.StopTasks {
		stops = append(stops, s.TaskARN)
	}
	want := []string{arnOf(ending), arnOf(ended), arnOf(elsewhere), arnOf("unknown"), "arn:aws:ecs:eu-west-9:1:task/prod/x"}
	if ack.MessageID != m.MessageID || !slices.Equal(stops, want) {
		t.Errorf("%s: %v, want %v", ack.MessageID, stops, want)
	}
	// A manifest is used once.
	a.send(&acs.TaskStopVerificationMessage{MessageID: m.MessageID, StopCandidates: candidates})
	a.quiet()
}

// brokenWatch fails its first Next with ErrSlow, when told to, and never delivers anything.
type brokenWatch struct{ slow chan struct{} }

func (b brokenWatch) Next(ctx context.Context) (store.Batch, error) {
	select {
	case <-b.slow:
		return store.Batch{}, store.ErrSlow
	case <-ctx.Done():
		return store.Batch{}, ctx.Err()
	}
}

func (brokenWatch) Close() {}

func TestSlowWatchStartsOver(t *testing.T) {
	slow := make(chan struct{})
	first := true
	w := newWorld(t, func(d *Dispatcher) {
		real := d.watch
		d.watch = func() watcher {
			if first {
				first = false
				return brokenWatch{slow}
			}
			return real()
		}
	})
	w.instance()
	gone := w.task("gone", ecs.StatusRunning, ecs.StatusPending)
	a := w.connect()
	expect[*acs.PayloadMessage](a)
	// Nothing of this reaches the dispatcher, whose watch delivers nothing.
	w.do(func(tx *state.Tx) { tx.DeleteTask(tx.Task("prod", gone)) })
	missed := w.task("missed", ecs.StatusRunning, ecs.StatusPending)
	close(slow)
	p := expect[*acs.PayloadMessage](a)
	if len(p.Tasks) != 1 || p.Tasks[0].ARN != arnOf(missed) {
		t.Fatalf("after the resync: %+v", p.Tasks)
	}
	a.ack(p.MessageID)
	expect[*acs.TaskManifestMessage](a) // not held back by the task that is gone
	later := w.task("later", ecs.StatusRunning, ecs.StatusPending)
	if p := expect[*acs.PayloadMessage](a); p.Tasks[0].ARN != arnOf(later) {
		t.Fatalf("from the new watch: %+v", p.Tasks)
	}
}

func TestSlowWatchMissesADeregistration(t *testing.T) {
	slow := make(chan struct{})
	w := newWorld(t, func(d *Dispatcher) { d.watch = func() watcher { return brokenWatch{slow} } })
	w.instance()
	a := w.connect()
	a.settle()
	w.changeInstance(func(i *ecs.Instance) { i.Status = ecs.InstanceInactive })
	slow <- struct{}{}
	if code := a.closed(); code != websocket.StatusNormalClosure {
		t.Errorf("closed with %d", code)
	}
}

func TestServerStopAndRestart(t *testing.T) {
	w := newWorld(t)
	w.instance()
	id := w.task("t", ecs.StatusRunning, ecs.StatusRunning)
	a := w.connect()
	a.settle()
	w.stop()
	if code := a.closed(); code != websocket.StatusServiceRestart {
		t.Errorf("closed with %d: 1000, 1001 and 1011 make agents come back without a pause", code)
	}
	w.start()
	if i, task := w.record(), w.taskRecord(id); i.AgentConnected || task.Connectivity != ecs.Disconnected {
		t.Errorf("after the restart: %+v, %+v", i, task)
	}
	b := w.connect()
	b.settle()
	if !w.record().AgentConnected || w.taskRecord(id).Connectivity != ecs.Connected {
		t.Error("the agent that came back is not connected")
	}
}

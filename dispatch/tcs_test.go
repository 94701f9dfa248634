package dispatch

import (
	"testing"
	"time"

	"github.com/coder/websocket"

	"berth/api/acs"
	"berth/ecs"
)

func health(id ecs.TaskID, status string) *acs.PublishHealthRequest {
	return &acs.PublishHealthRequest{Tasks: []acs.TaskHealth{{
		TaskARN: arnOf(id), Containers: []acs.ContainerHealth{{ContainerName: "main", HealthStatus: status}},
	}}}
}

func (w *world) telemetry() *agent {
	w.t.Helper()
	a, refused := w.dial(tcsCall())
	if refused != nil {
		w.t.Fatal(refused)
	}
	return a
}

func TestHealthComesFromTelemetry(t *testing.T) {
	w := newWorld(t)
	w.instance()
	id := w.task("t", ecs.StatusRunning, ecs.StatusRunning)
	work := w.connect()
	work.settle()
	a := w.telemetry()
	version := w.taskRecord(id).Version
	revision := w.store.Snapshot().Revision()
	for range 3 {
		a.send(health(id, acs.HealthHealthy))
		expect[*acs.AckPublishHealth](a)
	}
	got := w.taskRecord(id)
	if got.Health != ecs.HealthHealthy || got.Containers[0].Health != ecs.HealthHealthy || got.Version != version+1 {
		t.Errorf("task: %+v", got)
	}
	if now := w.store.Snapshot().Revision(); now != revision+1 {
		t.Errorf("%d commits for one change", now-revision)
	}
	hangUp(w, work)
	if got := w.taskRecord(id); got.Health != ecs.HealthUnknown || got.Containers[0].Health != ecs.HealthUnknown {
		t.Errorf("without its agent: %+v", got)
	}
	a.send(health(id, acs.HealthHealthy))
	expect[*acs.AckPublishHealth](a)
	if got := w.taskRecord(id).Health; got != ecs.HealthUnknown {
		t.Errorf("health %s of a task whose agent is not connected", got)
	}
}

func TestMetricsAreKeptWhileTheTaskLives(t *testing.T) {
	w := newWorld(t)
	w.instance()
	id := w.task("t", ecs.StatusRunning, ecs.StatusRunning)
	foreign := w.task("foreign", ecs.StatusRunning, ecs.StatusRunning)
	w.change(foreign, func(t *ecs.Task) { t.Instance = "another" })
	a := w.telemetry()
	at := w.clock.Now().Add(-time.Second)
	sample := func(id ecs.TaskID, cpu float64) acs.TaskMetric {
		return acs.TaskMetric{TaskARN: arnOf(id), ContainerMetrics: []acs.ContainerMetric{{
			ContainerName: "main", CPU: &acs.StatsSet{Max: cpu, SampleCount: 20, Sum: 20 * cpu},
		}}}
	}
	for _, cpu := range []float64{1, 2.5} {
		a.send(&acs.PublishMetricsRequest{Timestamp: acs.UnixTimeOf(at), TaskMetrics: []acs.TaskMetric{
			sample(id, cpu), sample(foreign, 9), sample("unknown", 9),
		}})
		expect[*acs.AckPublishMetric](a)
	}
	got, ok := w.d.LastMetrics(id)
	if !ok || !got.At.Equal(at) || got.Containers[0].CPU.Max != 2.5 {
		t.Errorf("last sample: %+v, %v", got, ok)
	}
	for _, id := range []ecs.TaskID{foreign, "unknown"} {
		if _, ok := w.d.LastMetrics(id); ok {
			t.Errorf("kept a sample of %s", id)
		}
	}
	w.change(id, func(t *ecs.Task) { t.LastStatus = ecs.StatusStopped })
	w.await(func() bool { _, ok := w.d.LastMetrics(id); return !ok })
}

func TestTelemetryHeartbeatAndStatus(t *testing.T) {
	w := newWorld(t)
	w.instance()
	a := w.telemetry()
	a.send(&acs.PublishInstanceStatusRequest{Statuses: []acs.InstanceStatus{{Type: "ContainerRuntime", Status: acs.InstanceStatusImpaired}}})
	expect[*acs.AckPublishInstanceStatus](a)
	for range 3 {
		w.clock.Advance(30 * time.Second)
		if h := expect[*acs.HeartbeatMessage](a); !h.Healthy {
			t.Errorf("heartbeat %+v", h)
		}
	}
}

func TestTelemetryFramesAreVerified(t *testing.T) {
	w := newWorld(t)
	w.instance()
	for name, spoil := range map[string]func(a *agent){
		"wrong secret":        func(a *agent) { a.key.SecretAccessKey = "guess" },
		"another agent's key": func(a *agent) { a.key = otherKey },
	} {
		a := w.telemetry()
		spoil(a)
		a.send(&acs.PublishMetricsRequest{})
		if code := a.closed(); code != websocket.StatusPolicyViolation {
			t.Errorf("%s: closed with %d", name, code)
		}
	}
	a := w.telemetry()
	if err := a.conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"PublishMetricsRequest","message":{}}`)); err != nil {
		t.Fatal(err)
	}
	if code := a.closed(); code != websocket.StatusPolicyViolation {
		t.Errorf("without a signature: closed with %d", code)
	}
}

func TestNewTelemetryReplacesTheOld(t *testing.T) {
	w := newWorld(t)
	w.instance()
	old := w.telemetry()
	a := w.telemetry()
	if code := old.closed(); code != websocket.StatusPolicyViolation {
		t.Errorf("closed with %d", code)
	}
	a.send(&acs.PublishMetricsRequest{})
	expect[*acs.AckPublishMetric](a)
}

// The handler of an earlier handshake may be late; it must not throw out the socket that the agent opened after it.
func TestALateHandlerDoesNotReplaceTheNewerTelemetry(t *testing.T) {
	l := newLink("i")
	early, late := &telemetry{turn: l.takeTurn()}, &telemetry{turn: l.takeTurn()}
	if loser := l.setTelemetry(late); loser != nil {
		t.Errorf("the first to arrive: %p has to go", loser)
	}
	if loser := l.setTelemetry(early); loser != early || l.tcs != late {
		t.Error("the earlier handshake replaced the later one")
	}
	next := &telemetry{turn: l.takeTurn()}
	if loser := l.setTelemetry(next); loser != late || l.tcs != next {
		t.Error("the next handshake did not replace the one before")
	}
}

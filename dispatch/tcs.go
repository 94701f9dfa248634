package dispatch

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"

	"berth/api/acs"
	"berth/api/auth"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

// telemetry is one open TCS websocket.
type telemetry struct {
	socket
	d        *Dispatcher
	log      *slog.Logger
	keyID    string
	instance *ecs.Instance // as it was at the start: identity only
	url      *url.URL      // of the handshake: part of every frame's signature
	turn     uint64        // place among the handshakes of the instance
	// answers carries acknowledgements from the reader, which closes it, to the loop.
	answers chan acs.Message
	// checks are the last states of the host's own checks; the reader's.
	checks map[string]string
}

// maxChecks bounds what an agent can make us remember; Amazon's has one check.
const maxChecks = 32

// TCS is the handler of the agents' telemetry websocket, for the path "<telemetryEndpoint>/ws". A handler returns when its socket
// has ended.
func (d *Dispatcher) TCS() http.Handler {
	return http.HandlerFunc(d.serveTCS)
}

func (d *Dispatcher) serveTCS(w http.ResponseWriter, r *http.Request) {
	ctx, ok := d.enter()
	if !ok {
		d.refuse(w, r, kindTCS, &acs.Refusal{Code: codeServer, Text: "The server is not ready for agents."})
		return
	}
	defer d.leave()
	query := acs.ParseTelemetryQuery(r.URL.Query())
	a, refused := d.admit(r, auth.OperationStartTelemetry, query.Cluster, query.ContainerInstanceARN)
	if refused != nil {
		d.refuse(w, r, kindTCS, refused)
		return
	}
	turn := d.link(a.instance.ID).takeTurn()
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		d.log.Info("websocket handshake failed", "kind", kindTCS, "remote", a.remote, "error", err)
		return
	}
	d.serveTelemetry(ctx, &telemetry{
		socket: newSocket(conn, maxTelemetryFrame), d: d, keyID: a.keyID, instance: a.instance, url: r.URL, turn: turn,
		log:     d.log.With("instance", string(a.instance.ID), "cluster", a.instance.Cluster, "remote", a.remote),
		answers: make(chan acs.Message), checks: map[string]string{},
	})
}

// serveTelemetry runs a socket to its end. A newer one of the same instance replaces an older one without asking: nothing is lost
// with it, and two agents that fight for it wait longer each time.
func (d *Dispatcher) serveTelemetry(ctx context.Context, t *telemetry) {
	d.cfg.Metrics.SessionOpened(kindTCS)
	defer d.cfg.Metrics.SessionClosed(kindTCS)
	l := d.link(t.instance.ID)
	if loser := l.setTelemetry(t); loser != nil {
		loser.end(replaced)
	}
	defer l.dropTelemetry(t)
	if order, unwelcome := d.unwelcome(t.instance.ID, t.keyID); unwelcome {
		t.end(order)
	}
	readCtx, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		t.read(readCtx)
	}()
	err := t.loop(ctx)
	t.log.Debug("telemetry ended", "cause", err)
	t.finish(ctx, err)
	stopReading()
	<-reading
}

// loop writes acknowledgements and heartbeats; either keeps the agent from leaving (agent-protocol.md 10).
func (t *telemetry) loop(ctx context.Context) error {
	interval := t.d.cfg.HeartbeatInterval
	timer := t.d.clock.NewTimer(interval)
	defer timer.Stop()
	for {
		var out acs.Message
		select {
		case <-ctx.Done():
			return ctx.Err()
		case c := <-t.ended:
			return errEnded{c}
		case m, ok := <-t.answers:
			if !ok {
				return t.gone()
			}
			out = m
		case <-timer.C():
			timer.Reset(interval)
			out = &acs.HeartbeatMessage{Healthy: true}
		}
		if err := t.write(ctx, out); err != nil {
			return err
		}
	}
}

// gone is why the reader ended: on its own order to close, or because the agent left.
func (t *telemetry) gone() error {
	select {
	case c := <-t.ended:
		return errEnded{c}
	default:
		return errGone
	}
}

// read verifies and takes in one frame after the other. It is the socket's second goroutine.
func (t *telemetry) read(ctx context.Context) {
	defer close(t.answers)
	for {
		_, frame, err := t.conn.Read(ctx)
		if err != nil {
			return
		}
		answer, err := t.take(ctx, frame)
		if err != nil {
			t.log.Warn("telemetry frame refused", "error", err)
			t.end(closing{websocket.StatusPolicyViolation, "a telemetry frame was refused"})
			return
		}
		if answer == nil {
			continue
		}
		select {
		case t.answers <- answer:
		case <-ctx.Done():
			return
		}
	}
}

// take verifies a frame, acts on it and returns the acknowledgement; nil for a message that has none. What the store could not take
// is not acknowledged: the agent sends health again in any case.
func (t *telemetry) take(ctx context.Context, frame []byte) (acs.Message, error) {
	p, body, err := t.d.cfg.Auth.AuthenticateFrame(t.url, frame)
	if err != nil {
		return nil, err
	}
	// An agent may sign with a newer key than it shook hands with; it must be one for this instance.
	if !mayActFor(p, t.instance) {
		return nil, auth.Denied(p, "ecs", auth.OperationStartTelemetry, string(t.instance.ID))
	}
	m, err := acs.Decode(body)
	if err != nil {
		return nil, err
	}
	switch m := m.(type) {
	case *acs.PublishMetricsRequest:
		t.keepMetrics(m)
		return &acs.AckPublishMetric{}, nil
	case *acs.PublishHealthRequest:
		if err := t.reportHealth(ctx, m); err != nil {
			t.log.Error("health of containers could not be recorded", "error", err)
			return nil, nil
		}
		return &acs.AckPublishHealth{}, nil
	case *acs.PublishInstanceStatusRequest:
		t.noteStatus(m)
		return &acs.AckPublishInstanceStatus{}, nil
	}
	t.log.Debug("agent sent telemetry that is not expected", "type", m.MessageType())
	return nil, nil
}

// taskID reads a task's ARN; ok is false for one of another cluster or realm.
func (t *telemetry) taskID(arn string) (id ecs.TaskID, ok bool) {
	ref, err := t.d.cfg.Realm.ParseRef("task", arn)
	if err != nil || ref.Cluster != "" && ref.Cluster != t.instance.Cluster {
		return "", false
	}
	return ecs.TaskID(ref.ID), true
}

// reportHealth hands a message's verdicts to one command, unless they are what is known already: agents repeat them every 20 s.
func (t *telemetry) reportHealth(ctx context.Context, m *acs.PublishHealthRequest) error {
	in := command.ReportHealthInput{Instance: t.instance.ID}
	for _, task := range m.Tasks {
		id, ok := t.taskID(task.TaskARN)
		if !ok {
			continue
		}
		h := command.TaskHealth{ID: id}
		for _, c := range task.Containers {
			h.Containers = append(h.Containers, command.ContainerHealth{Name: c.ContainerName, Health: ecs.Health(c.HealthStatus)})
		}
		in.Tasks = append(in.Tasks, h)
	}
	if !command.HealthChanges(t.d.cfg.Store.Snapshot(), in) {
		return nil
	}
	return t.d.cfg.Store.Do(ctx, func(tx *state.Tx) error { return command.ReportHealth(tx, in) })
}

// keepMetrics keeps the samples of tasks that are this instance's and not over.
func (t *telemetry) keepMetrics(m *acs.PublishMetricsRequest) {
	v := t.d.cfg.Store.Snapshot()
	for _, sample := range m.TaskMetrics {
		id, ok := t.taskID(sample.TaskARN)
		if !ok {
			continue
		}
		task := v.Task(t.instance.Cluster, id)
		if task != nil && task.Instance == t.instance.ID && task.LastStatus != ecs.StatusStopped {
			t.d.samples.put(id, task.Cluster, Sample{At: orNow(m.Timestamp.Time, t.d.clock), Containers: sample.ContainerMetrics})
		}
	}
}

func orNow(at time.Time, clock Clock) time.Time {
	if at.IsZero() {
		return clock.Now()
	}
	return at
}

// noteStatus makes an instance's own complaint visible to the operator, once; ECS shows it only with an option that came later.
func (t *telemetry) noteStatus(m *acs.PublishInstanceStatusRequest) {
	for _, check := range m.Statuses {
		if t.checks[check.Type] == check.Status || check.Status == acs.InstanceStatusOK && t.checks[check.Type] == "" {
			continue
		}
		if len(t.checks) < maxChecks {
			t.checks[check.Type] = check.Status
		}
		level := slog.LevelInfo
		if check.Status == acs.InstanceStatusImpaired {
			level = slog.LevelWarn
		}
		t.log.Log(context.Background(), level, "a check of the host changed",
			"check", check.Type, "status", check.Status, "since", check.LastStatusChange.Time)
	}
}

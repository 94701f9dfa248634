package dispatch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"berth/api/acs"
	"berth/api/auth"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

const (
	// probePatience is how long a newcomer waits for a sign of life of its predecessor.
	probePatience = 3 * time.Second
	// conflictMemory is how long a second agent must have been silent until its instance's statusReason is cleared. It is longer
	// than any agent's backoff.
	conflictMemory = 10 * time.Minute
	// farewellTimeout bounds the command that records a session's end.
	farewellTimeout = 30 * time.Second
)

var (
	// replaced makes the loser wait before it comes again, so that two agents cannot chase each other.
	replaced = closing{websocket.StatusPolicyViolation, "another session of this container instance has taken over"}

	errGone = errors.New("the agent closed the websocket")
)

// ACS is the handler of the agents' work websocket, for the path "<endpoint>/ws" of DiscoverPollEndpoint's endpoint. A handler
// returns when its session has ended.
func (d *Dispatcher) ACS() http.Handler {
	return http.HandlerFunc(d.serveACS)
}

func (d *Dispatcher) serveACS(w http.ResponseWriter, r *http.Request) {
	ctx, ok := d.enter()
	if !ok {
		d.refuse(w, r, kindACS, &acs.Refusal{Code: codeServer, Text: "The server is not ready for agents."})
		return
	}
	defer d.leave()
	query := acs.ParseSessionQuery(r.URL.Query())
	a, refused := d.admit(r, auth.OperationPoll, query.Cluster, query.ContainerInstanceARN)
	a.query = query
	if refused != nil {
		d.refuse(w, r, kindACS, refused)
		return
	}
	s, seq, refused := d.accept(ctx, w, r, a)
	if refused != nil {
		d.refuse(w, r, kindACS, refused)
	}
	if s != nil {
		d.serve(ctx, s, seq, query.SendCredentials)
	}
}

// accept lets a newcomer in, one at a time for each instance. It returns neither a session nor a refusal when the handshake failed
// and was answered.
func (d *Dispatcher) accept(ctx context.Context, w http.ResponseWriter, r *http.Request, a admission) (*session, command.Sequence, *acs.Refusal) {
	l := d.link(a.instance.ID)
	if !l.handshake.TryLock() {
		return nil, command.Sequence{}, &acs.Refusal{Code: codeServer, Text: "Another handshake of this container instance is under way."}
	}
	defer l.handshake.Unlock()
	if before := l.session(); before != nil {
		switch alive, err := d.alive(r.Context(), before); {
		case err != nil:
			return nil, command.Sequence{}, &acs.Refusal{Code: codeServer, Text: "The handshake was given up."}
		case alive:
			return nil, command.Sequence{}, d.refuseClone(ctx, l, a)
		}
		before.end(replaced)
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		d.log.Info("websocket handshake failed", "kind", kindACS, "remote", a.remote, "error", err)
		return nil, command.Sequence{}, nil
	}
	s := d.newSession(conn, l, a)
	// From here on the session gets the instance's changes; it looks at the snapshot after that.
	l.setSession(s)
	seq, err := d.connect(ctx, a)
	if err != nil {
		l.dropSession(s)
		close(s.done)
		s.log.Warn("agent session could not be opened", "error", err)
		_ = conn.Close(websocket.StatusPolicyViolation, "the session could not be opened")
		return nil, command.Sequence{}, nil
	}
	return s, seq, nil
}

func (d *Dispatcher) connect(ctx context.Context, a admission) (command.Sequence, error) {
	var out command.ConnectAgentOutput
	err := d.cfg.Store.Do(ctx, func(tx *state.Tx) (err error) {
		out, err = command.ConnectAgent(tx, command.ConnectAgentInput{Instance: a.instance.ID, Version: ecs.VersionInfo{
			AgentVersion: a.query.AgentVersion, AgentHash: a.query.AgentHash, DockerVersion: a.query.PlainDockerVersion(),
		}})
		return err
	})
	return out.Sequence, err
}

// alive asks a session's agent for a sign of life. It errs when ctx, the newcomer's, ends first.
func (d *Dispatcher) alive(ctx context.Context, s *session) (bool, error) {
	timer := d.clock.NewTimer(probePatience)
	defer timer.Stop()
	answer := make(chan struct{})
	probes := s.probes
	for {
		select {
		case probes <- answer:
			probes = nil
		case <-answer:
			return true, nil
		case <-s.done:
			return false, nil
		case <-timer.C():
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// refuseClone refuses a second living agent with one identity and makes that visible.
func (d *Dispatcher) refuseClone(ctx context.Context, l *link, a admission) *acs.Refusal {
	times := l.refused(d.clock.Now())
	d.log.Warn("two agents claim the same container instance; the later one is refused",
		"instance", string(l.id), "remote", a.remote, "refusals", times)
	d.showConflict(ctx, l.id, a.remote)
	return &acs.Refusal{Code: codeAccessDenied, Text: fmt.Sprintf(
		"Container instance %s has another agent that is connected and answers. Two hosts share one data folder or a copy of it: "+
			"remove it from one of them, which then registers as a new container instance.", l.id)}
}

// showConflict writes or clears the words in the instance's statusReason.
func (d *Dispatcher) showConflict(ctx context.Context, id ecs.InstanceID, from string) {
	err := d.cfg.Store.Do(ctx, func(tx *state.Tx) error {
		return command.SetAgentConflict(tx, command.AgentConflictInput{Instance: id, From: from})
	})
	if err != nil {
		d.log.Error("conflict of two agents could not be recorded", "instance", string(id), "error", err)
	}
}

// serve runs a session to its end and records that.
func (d *Dispatcher) serve(ctx context.Context, s *session, seq command.Sequence, sendCredentials bool) {
	d.cfg.Metrics.SessionOpened(kindACS)
	defer d.cfg.Metrics.SessionClosed(kindACS)
	s.log.Info("agent connected")
	if order, unwelcome := d.unwelcome(s.instance.ID, s.keyID); unwelcome {
		s.end(order)
	}
	readCtx, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		s.read(readCtx)
	}()
	s.begin(seq, sendCredentials)
	err := s.loop(ctx)
	close(s.done)
	s.link.dropSession(s)
	s.log.Info("agent disconnected", "cause", err)
	if ctx.Err() == nil {
		d.disconnect(ctx, s)
	}
	s.finish(ctx, err)
	stopReading()
	<-reading
}

// unwelcome looks again at what may have changed between the handshake's check and the session's registration for changes.
func (d *Dispatcher) unwelcome(id ecs.InstanceID, keyID string) (closing, bool) {
	v := d.cfg.Store.Snapshot()
	if i := v.InstanceByID(id); i == nil || i.Status == ecs.InstanceInactive {
		return deregistered, true
	}
	if key := v.AccessKey(keyID); key != nil && key.RevokedAt != 0 {
		return keyRevoked, true
	}
	return closing{}, false
}

// disconnect records the end of a session; when the server itself stops, its next start does it for all.
func (d *Dispatcher) disconnect(ctx context.Context, s *session) {
	ctx, cancel := context.WithTimeout(ctx, farewellTimeout)
	defer cancel()
	err := d.cfg.Store.Do(ctx, func(tx *state.Tx) error { return command.DisconnectAgent(tx, s.token()) })
	if err != nil {
		s.log.Error("end of an agent session could not be recorded", "error", err)
	}
}

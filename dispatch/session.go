package dispatch

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"berth/api/acs"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

// session is one open ACS websocket. Its loop owns everything below the channels.
type session struct {
	socket
	d     *Dispatcher
	link  *link
	log   *slog.Logger
	keyID string
	// heartbeats is true for an agent that acknowledges heartbeats (protocol 2).
	heartbeats bool

	inbox  *inbox
	frames chan acs.Message // from the reader, which closes it
	probes chan chan struct{}
	done   chan struct{} // closed when the loop has ended

	instance *ecs.Instance // as it was at the start: identity only
	sequence command.Sequence
	nextSeq  int64

	outbox   *outbox
	leases   *leases
	manifest manifest

	heartbeat  time.Time // when the next one is due
	asked      time.Time // when the oldest heartbeat was sent that nothing has followed; zero when the agent has spoken since
	beats      int
	unanswered map[string]chan struct{} // probes by the id of their heartbeat
}

func (d *Dispatcher) newSession(conn *websocket.Conn, l *link, a admission) *session {
	return &session{
		socket: newSocket(conn, maxControlFrame), d: d, link: l, keyID: a.keyID,
		log:        d.log.With("instance", string(a.instance.ID), "cluster", a.instance.Cluster, "remote", a.remote, "agent_version", a.query.AgentVersion),
		heartbeats: a.query.ProtocolVersion >= acs.ProtocolVersion,
		inbox:      newInbox(), frames: make(chan acs.Message), probes: make(chan chan struct{}), done: make(chan struct{}),
		instance: a.instance, outbox: newOutbox(), leases: newLeases(l.credentials),
		unanswered: map[string]chan struct{}{},
	}
}

// begin starts the session's books: a full comparison first, increments after.
func (s *session) begin(seq command.Sequence, sendCredentials bool) {
	s.sequence, s.nextSeq = seq, seq.First
	now := s.d.clock.Now()
	s.heartbeat = now.Add(s.d.cfg.HeartbeatInterval)
	s.manifest.due = now.Add(manifestPatience)
	if sendCredentials {
		s.link.credentials.clear()
	}
	s.inbox.addAll()
	s.absorb()
}

// read feeds the loop until the socket ends. It is the session's second goroutine.
func (s *session) read(ctx context.Context) {
	defer close(s.frames)
	for {
		_, frame, err := s.conn.Read(ctx)
		if err != nil {
			s.log.Debug("agent session ended", "cause", err)
			return
		}
		m, err := acs.Decode(frame)
		if err != nil {
			s.log.Warn("agent sent a frame that cannot be read", "error", err)
			s.end(closing{websocket.StatusPolicyViolation, "a frame could not be read"})
			continue
		}
		select {
		case s.frames <- m:
		case <-ctx.Done():
			return
		}
	}
}

// loop serves the session until it ends; the error says how to close the socket.
func (s *session) loop(ctx context.Context) error {
	timer := s.d.clock.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wake, err := s.step(ctx)
		if err != nil {
			return err
		}
		timer.Reset(wake.Sub(s.d.clock.Now()))
		if err := s.wait(ctx, timer); err != nil {
			return err
		}
	}
}

// wait takes in one event. Orders to end go before everything else: a busy agent must not outrun its deregistration.
func (s *session) wait(ctx context.Context, timer Timer) error {
	select {
	case c := <-s.ended:
		return errEnded{c}
	default:
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case c := <-s.ended:
		return errEnded{c}
	case <-s.inbox.signal:
		s.absorb()
	case m, ok := <-s.frames:
		if !ok {
			return errGone
		}
		return s.receive(ctx, m)
	case answer := <-s.probes:
		return s.probe(ctx, answer)
	case <-timer.C():
	}
	return nil
}

// step sends whatever is due and returns when it wants to be called again at the latest.
func (s *session) step(ctx context.Context) (wake time.Time, err error) {
	now := s.d.clock.Now()
	for _, lost := range s.outbox.repeat(now) {
		s.log.Warn("agent does not acknowledge a task; it is sent again with the next session", "task", string(lost))
	}
	if err := s.sendPayloads(ctx, now); err != nil {
		return wake, err
	}
	if err := s.sendCredentials(ctx, now); err != nil {
		return wake, err
	}
	if err := s.sendManifest(ctx, now); err != nil {
		return wake, err
	}
	if err := s.keepAlive(ctx, now); err != nil {
		return wake, err
	}
	return earliest(s.heartbeat, s.outbox.due(), s.leases.first, s.manifest.due), nil
}

// earliest ignores zero times; the first is never zero.
func earliest(first time.Time, others ...time.Time) time.Time {
	for _, t := range others {
		if !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// absorb looks at the tasks that changed.
func (s *session) absorb() {
	tasks, all := s.inbox.take()
	v, now := s.d.cfg.Store.Snapshot(), s.d.clock.Now()
	if all {
		s.compare(v, now)
		return
	}
	for _, id := range tasks {
		s.consider(v, v.Task(s.instance.Cluster, id), id, now)
	}
}

// compare looks at every task of the instance, and at those the session still has although the instance no longer does.
func (s *session) compare(v *state.Snapshot, now time.Time) {
	present := map[ecs.TaskID]bool{}
	v.ScanTasksOfInstance(s.instance, "", func(t *ecs.Task) bool {
		if t.LastStatus != ecs.StatusStopped {
			present[t.ID] = true
			s.consider(v, t, t.ID, now)
		}
		return true
	})
	for id := range s.outbox.wishes {
		if !present[id] {
			s.outbox.forget(id)
		}
	}
	for _, r := range s.leases.byID {
		if !present[r.task.ID] {
			s.leases.release(r.task)
		}
	}
}

// consider compares what one task needs with what was sent. t is nil when there is no such task any more.
func (s *session) consider(v *state.Snapshot, t *ecs.Task, id ecs.TaskID, now time.Time) {
	if t == nil || t.LastStatus == ecs.StatusStopped || t.Instance != s.instance.ID {
		s.outbox.forget(id)
		if t != nil {
			s.leases.release(t)
		}
		return
	}
	switch {
	case t.DesiredStatus == ecs.StatusStopped:
		s.outbox.want(id, true)
	case t.LastStatus == ecs.StatusPending:
		s.outbox.want(id, false)
		if agentKnows(t) {
			s.outbox.reported(id)
		}
	default:
		s.outbox.forget(id)
	}
	// A task that is about to be sent brings its credentials along.
	if s.d.cfg.Credentials != nil && !s.outbox.waiting(id) {
		s.leases.hold(t, v.TaskDefinition(t.Family, t.Revision), now)
	}
}

// receive takes in one message of the agent.
func (s *session) receive(ctx context.Context, m acs.Message) error {
	s.asked = time.Time{}
	switch m := m.(type) {
	case *acs.AckRequest:
		s.acknowledged(m.MessageID)
	case *acs.HeartbeatAckRequest:
		if answer := s.unanswered[m.MessageID]; answer != nil {
			delete(s.unanswered, m.MessageID)
			close(answer)
		}
	case *acs.IAMRoleCredentialsAckRequest:
		s.leases.confirmed(m.CredentialsID)
	case *acs.TaskStopVerificationMessage:
		return s.verifyStops(ctx, m)
	case *acs.NackRequest:
		s.log.Warn("agent refused a message", "message", m.MessageID, "reason", m.Reason)
	default:
		s.log.Debug("agent sent a message that is not expected", "type", m.MessageType())
	}
	return nil
}

// sequenceNumber takes the next number of the session's block, and a further block when that is used up.
func (s *session) sequenceNumber(ctx context.Context) (int64, error) {
	if s.nextSeq > s.sequence.Last {
		var seq command.Sequence
		ok := false
		err := s.d.cfg.Store.Do(ctx, func(tx *state.Tx) error {
			seq, ok = command.ReserveSequence(tx, s.token())
			return nil
		})
		if err != nil {
			return 0, fmt.Errorf("reserve sequence numbers: %w", err)
		}
		if !ok {
			return 0, errEnded{replaced}
		}
		s.sequence, s.nextSeq = seq, seq.First
	}
	n := s.nextSeq
	s.nextSeq++
	return n, nil
}

func (s *session) token() command.SessionInput {
	return command.SessionInput{Instance: s.instance.ID, Token: s.sequence.Last}
}

// keepAlive sends the heartbeat when it is due and gives up on an agent that has been silent for two of them.
func (s *session) keepAlive(ctx context.Context, now time.Time) error {
	if now.Before(s.heartbeat) {
		return nil
	}
	if s.heartbeats && !s.asked.IsZero() && now.Sub(s.asked) >= 2*s.d.cfg.HeartbeatInterval {
		s.log.Warn("agent does not answer heartbeats; its session is closed", "silent_for", now.Sub(s.asked).String())
		return errEnded{closing{websocket.StatusPolicyViolation, "heartbeats were not acknowledged"}}
	}
	s.heartbeat = now.Add(s.d.cfg.HeartbeatInterval)
	if s.link.conflictOver(now) {
		s.d.showConflict(ctx, s.instance.ID, "")
	}
	_, err := s.beat(ctx)
	return err
}

func (s *session) beat(ctx context.Context) (id string, err error) {
	s.beats++
	if s.asked.IsZero() {
		s.asked = s.d.clock.Now()
	}
	id = "hb-" + strconv.Itoa(s.beats)
	return id, s.write(ctx, &acs.HeartbeatMessage{MessageID: id, Healthy: true})
}

// probe asks the agent for a sign of life and closes answer when it comes.
func (s *session) probe(ctx context.Context, answer chan struct{}) error {
	id, err := s.beat(ctx)
	s.unanswered[id] = answer
	return err
}

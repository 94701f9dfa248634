package store

import (
	"errors"
	"fmt"
	"runtime/debug"

	"berth/ecs"
	"berth/state"
)

// group is a run of commands that become durable and visible together.
type group struct {
	requests []*request
	changes  []state.Change
	parts    []part
	bytes    int
	first    uint64          // revision of the first part
	snapshot *state.Snapshot // after the last command; nil when nothing changed
}

// part is what goes into one [Entry]: the changes up to an index, whole commands.
type part struct {
	end, writes, bytes int
}

// decide runs commands until the store is done. It is the only writer of s.view.
func (s *Store) decide() {
	ended := false
	g := &group{}
	defer func() {
		if !ended { // a command left the goroutine with runtime.Goexit: the view holds half of it
			s.fail(errors.New("a command ended the deciding goroutine"))
			g.answer(s.err)
		}
		close(s.groups)
		s.refuseWaiting()
	}()
	for {
		next := s.requests
		if s.full(g) {
			next = nil
		}
		select {
		case r := <-next: // gather what waits before anything is handed over
			s.run(g, r)
			continue
		default:
		}
		idle := s.idle
		if len(g.requests) == 0 {
			idle = nil
		}
		select {
		case r := <-next:
			s.run(g, r)
		case <-idle:
			s.hand(g)
			g = &group{}
		case <-s.done:
			if len(g.requests) > 0 {
				<-s.idle
				s.hand(g)
			}
			ended = true
			return
		}
	}
}

func (s *Store) full(g *group) bool {
	return len(g.requests) >= s.cfg.GroupCommands || g.bytes >= s.cfg.GroupBytes
}

// hand gives a group to the committer, which is idle.
func (s *Store) hand(g *group) {
	if len(g.parts) > 0 {
		g.changes = s.tx.Take()
		g.first = s.revision + 1
		s.revision += uint64(len(g.parts))
		g.snapshot = s.view.Freeze(s.revision)
	}
	s.groups <- g
}

// refuseWaiting answers what is queued when the decider ends. A command queued later sees that the store stopped.
func (s *Store) refuseWaiting() {
	for {
		select {
		case r := <-s.requests:
			if r.taken.CompareAndSwap(false, true) {
				r.done <- s.err
			}
		default:
			return
		}
	}
}

// run decides one command and adds it to the group, the failed ones too: their errors may tell of what is not durable yet.
func (s *Store) run(g *group, r *request) {
	if !r.taken.CompareAndSwap(false, true) {
		return
	}
	if err := r.ctx.Err(); err != nil {
		r.done <- err
		return
	}
	s.tx.Next(ecs.TimeOf(s.cfg.Clock()))
	r.err = s.call(r.fn)
	if r.err == nil {
		r.err = s.admit(g, s.tx.Changes())
	}
	if r.err != nil {
		s.tx.Rollback()
	}
	g.requests = append(g.requests, r)
}

func (s *Store) call(fn func(*state.Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrPanic, p)
			s.cfg.Logger.Error("a command panicked", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	return fn(s.tx)
}

// admit counts a command's changes into the last part, or into a new one when that would outgrow the engine's limits.
func (s *Store) admit(g *group, changes []state.Change) error {
	if len(changes) == 0 {
		return nil
	}
	writes, bytes, limits := len(changes), 0, s.cfg.Engine.Limits()
	for i := range changes {
		bytes += changes[i].Size()
	}
	if !limits.hold(writes, bytes) {
		return fmt.Errorf("%w: %d records, %d bytes", ErrTooLarge, writes, bytes)
	}
	if n := len(g.parts); n == 0 || !limits.hold(g.parts[n-1].writes+writes, g.parts[n-1].bytes+bytes) {
		start := 0
		if n > 0 {
			start = g.parts[n-1].end
		}
		g.parts = append(g.parts, part{end: start})
	}
	p := &g.parts[len(g.parts)-1]
	p.end += writes
	p.writes += writes
	p.bytes += bytes
	g.bytes += bytes
	return nil
}

func (l Limits) hold(writes, bytes int) bool {
	return (l.Writes == 0 || writes <= l.Writes) && (l.Bytes == 0 || bytes <= l.Bytes)
}

// answer tells every caller of the group its outcome, or the one error that befell them all.
func (g *group) answer(failure error) {
	for _, r := range g.requests {
		err := r.err
		if failure != nil {
			err = failure
		}
		r.done <- err
	}
}

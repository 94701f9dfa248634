package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"berth/state"
)

// Store is the state of the control plane, durable and watched. Its methods may be called from any goroutine, except from
// inside a command.
type Store struct {
	cfg  Config
	feed feed

	requests chan *request
	groups   chan *group   // decider to committer, at most one waits; closed by the decider
	idle     chan struct{} // holds a token while the committer waits for a group
	leading  chan struct{} // closed when commands are accepted
	done     chan struct{} // closed by finish
	stopped  chan struct{} // closed when every goroutine but the pumps of watchers has ended

	// Of the decider, and of the goroutine that loads and follows before it.
	view     *state.View
	tx       *state.Tx
	revision uint64
	lead     Lead

	wg         sync.WaitGroup
	finishOnce sync.Once
	err        error // why done is closed; written before that
	closeOnce  sync.Once
	closeErr   error
}

// Open waits for the lead, loads everything and starts to serve. ctx bounds the wait and the load only.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s := newStore(cfg)
	lead, err := cfg.Engine.Lead(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("take the lead: %w", err), cfg.Engine.Close())
	}
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("load the state: %w", err), cfg.Engine.Close())
	}
	s.serve(lead)
	s.stopWhenDone()
	return s, nil
}

func newStore(cfg Config) *Store {
	s := &Store{
		cfg:      cfg.withDefaults(),
		requests: make(chan *request, 256),
		groups:   make(chan *group, 1),
		idle:     make(chan struct{}, 1),
		leading:  make(chan struct{}),
		done:     make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	s.feed.init(s.cfg.WatchLag)
	return s
}

// serve starts the commit loop on the loaded view.
func (s *Store) serve(lead Lead) {
	s.lead = lead
	if s.cfg.Attach != nil {
		s.cfg.Attach(s.view)
	}
	s.tx = s.view.Begin(0, s.cfg.NewID)
	s.wg.Go(s.decide)
	s.wg.Go(s.commit)
	s.wg.Go(s.guardLead)
	close(s.leading)
}

func (s *Store) stopWhenDone() {
	go func() {
		s.wg.Wait()
		s.feed.end(s.err)
		close(s.stopped)
	}()
}

// guardLead ends the store as soon as the lead is known to be lost, not only with the next commit.
func (s *Store) guardLead() {
	select {
	case <-s.lead.Lost():
		s.fail(s.lead.Err())
	case <-s.done:
	}
}

// Snapshot returns the state as last published: durable, immutable, shared.
func (s *Store) Snapshot() *state.Snapshot { return s.feed.snapshot.Load() }

// Done is closed when the store stops serving: because the engine failed, the lead was lost, or Close was called.
func (s *Store) Done() <-chan struct{} { return s.done }

// Leading is closed once this store decides; at once for a store made with [Open].
func (s *Store) Leading() <-chan struct{} { return s.leading }

// Err says why Done is closed: [ErrClosed] or an error that is [ErrFailed]. It is nil before.
func (s *Store) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Close lets the commands that were begun finish, refuses those that wait, gives the lead up and closes the engine.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.finish(ErrClosed)
		<-s.stopped
		if s.lead != nil {
			s.closeErr = s.lead.Resign()
		}
		s.closeErr = errors.Join(s.closeErr, s.cfg.Engine.Close())
	})
	return s.closeErr
}

// fail stops the store because of its engine.
func (s *Store) fail(cause error) {
	s.finish(fmt.Errorf("%w: %w", ErrFailed, cause))
}

func (s *Store) finish(err error) {
	s.finishOnce.Do(func() {
		s.err = err
		close(s.done)
		if !errors.Is(err, ErrClosed) {
			s.cfg.Logger.Error("store stopped", "error", err)
		}
	})
}

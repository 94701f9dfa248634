package store

import (
	"context"
	"errors"
	"fmt"

	"berth/state"
)

// Follow opens a store that follows the server that leads and takes over when it can: it serves snapshots and watchers at once,
// answers commands with [ErrNotLeading], and closes Leading when it decides. ctx bounds the first load only.
func Follow(ctx context.Context, cfg Config) (*Store, error) {
	s := newStore(cfg)
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("load the state: %w", err), cfg.Engine.Close())
	}
	s.wg.Go(s.follow)
	s.stopWhenDone()
	return s, nil
}

// follow applies other leaders' entries until this store leads, has everything committed before that, and can decide.
func (s *Store) follow() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // ends with follow
		select {
		case <-s.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	won := make(chan Lead, 1)
	s.wg.Go(func() { s.campaign(ctx, won) })
	lead, err := s.applyUntilLeading(ctx, won)
	if err != nil {
		s.fail(err) // no effect when the store was closed
		return
	}
	s.serve(lead)
}

// campaign waits for the lead. Closing the engine gives up a lead that nobody took because the store ended meanwhile.
func (s *Store) campaign(ctx context.Context, won chan<- Lead) {
	lead, err := s.cfg.Engine.Lead(ctx)
	if err != nil {
		s.fail(fmt.Errorf("take the lead: %w", err))
		return
	}
	won <- lead
}

// applied is an entry decoded on its way from the engine's goroutine to the one that owns the view.
type applied struct {
	revision uint64
	changes  []state.Change
}

func (s *Store) applyUntilLeading(ctx context.Context, won <-chan Lead) (Lead, error) {
	var lead Lead
	for {
		fctx, stop := context.WithCancel(ctx)
		after := s.revision
		entries, failed := make(chan applied, 64), make(chan error, 1)
		s.wg.Go(func() { failed <- s.readLog(fctx, after, entries) })
		err := s.apply(ctx, &lead, won, entries, failed)
		stop()
		if err == nil {
			return lead, nil
		}
		if !errors.Is(err, ErrCompacted) {
			return nil, err
		}
		s.cfg.Logger.Warn("follower fell behind the log and loads again", "revision", s.revision)
		if err := s.load(ctx); err != nil {
			return nil, fmt.Errorf("load the state: %w", err)
		}
	}
}

func (s *Store) readLog(ctx context.Context, after uint64, entries chan<- applied) error {
	return s.cfg.Engine.Follow(ctx, after, func(e Entry) error {
		changes := make([]state.Change, len(e.Writes))
		for i, w := range e.Writes {
			c, err := state.Decode(w.Key, w.Value)
			if err != nil {
				return err
			}
			changes[i] = c
		}
		select {
		case entries <- applied{e.Revision, changes}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// apply returns nil once the lead is held and everything before it is applied.
func (s *Store) apply(ctx context.Context, lead *Lead, won <-chan Lead, entries <-chan applied, failed <-chan error) error {
	for *lead == nil || s.revision < (*lead).Revision() {
		select {
		case *lead = <-won:
			s.lead = *lead
		case a := <-entries:
			if a.revision != s.revision+1 {
				return fmt.Errorf("the log jumps from revision %d to %d", s.revision, a.revision)
			}
			s.view.Apply(a.changes)
			s.revision = a.revision
			s.feed.publish(s.view.Freeze(a.revision), a.changes)
		case err := <-failed:
			return fmt.Errorf("follow the log: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

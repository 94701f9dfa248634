package memory

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"berth/store"
)

// ErrInjected is the error of a commit that a [Fault] hook failed.
var ErrInjected = errors.New("injected failure")

var errClosed = errors.New("the engine is closed")

// Engine is a [store.Engine] on a Backing.
type Engine struct {
	backing *Backing
	closed  chan struct{}
	once    sync.Once
	mine    *lead // guarded by backing.mu
}

// New returns an engine on a Backing of its own.
func New() *Engine { return NewBacking().Engine() }

// Engine returns another engine on the Backing: what one more server, or the same after a restart, would open.
func (b *Backing) Engine() *Engine { return &Engine{backing: b, closed: make(chan struct{})} }

// Lead implements [store.Engine].
func (e *Engine) Lead(ctx context.Context) (store.Lead, error) {
	b := e.backing
	for {
		b.mu.Lock()
		if b.holder == nil {
			l := &lead{engine: e, revision: b.revision, lost: make(chan struct{})}
			b.holder, e.mine = l, l
			b.mu.Unlock()
			return l, nil
		}
		changed := b.changed
		b.mu.Unlock()
		if err := e.wait(ctx, changed); err != nil {
			return nil, err
		}
	}
}

func (e *Engine) wait(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-e.closed:
		return errClosed
	}
}

// Load implements [store.Engine].
func (e *Engine) Load(ctx context.Context, fn func(key, value []byte) error) (uint64, error) {
	b := e.backing
	b.mu.Lock()
	data, revision := b.data.Copy(), b.revision
	b.mu.Unlock()
	var err error
	data.Scan(func(key string, value []byte) bool {
		if err = ctx.Err(); err == nil {
			err = fn([]byte(key), value)
		}
		return err == nil
	})
	return revision, err
}

// Follow implements [store.Engine].
func (e *Engine) Follow(ctx context.Context, after uint64, fn func(store.Entry) error) error {
	b := e.backing
	for {
		b.mu.Lock()
		entries, ok := b.since(after)
		changed := b.changed
		b.mu.Unlock()
		if !ok {
			return fmt.Errorf("revision %d: %w", after, store.ErrCompacted)
		}
		for _, entry := range entries {
			if err := fn(entry); err != nil {
				return err
			}
			after = entry.Revision
		}
		if len(entries) > 0 {
			continue
		}
		if err := e.wait(ctx, changed); err != nil {
			return err
		}
	}
}

// Limits implements [store.Engine].
func (e *Engine) Limits() store.Limits { return e.backing.Limits }

// Close implements [store.Engine]. The Backing stays.
func (e *Engine) Close() error {
	e.once.Do(func() {
		close(e.closed)
		e.backing.mu.Lock()
		defer e.backing.mu.Unlock()
		e.backing.release(e.mine)
	})
	return nil
}

type lead struct {
	engine   *Engine
	revision uint64
	lost     chan struct{}
	once     sync.Once
}

func (l *lead) lose() { l.once.Do(func() { close(l.lost) }) }

func (l *lead) Revision() uint64      { return l.revision }
func (l *lead) Lost() <-chan struct{} { return l.lost }
func (l *lead) Err() error            { return store.ErrLeadLost }

func (l *lead) Commit(_ context.Context, e store.Entry) error {
	b := l.engine.backing
	b.mu.Lock()
	fault := b.fault
	b.mu.Unlock()
	outcome := Durable
	if fault != nil {
		outcome = fault(e)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.holder != l:
		return store.ErrLeadLost
	case outcome == FailBefore:
		return ErrInjected
	case e.Revision != b.revision+1:
		return fmt.Errorf("entry %d after revision %d", e.Revision, b.revision)
	}
	b.apply(e)
	if outcome == FailAfter {
		return ErrInjected
	}
	return nil
}

func (l *lead) Resign() error {
	b := l.engine.backing
	b.mu.Lock()
	defer b.mu.Unlock()
	b.release(l)
	return nil
}

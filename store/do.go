package store

import (
	"context"
	"sync"
	"sync/atomic"

	"berth/state"
)

// request is one waiting command. The caller owns it until it is queued and after done has its answer.
type request struct {
	ctx   context.Context
	fn    func(*state.Tx) error
	err   error
	taken atomic.Bool // set by whoever decides its fate: the decider that runs it, or the caller that gives up
	done  chan error  // room for one answer
}

var requests = sync.Pool{New: func() any { return &request{done: make(chan error, 1)} }}

// Do runs a command on the tip of the state and returns once it is durable and visible in [Store.Snapshot].
//
// When fn returns an error, nothing of the command remains and Do returns that error unchanged. A command without changes is
// answered as soon as everything it may have read is durable; it is not fenced, so a leader that was deposed and does not know it
// yet still answers it from what was true while it led. A panic in fn becomes an error that is [ErrPanic].
//
// fn runs on the one deciding goroutine: it must not block, must not call the store, and must not keep tx.
//
// ctx ends the wait for the command's turn: Do then returns ctx's error and the command did not happen. A command that has begun
// is waited for, so that its outcome is always known.
func (s *Store) Do(ctx context.Context, fn func(tx *state.Tx) error) error {
	select {
	case <-s.done:
		return s.err
	case <-s.leading:
	default:
		return ErrNotLeading
	}
	r := requests.Get().(*request)
	r.ctx, r.fn = ctx, fn
	r.taken.Store(false)
	select {
	case s.requests <- r:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return s.err
	}
	return s.await(ctx, r)
}

func (s *Store) await(ctx context.Context, r *request) error {
	select {
	case err := <-r.done:
		return r.recycle(err)
	case <-ctx.Done():
		if r.taken.CompareAndSwap(false, true) {
			return ctx.Err() // the queue still holds r: it is left to the garbage collector
		}
	case <-s.stopped:
	}
	select {
	case err := <-r.done:
		return r.recycle(err)
	case <-s.stopped:
	}
	select {
	case err := <-r.done: // answered before the loop ended
		return r.recycle(err)
	default:
		return s.err // queued behind the end of the loop
	}
}

func (r *request) recycle(err error) error {
	r.ctx, r.fn, r.err = nil, nil, nil
	requests.Put(r)
	return err
}

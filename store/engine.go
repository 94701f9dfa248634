package store

import "context"

// Write is one key put or, with an empty value, deleted. Both slices are valid until the call they are given to returns.
type Write struct {
	Key   []byte
	Value []byte
}

// Entry is one atomic commit: whole commands, each key at most once.
type Entry struct {
	// Revision is one more than that of the entry before; the first is 1.
	Revision uint64
	Writes   []Write
}

// Limits bound one Entry; zero means no bound. The store puts a command that does not fit the entry being filled into the next,
// and refuses one that fits none with [ErrTooLarge].
type Limits struct {
	Writes int
	// Bytes of keys and values; the store counts with an upper bound of the stored size.
	Bytes int
}

// Engine keeps keys and values durably and arbitrates who may change them. One Engine serves one Store; Lead, Load and Follow
// may run at the same time.
//
// Package storetest is its contract in executable form.
type Engine interface {
	// Lead waits until this server leads, or ctx ends. It is called at most once.
	Lead(ctx context.Context) (Lead, error)
	// Load calls fn with every key, preferably in key order, as of one revision, which it returns; 0 means that nothing was ever
	// committed. It stops at fn's first error. The slices are valid during the call of fn.
	Load(ctx context.Context, fn func(key, value []byte) error) (revision uint64, err error)
	// Follow calls fn with every entry after a revision, in order, as they become durable, until ctx ends (its error is then
	// ctx's) or fn fails. It returns [ErrCompacted] when it cannot start there any more.
	Follow(ctx context.Context, after uint64, fn func(Entry) error) error
	// Limits of one Entry; constant.
	Limits() Limits
	// Close releases everything, the lead too.
	Close() error
}

// Lead is the right to commit. Every commit is fenced by it: once another server leads, none succeeds.
type Lead interface {
	// Revision is that of the last entry before this lead began. No entry of another leader can follow it.
	Revision() uint64
	// Commit makes an entry durable before it returns. It returns in bounded time, and an error leaves open whether the entry
	// landed, except [ErrLeadLost], which says that it did not. Not called concurrently, nor after an error.
	Commit(ctx context.Context, e Entry) error
	// Lost is closed when no commit can succeed any more: the lead is lost, or the engine failed.
	Lost() <-chan struct{}
	// Err says why Lost is closed: [ErrLeadLost] or the engine's failure.
	Err() error
	// Resign gives the lead up at once, so that another server need not wait for it to run out.
	Resign() error
}

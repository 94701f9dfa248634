package store

import "errors"

// The errors of a store and of its engines; test for them with [errors.Is].
var (
	// ErrFailed means that the engine did not confirm a commit. Whether the command that got it took place is unknown until the
	// store is opened anew; commands that came after it did not.
	ErrFailed = errors.New("the store failed and stopped serving")
	// ErrClosed means that the store was closed before the command began.
	ErrClosed = errors.New("the store is closed")
	// ErrNotLeading means that this store follows another server; nothing happened.
	ErrNotLeading = errors.New("this server does not lead")
	// ErrLeadLost is an engine's refusal of a commit by a deposed leader; nothing of that commit landed.
	ErrLeadLost = errors.New("this server lost the lead")
	// ErrTooLarge means that one command changed more than the engine can commit at once; nothing of it remains.
	ErrTooLarge = errors.New("the command changes too much at once")
	// ErrPanic wraps the value a command panicked with; nothing of the command remains.
	ErrPanic = errors.New("the command panicked")
	// ErrCompacted is an engine's answer to [Engine.Follow] from a revision it no longer has; the follower loads again.
	ErrCompacted = errors.New("the log no longer holds that revision")
	// ErrSlow ends a [Watcher] that fell too far behind, or whose store had to load again; watch anew.
	ErrSlow = errors.New("the watcher fell too far behind")
)

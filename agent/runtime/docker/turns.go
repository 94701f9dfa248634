package docker

import (
	"context"
	"runtime"
)

// turns bounds how many calls of a kind are under way. An engine that is asked for hundreds of starts at once gets slower with each,
// and Docker 20.10 can lock itself up for good between containers that join and leave a network; a few at a time finish sooner.
// Waiting for a turn does not count against the call's own timeout.
type turns chan struct{}

// The numbers keep a small machine busy: a start is mostly waiting for the kernel and the shim.
var (
	parallelStarts   = max(4, runtime.NumCPU())
	parallelRemovals = 2
)

func newTurns(n int) turns { return make(turns, n) }

// take waits for a turn; done gives it back. It errs only with ctx's error.
func (t turns) take(ctx context.Context) (done func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

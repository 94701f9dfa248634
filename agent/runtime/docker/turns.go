package docker

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// turns bounds how many calls are under way. An engine that is asked for hundreds of starts at once gets slower with each, and
// Docker 20.10 can lock itself up for good between containers that join and leave a network; a few at a time finish sooner.
// Waiting for a turn does not count against the call's own timeout.
//
// Calls that finish something go before calls that begin something: a container that was created is started before the next one is
// created, so that of many tasks the first runs at once and not after the last was created.
type turns struct {
	mu sync.Mutex
	// free is the number of turns nobody has; waiting are closed, one each, as turns come back. All guarded by mu.
	free    int
	waiting [2][]chan struct{}
}

// The order in which waiting calls get their turn.
type urgency int

const (
	finishing urgency = iota
	beginning
)

// parallelCalls keeps a small machine busy: a start is mostly waiting for the kernel and the shim. parallelRemovals are apart, so
// that cleaning up never holds up a start.
var (
	parallelCalls    = max(4, runtime.NumCPU())
	parallelRemovals = 2
)

func newTurns(n int) *turns { return &turns{free: n} }

// take waits for a turn; done gives it back and must be called once. It errs only with ctx's error.
func (t *turns) take(ctx context.Context, u urgency) (done func(), err error) {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return t.give, nil
	}
	turn := make(chan struct{})
	t.waiting[u] = append(t.waiting[u], turn)
	t.mu.Unlock()
	select {
	case <-turn:
		return t.give, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := slices.Index(t.waiting[u], turn); at >= 0 {
		t.waiting[u] = slices.Delete(t.waiting[u], at, at+1)
		return nil, ctx.Err()
	}
	t.pass() // the turn came at the same moment
	return nil, ctx.Err()
}

func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pass()
}

// pass hands a turn to the next in line. The caller holds mu.
func (t *turns) pass() {
	for u := range t.waiting {
		if q := t.waiting[u]; len(q) > 0 {
			t.waiting[u] = q[1:]
			close(q[0])
			return
		}
	}
	t.free++
}

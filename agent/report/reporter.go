package report

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// ErrRefused is wrapped by a Submit error that repeating cannot mend: the change is dropped.
var ErrRefused = errors.New("the server refuses the report")

// Config sets up a Reporter.
type Config struct {
	// Submit sends one change. An error wrapping ErrRefused drops it, any other repeats it.
	Submit func(context.Context, Change) error
	// Accepted is called, if set, after the server took a change.
	Accepted func(Change)
	// Batch is how long a change of containers alone waits for company; 0 is 250 ms.
	Batch time.Duration
	// Parallel bounds the calls under way at once; 0 is 16.
	Parallel int
	Logger   *slog.Logger
}

// Bounds of the pause after a failed call (agent-protocol.md 3).
const (
	minRetry    = time.Second
	maxRetry    = 30 * time.Second
	retryFactor = 1.3
)

// Reporter sends changes. It holds a goroutine only for tasks with something to send.
type Reporter struct {
	config Config
	slots  chan struct{}
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	queues map[string]*queue // by task ARN; guarded by mu
}

// queue is what one task still has to tell. hurry is signalled when a waiting change must go at once.
type queue struct {
	changes []Change
	hurry   chan struct{}
}

// New makes a Reporter. Close ends it.
func New(config Config) *Reporter {
	if config.Batch == 0 {
		config.Batch = 250 * time.Millisecond
	}
	if config.Parallel == 0 {
		config.Parallel = 16
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Reporter{
		config: config, slots: make(chan struct{}, config.Parallel), ctx: ctx, cancel: cancel, queues: map[string]*queue{},
	}
}

// Close gives up what was not sent yet and waits for calls under way.
func (r *Reporter) Close() {
	r.cancel()
	r.wg.Wait()
}

// Flush waits until everything told so far was taken, or ctx ends.
func (r *Reporter) Flush(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for r.Waiting() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Waiting is the number of tasks with something to send.
func (r *Reporter) Waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queues)
}

// Tell queues a change. It never blocks.
func (r *Reporter) Tell(change Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return
	}
	q, busy := r.queues[change.TaskARN]
	if !busy {
		q = &queue{hurry: make(chan struct{}, 1)}
		r.queues[change.TaskARN] = q
		r.wg.Add(1)
		go r.drain(change.TaskARN, q)
	}
	if n := len(q.changes); n > 0 && mergeable(q.changes[n-1], change) {
		q.changes[n-1] = merge(q.changes[n-1], change)
	} else {
		q.changes = append(q.changes, change)
	}
	if change.Urgent {
		select {
		case q.hurry <- struct{}{}:
		default:
		}
	}
}

// drain sends one task's changes until there are none.
func (r *Reporter) drain(task string, q *queue) {
	defer r.wg.Done()
	for {
		r.gather(q)
		change, more := r.take(task, q)
		if !more || !r.send(change) {
			return
		}
	}
}

// gather waits for company unless something urgent is there.
func (r *Reporter) gather(q *queue) {
	r.mu.Lock()
	urgent := len(q.changes) > 0 && (len(q.changes) > 1 || q.changes[0].Urgent)
	empty := len(q.changes) == 0
	r.mu.Unlock()
	if urgent || empty {
		return
	}
	timer := time.NewTimer(r.config.Batch)
	defer timer.Stop()
	select {
	case <-r.ctx.Done():
	case <-timer.C:
	case <-q.hurry:
	}
}

func (r *Reporter) take(task string, q *queue) (Change, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(q.changes) == 0 || r.ctx.Err() != nil {
		delete(r.queues, task)
		return Change{}, false
	}
	change := q.changes[0]
	q.changes = q.changes[1:]
	select {
	case <-q.hurry:
	default:
	}
	return change, true
}

// send repeats until the change is taken or dropped; false means the Reporter is closed.
func (r *Reporter) send(change Change) bool {
	pause := minRetry
	for {
		err := r.attempt(change)
		switch {
		case err == nil:
			if r.config.Accepted != nil {
				r.config.Accepted(change)
			}
			return true
		case r.ctx.Err() != nil:
			return false
		case errors.Is(err, ErrRefused):
			r.config.Logger.Error("server refuses a task report, dropped", "task", change.TaskARN, "status", change.Status, "error", err)
			if r.config.Accepted != nil {
				r.config.Accepted(change)
			}
			return true
		}
		r.config.Logger.Warn("task report not taken, will repeat", "task", change.TaskARN, "status", change.Status, "error", err)
		select {
		case <-r.ctx.Done():
			return false
		case <-time.After(jitter(pause)):
		}
		pause = min(time.Duration(float64(pause)*retryFactor), maxRetry)
	}
}

func (r *Reporter) attempt(change Change) error {
	select {
	case <-r.ctx.Done():
		return r.ctx.Err()
	case r.slots <- struct{}{}:
	}
	defer func() { <-r.slots }()
	return r.config.Submit(r.ctx, change)
}

// jitter spreads a pause by a fifth.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"berth/command"
	"berth/ecs"
	"berth/state"
	"berth/store"
)

// watcher is the part of a store.Watcher that Run needs.
type watcher interface {
	Next(ctx context.Context) (store.Batch, error)
	Close()
}

// Dispatcher is the server's end of all agent sessions. Its handlers serve once Run has begun.
type Dispatcher struct {
	cfg     Config
	clock   Clock
	log     *slog.Logger
	watch   func() watcher
	samples *samples
	// ready is closed once Run serves.
	ready chan struct{}

	mu    sync.RWMutex // guards the rest
	links map[ecs.InstanceID]*link
	// ctx lives as long as Run serves; nil when it does not.
	ctx      context.Context
	sessions sync.WaitGroup // of the handlers; grows under mu only
}

// New makes a dispatcher. It errs when something required is missing.
func New(cfg Config) (*Dispatcher, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Dispatcher{
		cfg: cfg, clock: cfg.Clock, log: cfg.Logger,
		watch:   func() watcher { return cfg.Store.Watch() },
		samples: newSamples(), ready: make(chan struct{}),
		links: map[ecs.InstanceID]*link{},
	}, nil
}

// disconnectAtOnce is about how many records one command changes to end sessions when the server starts: small enough for any
// engine's commit.
const disconnectAtOnce = 512

// Run serves until ctx ends or the store stops; then it closes every session and waits for them. Sessions that the books still
// show from an earlier run are ended first. Its error is ctx's or the store's.
func (d *Dispatcher) Run(ctx context.Context) error {
	if err := d.disconnectAll(ctx); err != nil {
		return fmt.Errorf("end the sessions of the last run: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := d.watch()
	defer func() { w.Close() }()
	d.open(ctx)
	defer d.shut(cancel)
	for {
		batch, err := w.Next(ctx)
		switch {
		case err == nil:
			d.route(batch.Changes)
		case errors.Is(err, store.ErrSlow):
			d.log.Warn("dispatch fell behind the store and starts over from a new snapshot")
			w.Close()
			w = d.watch()
			d.resync()
		default:
			return err
		}
	}
}

func (d *Dispatcher) disconnectAll(ctx context.Context) error {
	for {
		n := 0
		err := d.cfg.Store.Do(ctx, func(tx *state.Tx) (err error) {
			n, err = command.DisconnectAll(tx, command.DisconnectAllInput{Max: disconnectAtOnce})
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

func (d *Dispatcher) open(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ctx = ctx
	close(d.ready)
}

// Ready is closed once Run has ended, in the books, the sessions of an earlier run: from then on agentConnected is true only of
// agents that are. Before that nothing should be served.
func (d *Dispatcher) Ready() <-chan struct{} { return d.ready }

// shut ends every session and waits for it.
func (d *Dispatcher) shut(cancel context.CancelFunc) {
	d.mu.Lock()
	d.ctx = nil
	d.mu.Unlock()
	cancel()
	d.sessions.Wait()
}

// enter lets a handler in while Run serves; the handler must call leave. ctx ends with Run.
func (d *Dispatcher) enter() (ctx context.Context, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.ctx == nil {
		return nil, false
	}
	d.sessions.Add(1)
	return d.ctx, true
}

func (d *Dispatcher) leave() { d.sessions.Done() }

// LastMetrics returns the last use a task's agent reported while the task runs.
func (d *Dispatcher) LastMetrics(id ecs.TaskID) (Sample, bool) { return d.samples.get(id) }

// Sessions is the number of instances with an open ACS session.
func (d *Dispatcher) Sessions() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	n := 0
	for _, l := range d.links {
		if l.session() != nil {
			n++
		}
	}
	return n
}

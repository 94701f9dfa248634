package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"berth/command"
	"berth/ecs"
	"berth/reconcile"
	"berth/state"
	"berth/store"
)

// Provisioning places the tasks that wait in PROVISIONING as soon as there is room, and gives up those that waited too long.
type Provisioning struct {
	Store WatchStore
	Clock func() time.Time
	// Timeout is how long a task may wait.
	Timeout time.Duration
	Logger  *slog.Logger
}

const (
	// provisioningGap is the least time between two looks: a burst of changes is looked at together, its first one at once.
	provisioningGap = 20 * time.Millisecond
	// provisioningPeriod is how often Provisioning looks when nothing happens, and how soon again after a failure.
	provisioningPeriod = time.Minute
	// waitingBatch is how many tasks one command places or gives up, so that it never holds up other commands.
	waitingBatch = 100
)

// Step carries out one plan and returns when to look again: at once when a batch was full.
func (p *Provisioning) Step(ctx context.Context, now time.Time) (time.Time, error) {
	next := now.Add(provisioningPeriod)
	view := p.Store.Snapshot()
	if view.Waiting() == 0 {
		return next, nil
	}
	plan := reconcile.PlanProvisioning(view, ecs.TimeOf(now), p.Timeout)
	for _, q := range plan.Place {
		in := command.PlaceWaitingInput{Cluster: q.Cluster, Provider: q.Provider, Max: waitingBatch}
		placed := 0
		err := p.Store.Do(ctx, func(tx *state.Tx) error {
			var err error
			placed, err = command.PlaceWaiting(tx, in)
			return err
		})
		if err != nil {
			return next, fmt.Errorf("place tasks that wait for %s: %w", q.Provider, err)
		}
		if placed == waitingBatch {
			next = now
		}
	}
	for tasks := range slices.Chunk(plan.GiveUp, waitingBatch) {
		in := make([]command.WaitedTask, 0, len(tasks))
		for _, t := range tasks {
			in = append(in, command.WaitedTask(t))
		}
		if err := p.Store.Do(ctx, func(tx *state.Tx) error { return command.GiveUpWaiting(tx, in) }); err != nil {
			return next, fmt.Errorf("give up %d tasks: %w", len(in), err)
		}
	}
	if wake := plan.Wake.Std(); plan.Wake != 0 && wake.Before(next) {
		next = wake
	}
	return next, nil
}

// Run steps at once when something changed that may make room, else when a task's time is over, until ctx ends or the store stops.
func (p *Provisioning) Run(ctx context.Context) {
	watcher := p.Store.Watch()
	defer func() { watcher.Close() }()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case batch, ok := <-watcher.C():
			if !ok && !errors.Is(watcher.Err(), store.ErrSlow) {
				return
			}
			if !ok {
				watcher.Close()
				watcher = p.Store.Watch()
			}
			if !ok || p.Store.Snapshot().Waiting() > 0 && makesRoom(batch.Changes) {
				timer.Reset(max(0, provisioningGap-time.Since(last)))
			}
		case <-timer.C:
			last = time.Now()
			timer.Reset(p.step(ctx))
		}
	}
}

// step is Step in a loop: it returns how long to wait.
func (p *Provisioning) step(ctx context.Context) time.Duration {
	now := p.Clock()
	next, err := p.Step(ctx, now)
	if err != nil && ctx.Err() == nil {
		p.Logger.Warn("waiting tasks could not be placed, will repeat", "error", err)
	}
	return max(provisioningGap, next.Sub(now))
}

// makesRoom reports whether a change can give a waiting task a place, or brings a task whose time must be kept.
func makesRoom(changes []state.Change) bool {
	for k := range changes {
		c := &changes[k]
		if c.Table == state.Instances {
			return true
		}
		if before, after, ok := c.TaskChange(); ok && moves(before, after) {
			return true
		}
	}
	return false
}

// moves reports whether a task gave back what it took, or changed what memberOf expressions see of it: some wait for a task of another
// group to come. A task that begins to wait counts too.
func moves(before, after *ecs.Task) bool {
	return before == nil || after == nil || before.Active() != after.Active() || before.LastStatus != after.LastStatus
}

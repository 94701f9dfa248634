package controller

import (
	"context"
	"log/slog"
	"time"

	"berth/command"
	"berth/ecs"
	"berth/state"
)

// Store is what controllers need of the store.
type Store interface {
	Snapshot() *state.Snapshot
	Do(ctx context.Context, fn func(tx *state.Tx) error) error
}

// Retention removes what has been over for long enough.
type Retention struct {
	Store Store
	Clock func() time.Time
	// Tasks is how long stopped tasks stay, Instances how long deregistered instances stay.
	Tasks     time.Duration
	Instances time.Duration
	Logger    *slog.Logger
}

// retentionPeriod is how often Retention looks.
const retentionPeriod = time.Minute

// Step removes one batch and returns when to look again: at once when something was left.
func (r *Retention) Step(ctx context.Context, now time.Time) (time.Time, error) {
	in := command.ExpireInput{
		TasksStoppedBefore:      ecs.TimeOf(now.Add(-r.Tasks)),
		InstancesInactiveBefore: ecs.TimeOf(now.Add(-r.Instances)),
	}
	more := false
	err := r.Store.Do(ctx, func(tx *state.Tx) error {
		var err error
		more, err = command.Expire(tx, in)
		return err
	})
	if more {
		return now, err
	}
	return now.Add(retentionPeriod), err
}

// Run steps until ctx ends.
func (r *Retention) Run(ctx context.Context) {
	timer := time.NewTimer(retentionPeriod)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := r.Clock()
		next, err := r.Step(ctx, now)
		if err != nil && ctx.Err() == nil {
			r.Logger.Warn("removing old records failed", "error", err)
			next = now.Add(retentionPeriod)
		}
		timer.Reset(next.Sub(now))
	}
}

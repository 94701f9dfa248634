package controller

import (
	"context"
	"fmt"
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

// Step removes one batch and returns when to look again: at once when something was left, later when removing failed.
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
	if err != nil {
		return now.Add(retentionPeriod), fmt.Errorf("remove old records: %w", err)
	}
	if more {
		return now, nil
	}
	return now.Add(retentionPeriod), nil
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
			r.Logger.Warn("retention failed, will repeat", "error", err)
		}
		timer.Reset(next.Sub(now))
	}
}

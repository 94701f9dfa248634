package controller

import (
	"context"
	"errors"
	"reflect"
	"time"

	"berth/ecs"
	"berth/state"
	"berth/store"
)

// WatchStore is a store whose changes a controller follows.
type WatchStore interface {
	Store
	Watch() *store.Watcher
}

// scalingGap is the least time between two looks: a burst of tasks is looked at together, its first one at once.
const scalingGap = 200 * time.Millisecond

// Run steps at once when something changed that matters, else when the last step said, until ctx ends or the store stops. It returns
// when every call of a hook has ended.
func (s *Scaling) Run(ctx context.Context) {
	defer s.lanes.wait.Wait()
	watcher := s.cfg.Store.Watch()
	defer func() { watcher.Close() }()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var last time.Time
	soon := func() { timer.Reset(max(0, scalingGap-time.Since(last))) }
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.kick:
			soon()
		case batch, ok := <-watcher.C():
			if !ok && !errors.Is(watcher.Err(), store.ErrSlow) {
				return
			}
			if !ok {
				watcher.Close()
				watcher = s.cfg.Store.Watch()
			}
			if !ok || s.concerned(batch.Changes) {
				soon()
			}
		case <-timer.C:
			last = time.Now()
			timer.Reset(max(scalingGap, s.step(ctx)))
		}
	}
}

// step is Step in a loop: it returns how long to wait.
func (s *Scaling) step(ctx context.Context) time.Duration {
	now := s.cfg.Clock()
	wake, err := s.Step(ctx, now)
	if err != nil && ctx.Err() == nil {
		s.cfg.Logger.Warn("managed scaling failed, will repeat", "error", err)
	}
	return wake.Sub(now)
}

// concerned reports whether a change can change a plan before its minute is over.
func (s *Scaling) concerned(changes []state.Change) bool {
	for k := range changes {
		c := &changes[k]
		if before, after, ok := c.TaskChange(); ok && s.concernedTask(before, after) {
			return true
		}
		if before, after, ok := c.InstanceChange(); ok && concernedInstance(before, after) {
			return true
		}
		if c.Table == state.Providers && concernedProvider(c) {
			return true
		}
	}
	return false
}

// concernedTask: one began or ceased to wait, or ended on an instance that is waited for.
func (s *Scaling) concernedTask(before, after *ecs.Task) bool {
	waits := func(t *ecs.Task) bool { return t != nil && t.Waiting != nil }
	if waits(before) != waits(after) {
		return true
	}
	return after != nil && after.LastStatus == ecs.StatusStopped && s.draining[after.Instance]
}

// concernedInstance: one of a group came, went, or changed its state or its agent's.
func concernedInstance(before, after *ecs.Instance) bool {
	if before == nil || after == nil {
		return true
	}
	_, grouped := after.Attribute(ecs.GroupAttribute)
	return grouped && (before.Status != after.Status || before.AgentConnected != after.AgentConnected)
}

// concernedProvider: more changed than what managed scaling wrote itself.
func concernedProvider(c *state.Change) bool {
	before, _ := c.Old.(*ecs.CapacityProvider)
	after, _ := c.New.(*ecs.CapacityProvider)
	if before == nil || after == nil {
		return true
	}
	same := *before
	same.State = after.State
	return !reflect.DeepEqual(&same, after)
}

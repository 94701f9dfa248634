package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"berth/ecs"
	"berth/state"
	"berth/store"
	"berth/store/engines/memory"
)

func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{Engine: memory.New()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// putOld stores tasks that stopped and one instance that was deregistered at a time.
func putOld(t *testing.T, s Store, at time.Time, tasks int) {
	t.Helper()
	err := s.Do(t.Context(), func(tx *state.Tx) error {
		for k := range tasks {
			tx.PutTask(&ecs.Task{
				ID: ecs.TaskID(fmt.Sprintf("%s-%d", at, k)), Cluster: "c", LastStatus: ecs.StatusStopped, DesiredStatus: ecs.StatusStopped,
				StoppedAt: ecs.TimeOf(at),
			})
		}
		tx.PutInstance(&ecs.Instance{ID: ecs.InstanceID(at.String()), Cluster: "c", Status: ecs.InstanceInactive, InactiveAt: ecs.TimeOf(at)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRetentionStep(t *testing.T) {
	s := openStore(t)
	start := time.UnixMilli(1_000_000_000)
	putOld(t, s, start, 1)
	r := &Retention{Store: s, Tasks: 3 * time.Hour, Instances: time.Hour, Logger: slog.New(slog.DiscardHandler)}
	for _, tc := range []struct {
		after            time.Duration
		tasks, instances int
	}{
		{0, 1, 1}, {time.Hour, 1, 1}, {time.Hour + time.Millisecond, 1, 0}, {3 * time.Hour, 1, 0}, {3*time.Hour + time.Millisecond, 0, 0},
	} {
		now := start.Add(tc.after)
		next, err := r.Step(t.Context(), now)
		if err != nil || !next.Equal(now.Add(time.Minute)) {
			t.Errorf("after %s: next %s, %v", tc.after, next.Sub(now), err)
		}
		view, instances := s.Snapshot(), 0
		view.ScanAllInstances(func(*ecs.Instance) bool { instances++; return true })
		if view.TaskCount() != tc.tasks || instances != tc.instances {
			t.Errorf("after %s: %d tasks, %d instances; want %d, %d", tc.after, view.TaskCount(), instances, tc.tasks, tc.instances)
		}
	}
}

func TestRetentionStepsAgainAtOnceWhenSomethingIsLeft(t *testing.T) {
	s := openStore(t)
	start := time.UnixMilli(1_000_000_000)
	putOld(t, s, start, 501)
	r := &Retention{Store: s}
	now := start.Add(time.Second)
	next, err := r.Step(t.Context(), now)
	if err != nil || !next.Equal(now) || s.Snapshot().TaskCount() != 1 {
		t.Errorf("first: next %s, %v, %d left", next.Sub(now), err, s.Snapshot().TaskCount())
	}
	next, err = r.Step(t.Context(), now)
	if err != nil || !next.Equal(now.Add(time.Minute)) || s.Snapshot().TaskCount() != 0 {
		t.Errorf("second: next %s, %v, %d left", next.Sub(now), err, s.Snapshot().TaskCount())
	}
}

// broken is a store whose commit fails after the command ran, once it was told to.
type broken struct {
	Store
	fails atomic.Bool
	calls atomic.Int32
}

var errBroken = errors.New("broken")

func (b *broken) Do(ctx context.Context, fn func(tx *state.Tx) error) error {
	b.calls.Add(1)
	if !b.fails.Load() {
		return b.Store.Do(ctx, fn)
	}
	return b.Store.Do(ctx, func(tx *state.Tx) error { return errors.Join(fn(tx), errBroken) })
}

func TestRetentionThatFailsWaits(t *testing.T) {
	s := &broken{Store: openStore(t)}
	start := time.UnixMilli(1_000_000_000)
	putOld(t, s, start, 501)
	s.fails.Store(true)
	now := start.Add(time.Second)
	next, err := (&Retention{Store: s}).Step(t.Context(), now)
	if !errors.Is(err, errBroken) || !next.Equal(now.Add(time.Minute)) {
		t.Errorf("next %s, %v", next.Sub(now), err)
	}
}

// tables are a store without goroutines: those of the real one reuse channels, which a bubble does not allow.
type tables struct {
	mu   sync.Mutex
	view *state.View // guarded by mu
}

func (s *tables) Snapshot() *state.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.Freeze(0)
}

func (s *tables) Do(_ context.Context, fn func(tx *state.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := s.view.Begin(ecs.TimeOf(time.Now()), nil)
	err := fn(tx)
	if err != nil {
		tx.Rollback()
	}
	return err
}

func TestRetentionRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &broken{Store: &tables{view: state.NewView()}}
		putOld(t, s, time.Now(), 1001)
		s.calls.Store(0)
		s.fails.Store(true)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		r := &Retention{Store: s, Clock: time.Now, Tasks: time.Minute, Instances: time.Minute, Logger: slog.New(slog.DiscardHandler)}
		go func() { defer close(ended); r.Run(ctx) }()

		<-time.After(time.Minute) // of the bubble: nothing is old enough, and the store is broken
		synctest.Wait()
		if n := s.calls.Load(); n != 1 {
			t.Errorf("%d steps in the first minute", n)
		}
		s.fails.Store(false)
		<-time.After(time.Minute)
		synctest.Wait()
		if n, left := s.calls.Load(), s.Snapshot().TaskCount(); n != 4 || left != 0 {
			t.Errorf("%d steps, %d tasks left; want three batches in the second minute", n, left)
		}
		cancel()
		<-ended
	})
}

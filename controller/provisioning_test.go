package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"berth/ecs"
	"berth/state"
	"berth/store"
	"berth/store/engines/memory"
)

const patience = 15 * time.Minute

// putWaiting stores a provider p of cluster c over group gp, and tasks that wait for it since a time.
func putWaiting(t *testing.T, s Store, since time.Time, tasks int) {
	t.Helper()
	err := s.Do(t.Context(), func(tx *state.Tx) error {
		tx.PutCluster(&ecs.Cluster{Name: "c", Status: ecs.ClusterActive, CapacityProviders: []string{"p"}})
		tx.PutCapacityProvider(&ecs.CapacityProvider{Name: "p", Cluster: "c", Group: "gp", Status: ecs.ProviderActive})
		for k := range tasks {
			tx.PutTask(&ecs.Task{
				ID: ecs.TaskID(fmt.Sprintf("t%03d", k)), Cluster: "c", CapacityProvider: "p", CreatedAt: ecs.TimeOf(since), Waiting: &ecs.Waiting{},
				DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusProvisioning, Reserved: ecs.Reservation{MemoryMiB: 1},
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// putHost stores an instance of the group gp.
func putHost(t *testing.T, s Store, memory int64, change func(*ecs.Instance)) {
	t.Helper()
	i := &ecs.Instance{
		ID: "i", Cluster: "c", Status: ecs.InstanceActive, AgentConnected: true, MemoryMiB: memory,
		Attributes: []ecs.Attribute{{Name: ecs.GroupAttribute, Value: "gp"}},
	}
	if change != nil {
		change(i)
	}
	if err := s.Do(t.Context(), func(tx *state.Tx) error { tx.PutInstance(i); return nil }); err != nil {
		t.Fatal(err)
	}
}

func provisioning(s WatchStore) *Provisioning {
	return &Provisioning{Store: s, Clock: time.Now, Timeout: patience, Logger: slog.New(slog.DiscardHandler)}
}

func TestProvisioningStep(t *testing.T) {
	s := openStore(t)
	start := time.UnixMilli(1_000_000_000)
	p := provisioning(s)
	step := func(after, wantNext time.Duration, wantWaiting int) {
		t.Helper()
		now := start.Add(after)
		next, err := p.Step(t.Context(), now)
		if waiting := s.Snapshot().Waiting(); err != nil || next.Sub(now) != wantNext || waiting != wantWaiting {
			t.Errorf("after %s: next in %s, %d wait, %v; want %s, %d", after, next.Sub(now), waiting, err, wantNext, wantWaiting)
		}
	}
	step(0, time.Minute, 0)
	putWaiting(t, s, start, 351)
	step(0, time.Minute, 351)
	step(patience-time.Second, time.Second, 351)
	putHost(t, s, 250, nil)
	step(time.Second, 0, 251) // a full batch goes on at once
	step(time.Second, 0, 151)
	step(time.Second, time.Minute, 101)
	step(patience-time.Millisecond, time.Millisecond, 101)
	step(patience, time.Minute, 0)
	placed, over := 0, 0
	s.Snapshot().ScanTasks("c", "", func(r *ecs.Task) bool {
		switch {
		case r.Instance == "i" && r.LastStatus == ecs.StatusPending:
			placed++
		case r.LastStatus == ecs.StatusStopped && r.StopCode == ecs.StopTaskFailedToStart && r.StoppedReason == "RESOURCE:MEMORY":
			over++
		}
		return true
	})
	if placed != 250 || over != 101 {
		t.Errorf("%d placed, %d given up", placed, over)
	}
}

func TestProvisioningThatFailsWaits(t *testing.T) {
	s := openStore(t)
	start := time.UnixMilli(1_000_000_000)
	putWaiting(t, s, start, 1)
	b := &brokenWatch{broken{Store: s}, s}
	b.fails.Store(true)
	p := provisioning(b)
	late := start.Add(patience)
	if next, err := p.Step(t.Context(), late); !errors.Is(err, errBroken) || next.Sub(late) != time.Minute {
		t.Errorf("giving up: next in %s, %v", next.Sub(late), err)
	}
	putHost(t, s, 1, nil)
	if next, err := p.Step(t.Context(), late); !errors.Is(err, errBroken) || next.Sub(late) != time.Minute {
		t.Errorf("placing: next in %s, %v", next.Sub(late), err)
	}
}

// TestWaitingTasksArePlacedAtOnce runs the loop against a store; every change that makes room must place a task, long before the loop
// would look by itself.
func TestWaitingTasksArePlacedAtOnce(t *testing.T) {
	away := func(i *ecs.Instance) { i.AgentConnected = false }
	for name, tc := range map[string]struct {
		before func(t *testing.T, s WatchStore)
		change func(t *testing.T, s WatchStore)
	}{
		"a host joins":               {nil, func(t *testing.T, s WatchStore) { putHost(t, s, 1, nil) }},
		"an agent comes":             {func(t *testing.T, s WatchStore) { putHost(t, s, 1, away) }, func(t *testing.T, s WatchStore) { putHost(t, s, 1, nil) }},
		"a host is ACTIVE":           {hostBefore(func(i *ecs.Instance) { i.Status = ecs.InstanceDraining }), hostNow},
		"a host is put in the group": {hostBefore(func(i *ecs.Instance) { i.Attributes = nil }), hostNow},
		"room comes free": {func(t *testing.T, s WatchStore) { putHost(t, s, 1, nil); putHolder(t, s, ecs.StatusRunning) },
			func(t *testing.T, s WatchStore) { putHolder(t, s, ecs.StatusStopped) }},
		"the task itself comes": {func(t *testing.T, s WatchStore) { putHost(t, s, 1, nil) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t)
			if tc.before != nil {
				tc.before(t, s)
			}
			if tc.change != nil {
				putWaiting(t, s, time.Now(), 1)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() { defer close(ended); provisioning(s).Run(ctx) }()
			defer func() { cancel(); <-ended }()
			w := s.Watch()
			defer w.Close()
			if tc.change != nil {
				tc.change(t, s)
			} else {
				putWaiting(t, s, time.Now(), 1)
			}
			limit, stop := context.WithTimeout(t.Context(), 20*time.Second)
			defer stop()
			for s.Snapshot().Waiting() != 0 || s.Snapshot().Task("c", "t000").Instance != "i" {
				if _, err := w.Next(limit); err != nil {
					t.Fatalf("the task still waits: %v", err)
				}
			}
		})
	}
}

func hostBefore(change func(*ecs.Instance)) func(*testing.T, WatchStore) {
	return func(t *testing.T, s WatchStore) { putHost(t, s, 1, change) }
}

func hostNow(t *testing.T, s WatchStore) { putHost(t, s, 1, nil) }

// putHolder stores a task that takes all of the host.
func putHolder(t *testing.T, s Store, desired ecs.Status) {
	t.Helper()
	err := s.Do(t.Context(), func(tx *state.Tx) error {
		tx.PutTask(&ecs.Task{
			ID: "holder", Cluster: "c", Instance: "i", LastStatus: ecs.StatusRunning, DesiredStatus: desired, Reserved: ecs.Reservation{MemoryMiB: 1},
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestProvisioningEndsWithItsStore(t *testing.T) {
	s, err := store.Open(t.Context(), store.Config{Engine: memory.New()})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); provisioning(s).Run(t.Context()) }()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended
}

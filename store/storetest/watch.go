package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"berth/ecs"
	"berth/state"
	"berth/store"
)

// testWatch lets watchers join at random moments under load. Each replays its batches on the snapshot it began with, checks that
// every change continues the record before it, and must end with the final state.
func testWatch(t *testing.T, open Opener) {
	s := openStore(t, open)
	const writers, commands = 4, 50
	finals := make(chan []string, writers*commands)
	var wg, watching sync.WaitGroup
	for writer := range writers {
		wg.Go(func() {
			for i := range commands {
				do(t, s, func(tx *state.Tx) {
					setNumber(tx, "all", number(tx.View, "all")+1)
					setNumber(tx, fmt.Sprint("w", writer), int64(i)+1)
					setNumber(tx, "all", number(tx.View, "all")+1) // the same record twice in one command
					tx.PutTask(task("all", writer*commands+i))
					if i%3 == 2 {
						tx.DeleteTask(task("all", writer*commands+i-1))
					}
				})
				if i%10 == writer {
					w := s.Watch()
					watching.Go(func() {
						if view := replay(t, s, w, i%20 == writer, 2*writers*commands); view != nil {
							finals <- Dump(view)
						}
					})
				}
			}
		})
	}
	wg.Wait()
	watching.Wait()
	close(finals)
	want := Dump(s.Snapshot())
	for got := range finals {
		if !slices.Equal(got, want) {
			t.Error("a replayed watch differs from the final snapshot")
		}
	}
}

// replay reads until the counter "all" reaches its end and returns what that gave; nil when the watcher ended before.
func replay(t *testing.T, s *store.Store, w *store.Watcher, channel bool, end int64) *state.View {
	defer w.Close()
	view, revision := copyOf(w.Snapshot()), w.Snapshot().Revision()
	for number(view, "all") < end {
		b, ok := nextBatch(w, channel)
		if !ok {
			t.Errorf("the watcher ended early: %v", w.Err())
			return nil
		}
		if b.Revision <= revision {
			t.Errorf("revision %d after %d", b.Revision, revision)
		}
		revision = b.Revision
		if at := s.Snapshot().Revision(); at < revision {
			t.Errorf("a watcher has revision %d while the snapshot is at %d", revision, at)
		}
		for _, c := range b.Changes {
			before := []state.Change{{Table: c.Table, Key: c.Key, New: c.New}}
			view.Apply(before)
			if before[0].Old != c.Old {
				t.Errorf("a change of %s does not continue what was there", c.Key)
			}
		}
	}
	return view
}

func nextBatch(w *store.Watcher, channel bool) (store.Batch, bool) {
	if channel {
		b, ok := <-w.C()
		return b, ok
	}
	b, err := w.Next(context.Background())
	return b, err == nil
}

// copyOf rebuilds a view from a snapshot's records.
func copyOf(s *state.Snapshot) *state.View {
	v := state.NewView()
	s.ScanClusters("", func(r *ecs.Cluster) bool {
		v.Load(state.Change{Table: state.Clusters, Key: r.Name, New: r})
		s.ScanTasks(r.Name, "", func(r *ecs.Task) bool {
			v.Load(state.Change{Table: state.Tasks, Key: state.TaskKey(r.Cluster, r.ID), New: r})
			return true
		})
		return true
	})
	return v
}

func testSlowWatcher(t *testing.T, open Opener) {
	s := openStore(t, open, func(c *store.Config) { c.WatchLag = 8 })
	slow, channel, quick := s.Watch(), s.Watch(), s.Watch()
	defer slow.Close()
	defer channel.Close()
	defer quick.Close()
	batches := channel.C()
	for i := range int64(40) {
		do(t, s, func(tx *state.Tx) { setNumber(tx, "n", i+1) }) // the writer is not held up
		b, err := quick.Next(context.Background())
		if err != nil || b.Changes[0].New.(*ecs.Cluster).CreatedAt != ecs.Time(i+1) {
			t.Fatalf("the quick watcher got %v, %v at %d", b, err, i)
		}
	}
	if _, err := slow.Next(context.Background()); !errors.Is(err, store.ErrSlow) || !errors.Is(slow.Err(), store.ErrSlow) {
		t.Fatalf("the slow watcher got %v, Err %v", err, slow.Err())
	}
	for range batches { // at most the one that was on offer
	}
	if !errors.Is(channel.Err(), store.ErrSlow) {
		t.Fatalf("the slow channel ended with %v", channel.Err())
	}
	if anew := s.Watch(); number(anew.Snapshot(), "n") != 40 {
		t.Fatal("starting over does not begin with the present state")
	} else {
		anew.Close()
	}
}

// testTakeover has one store follow another, watch it, and go on where it ended.
func testTakeover(t *testing.T, open Opener) {
	first := openStore(t, open)
	do(t, first, func(tx *state.Tx) { setNumber(tx, "n", 1) })
	second, err := store.Follow(context.Background(), store.Config{Engine: open(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, second) })
	w := second.Watch()
	defer w.Close()
	if err := second.Do(context.Background(), func(*state.Tx) error { return nil }); !errors.Is(err, store.ErrNotLeading) {
		t.Fatalf("a follower's Do gave %v", err)
	}
	for i := range int64(20) {
		do(t, first, func(tx *state.Tx) { setNumber(tx, "n", i+2); tx.PutTask(task("n", int(i))) })
	}
	for n := number(w.Snapshot(), "n"); n < 21; {
		b, err := w.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range b.Changes {
			if r, ok := c.New.(*ecs.Cluster); ok {
				if before := c.Old.(*ecs.Cluster); before.CreatedAt != ecs.Time(n) || r.CreatedAt != ecs.Time(n+1) {
					t.Fatalf("the follower saw %d to %d after %d", before.CreatedAt, r.CreatedAt, n)
				}
				n++
			}
		}
	}
	want := Dump(first.Snapshot())
	closeStore(t, first)
	<-second.Leading()
	if !slices.Equal(Dump(second.Snapshot()), want) || second.Snapshot().Revision() != first.Snapshot().Revision() {
		t.Fatal("the follower's state is not the leader's")
	}
	do(t, second, func(tx *state.Tx) { setNumber(tx, "n", number(tx.View, "n")+1) })
	if number(second.Snapshot(), "n") != 22 {
		t.Fatal("the new leader did not go on from the last state")
	}
}

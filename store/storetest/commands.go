package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"berth/ecs"
	"berth/state"
	"berth/store"
)

// testAtomic moves amounts between accounts, with many commands that fail or panic halfway; every snapshot must balance.
func testAtomic(t *testing.T, open Opener) {
	s := openStore(t, open)
	const accounts, total = 8, 800
	do(t, s, func(tx *state.Tx) {
		for i := range accounts {
			setNumber(tx, fmt.Sprint(i), total/accounts)
		}
	})
	balance := func(v *state.View) (sum int64) {
		for i := range accounts {
			sum += number(v, fmt.Sprint(i))
		}
		return sum
	}
	var writers, readers sync.WaitGroup
	var over atomic.Bool
	readers.Go(func() {
		for !over.Load() {
			if got := balance(s.Snapshot()); got != total {
				t.Errorf("a snapshot holds %d, want %d", got, total)
				return
			}
		}
	})
	refused := errors.New("refused")
	for w := range 8 {
		writers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 1))
			for range 100 {
				from, to, fate := fmt.Sprint(r.IntN(accounts)), fmt.Sprint(r.IntN(accounts)), r.IntN(3)
				err := s.Do(context.Background(), func(tx *state.Tx) error {
					setNumber(tx, from, number(tx.View, from)-1)
					switch fate {
					case 1:
						return refused
					case 2:
						panic("halfway")
					}
					setNumber(tx, to, number(tx.View, to)+1)
					return nil
				})
				want := []error{nil, refused, store.ErrPanic}[fate]
				if !errors.Is(err, want) {
					t.Errorf("command gave %v, want %v", err, want)
				}
			}
		})
	}
	writers.Wait()
	over.Store(true)
	readers.Wait()
	closeStore(t, s)
	if got := balance(openStore(t, open).Snapshot()); got != total {
		t.Fatalf("the reopened store holds %d, want %d", got, total)
	}
}

// testStateReopen makes a random history over all tables and compares what a second store loads.
func testStateReopen(t *testing.T, open Opener) {
	s := openStore(t, open)
	r := rand.New(rand.NewPCG(7, 7))
	for range 300 {
		do(t, s, func(tx *state.Tx) {
			for range 1 + r.IntN(5) {
				randomWrite(tx, r)
			}
		})
	}
	want, revision := Dump(s.Snapshot()), s.Snapshot().Revision()
	closeStore(t, s)
	again := openStore(t, open)
	if got := Dump(again.Snapshot()); !slices.Equal(got, want) {
		t.Fatalf("the reopened store has %d records, want the %d that were there", len(got), len(want))
	}
	if got := again.Snapshot().Revision(); got != revision {
		t.Fatalf("the reopened store is at revision %d, want %d", got, revision)
	}
	for i := range 5 {
		id := ecs.InstanceID(fmt.Sprintf("%032x", i))
		if got, want := again.Snapshot().Usage(id), s.Snapshot().Usage(id); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("usage of %s is %v, want %v", id, got, want)
		}
	}
}

func randomWrite(tx *state.Tx, r *rand.Rand) {
	n := r.IntN(40)
	cluster := fmt.Sprint("c", n%3)
	setNumber(tx, cluster, int64(n))
	switch r.IntN(7) {
	case 0:
		tx.PutInstance(&ecs.Instance{ID: ecs.InstanceID(fmt.Sprintf("%032x", n)), Cluster: cluster, Status: ecs.InstanceActive})
	case 1:
		tx.DeleteInstance(&ecs.Instance{ID: ecs.InstanceID(fmt.Sprintf("%032x", n)), Cluster: cluster})
	case 2:
		tx.PutTaskDefinition(&ecs.TaskDefinition{Family: fmt.Sprint("f", n%7), Revision: int32(n), Status: ecs.TaskDefinitionActive})
		tx.PutFamily(&ecs.Family{Name: fmt.Sprint("f", n%7)})
	case 3:
		tx.PutAccessKey(&ecs.AccessKey{ID: fmt.Sprint("key", n), SealedSecret: []byte{0, byte(n), 255}})
	case 4:
		tx.DeleteTask(task(cluster, n))
	default:
		tx.PutTask(task(cluster, n))
	}
}

func testClose(t *testing.T, open Opener) {
	s := openStore(t, open)
	w := s.Watch()
	defer w.Close()
	do(t, s, func(tx *state.Tx) { setNumber(tx, "a", 1) })
	closeStore(t, s)
	if _, err := w.Next(context.Background()); err != nil {
		t.Fatalf("the batch before the end: %v", err)
	}
	if _, err := w.Next(context.Background()); !errors.Is(err, store.ErrClosed) {
		t.Fatalf("a watcher of a closed store got %v", err)
	}
	err := s.Do(context.Background(), func(*state.Tx) error { t.Error("a command ran on a closed store"); return nil })
	if !errors.Is(err, store.ErrClosed) || !errors.Is(s.Err(), store.ErrClosed) {
		t.Fatalf("closed store: Do gave %v, Err %v", err, s.Err())
	}
	select {
	case <-s.Done():
	default:
		t.Fatal("Done is not closed")
	}
}

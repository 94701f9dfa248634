package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"berth/ecs"
	"berth/state"
	"berth/store"
	"berth/store/engines/memory"
	"berth/store/storetest"
)

// gate holds every commit until the test lets it go.
type gate struct {
	arrived chan uint64 // the revision that waits
	release chan memory.Outcome
}

func gated(b *memory.Backing) gate {
	g := gate{make(chan uint64), make(chan memory.Outcome)}
	b.SetFault(func(e store.Entry) memory.Outcome {
		g.arrived <- e.Revision
		return <-g.release
	})
	return g
}

// started runs a command in the background and returns once its function ran on the tip.
func started(t *testing.T, s *store.Store, fn func(*state.Tx) error) <-chan error {
	t.Helper()
	ran, answer := make(chan struct{}), make(chan error, 1)
	go func() {
		answer <- s.Do(context.Background(), func(tx *state.Tx) error {
			defer close(ran)
			return fn(tx)
		})
	}()
	<-ran
	return answer
}

func unanswered(t *testing.T, what string, answers ...<-chan error) {
	t.Helper()
	for range 100 { // let whatever could answer run
		runtime.Gosched()
	}
	for _, a := range answers {
		select {
		case err := <-a:
			t.Fatalf("%s was answered (%v) before what it read was durable", what, err)
		default:
		}
	}
}

func TestNothingShowsBeforeItIsDurable(t *testing.T) {
	b := memory.NewBacking()
	s := open(t, b.Engine())
	g := gated(b)
	w := s.Watch()
	defer w.Close()

	first := started(t, s, putCluster("a"))
	<-g.arrived // on its way to the disk; the next group gathers and runs meanwhile
	refused := errors.New("exists")
	read := started(t, s, func(tx *state.Tx) error {
		if tx.Cluster("a") == nil {
			t.Error("a later command does not see an earlier one's effect")
		}
		return nil
	})
	failing := started(t, s, func(*state.Tx) error { return refused })
	second := started(t, s, putCluster("b"))
	unanswered(t, "a command", first, read, failing, second)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.Next(ended); !errors.Is(err, context.Canceled) || s.Snapshot().Revision() != 0 {
		t.Fatal("something was published before it was durable")
	}

	g.release <- memory.Durable
	if err := <-first; err != nil || s.Snapshot().Cluster("a") == nil {
		t.Fatalf("first command: %v, snapshot %v", err, s.Snapshot().Cluster("a"))
	}
	<-g.arrived
	unanswered(t, "the second command", second)
	if s.Snapshot().Cluster("b") != nil {
		t.Fatal("the second group shows before it is durable")
	}
	g.release <- memory.Durable
	if err := errors.Join(<-read, <-second); err != nil {
		t.Fatal(err)
	}
	if err := <-failing; err != refused { //nolint:errorlint // unchanged means identical
		t.Fatalf("the failing command got %v", err)
	}
}

func TestAFailedCommitStopsEverything(t *testing.T) {
	for _, outcome := range []memory.Outcome{memory.FailBefore, memory.FailAfter} {
		b := memory.NewBacking()
		s := open(t, b.Engine())
		if err := s.Do(t.Context(), putCluster("before")); err != nil {
			t.Fatal(err)
		}
		g := gated(b)
		answers := []<-chan error{started(t, s, putCluster("a"))}
		<-g.arrived
		answers = append(answers, started(t, s, putCluster("b")), started(t, s, func(*state.Tx) error { return nil }))
		g.release <- outcome
		for i, a := range answers {
			if err := <-a; !errors.Is(err, store.ErrFailed) || !errors.Is(err, memory.ErrInjected) {
				t.Fatalf("command %d got %v, want ErrFailed with its cause", i, err)
			}
		}
		<-s.Done()
		if err := s.Do(t.Context(), putCluster("late")); !errors.Is(err, store.ErrFailed) || !errors.Is(s.Err(), store.ErrFailed) {
			t.Fatalf("after the failure Do gave %v, Err %v", err, s.Err())
		}
		if s.Snapshot().Cluster("a") != nil {
			t.Fatal("an unacknowledged command is in the snapshot")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		b.SetFault(nil)
		again := open(t, b.Engine()).Snapshot()
		if again.Cluster("before") == nil || again.Cluster("b") != nil || (again.Cluster("a") != nil) != (outcome == memory.FailAfter) {
			t.Fatalf("outcome %d: the reopened store does not hold exactly what landed", outcome)
		}
	}
}

func TestADeposedLeaderCannotWrite(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		b := memory.NewBacking()
		s := open(t, b.Engine())
		b.Depose(quiet)
		if !quiet {
			<-s.Done() // it learns of it without a command
		}
		if err := s.Do(t.Context(), putCluster("a")); !errors.Is(err, store.ErrLeadLost) {
			t.Fatalf("quiet %v: a deposed leader's command gave %v", quiet, err)
		}
		<-s.Done()
		if b.Revision() != 0 {
			t.Fatal("a deposed leader's write landed")
		}
	}
}

// TestAGroupIsSplitOnCommandBoundaries watches the entries of an engine with small limits.
func TestAGroupIsSplitOnCommandBoundaries(t *testing.T) {
	b := memory.NewBacking()
	b.Limits = store.Limits{Writes: 5}
	s := open(t, b.Engine())
	var mu sync.Mutex
	var entries [][]string
	g := gated(b)
	first := started(t, s, putCluster("first"))
	<-g.arrived
	var answers []<-chan error
	for i := range 4 { // these gather into one group of three commands with two writes each, and one too large
		writes := 2
		if i == 3 {
			writes = 6
		}
		answers = append(answers, started(t, s, func(tx *state.Tx) error {
			for k := range writes {
				tx.PutCluster(&ecs.Cluster{Name: fmt.Sprint(i, ".", k), Status: ecs.ClusterActive})
			}
			return nil
		}))
	}
	b.SetFault(func(e store.Entry) memory.Outcome {
		mu.Lock()
		defer mu.Unlock()
		var names []string
		for _, w := range e.Writes {
			names = append(names, string(w.Key[1:]))
		}
		slices.Sort(names)
		entries = append(entries, names)
		return memory.Durable
	})
	g.release <- memory.Durable
	if err := errors.Join(<-first, <-answers[0], <-answers[1], <-answers[2]); err != nil {
		t.Fatal(err)
	}
	if err := <-answers[3]; !errors.Is(err, store.ErrTooLarge) {
		t.Fatalf("a command beyond the limits gave %v", err)
	}
	want := [][]string{{"0.0", "0.1", "1.0", "1.1"}, {"2.0", "2.1"}}
	if fmt.Sprint(entries) != fmt.Sprint(want) {
		t.Fatalf("entries %v, want %v", entries, want)
	}
	if r := s.Snapshot().Revision(); r != 3 || b.Revision() != 3 {
		t.Fatalf("snapshot at %d, engine at %d, want 3", r, b.Revision())
	}
}

func TestOnlyTheLastWriteOfAKeyIsStored(t *testing.T) {
	b := memory.NewBacking()
	s := open(t, b.Engine())
	writes := -1
	b.SetFault(func(e store.Entry) memory.Outcome { writes = len(e.Writes); return memory.Durable })
	err := s.Do(t.Context(), func(tx *state.Tx) error {
		for i := range 10 {
			tx.PutCluster(&ecs.Cluster{Name: "a", CreatedAt: ecs.Time(i)})
		}
		return nil
	})
	if err != nil || writes != 1 {
		t.Fatalf("err %v, %d writes, want one", err, writes)
	}
	again := openAfter(t, s, b)
	if c := again.Snapshot().Cluster("a"); c == nil || c.CreatedAt != 9 {
		t.Fatalf("stored %v, want the last write", c)
	}
}

func openAfter(t *testing.T, s *store.Store, b *memory.Backing) *store.Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, b.Engine())
}

func TestACommandThatWaitsCanBeGivenUp(t *testing.T) {
	s := open(t, memory.New())
	block, running := make(chan struct{}), make(chan struct{})
	go func() {
		_ = s.Do(context.Background(), func(*state.Tx) error { close(running); <-block; return nil })
	}()
	<-running
	ctx, cancel := context.WithCancel(context.Background())
	answer := make(chan error, 1)
	go func() { answer <- s.Do(ctx, putCluster("given up")) }()
	cancel()
	if err := <-answer; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	close(block)
	if err := s.Do(t.Context(), putCluster("next")); err != nil {
		t.Fatal(err)
	}
	if s.Snapshot().Cluster("given up") != nil {
		t.Fatal("a command that was given up took place")
	}
}

func TestACommandThatEndsTheGoroutineEndsTheStore(t *testing.T) {
	b := memory.NewBacking()
	s := open(t, b.Engine())
	err := s.Do(t.Context(), func(tx *state.Tx) error {
		tx.PutCluster(&ecs.Cluster{Name: "half"})
		runtime.Goexit()
		return nil
	})
	if !errors.Is(err, store.ErrFailed) || b.Revision() != 0 {
		t.Fatalf("got %v, engine at %d", err, b.Revision())
	}
}

func TestAPanicIsReportedWithItsValue(t *testing.T) {
	s := open(t, memory.New())
	err := s.Do(t.Context(), func(tx *state.Tx) error {
		tx.PutCluster(&ecs.Cluster{Name: "half"})
		panic("broken invariant")
	})
	if !errors.Is(err, store.ErrPanic) || !strings.Contains(err.Error(), "broken invariant") {
		t.Fatalf("got %v", err)
	}
	if err := s.Do(t.Context(), putCluster("next")); err != nil || s.Snapshot().Cluster("half") != nil {
		t.Fatalf("after a panic: %v, %v", err, s.Snapshot().Cluster("half"))
	}
}

// TestAFollowerThatFellBehindTheLogLoadsAgain holds a follower's reader so long that its place in the log is gone.
func TestAFollowerThatFellBehindTheLogLoadsAgain(t *testing.T) {
	b := memory.NewBacking()
	b.KeepLog = 4
	s := open(t, b.Engine())
	held := &heldEngine{Engine: b.Engine(), hold: make(chan struct{}), loads: make(chan struct{}, 8)}
	f, err := store.Follow(t.Context(), store.Config{Engine: held, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := f.Watch()
	defer w.Close()
	for i := range 40 {
		if err := s.Do(t.Context(), putCluster(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	<-held.loads
	close(held.hold)
	<-held.loads // it loaded again
	if _, err := w.Next(t.Context()); !errors.Is(err, store.ErrSlow) {
		t.Fatalf("the watcher of a store that loaded again got %v, want ErrSlow", err)
	}
	want := storetest.Dump(s.Snapshot())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	<-f.Leading()
	if !slices.Equal(storetest.Dump(f.Snapshot()), want) {
		t.Fatal("the follower lost something")
	}
}

type heldEngine struct {
	*memory.Engine
	hold  chan struct{}
	loads chan struct{}
}

func (e *heldEngine) Load(ctx context.Context, fn func(k, v []byte) error) (uint64, error) {
	r, err := e.Engine.Load(ctx, fn)
	e.loads <- struct{}{}
	return r, err
}

func (e *heldEngine) Follow(ctx context.Context, after uint64, fn func(store.Entry) error) error {
	<-e.hold
	return e.Engine.Follow(ctx, after, fn)
}

func TestARecordThatCannotBeDecodedIsNamed(t *testing.T) {
	b := memory.NewBacking()
	e := b.Engine()
	l, err := e.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	entry := store.Entry{Revision: 1, Writes: []store.Write{{Key: []byte("\x01web"), Value: []byte{0xc1}}}}
	if err := errors.Join(l.Commit(t.Context(), entry), e.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Config{Engine: b.Engine()}); err == nil || !strings.Contains(err.Error(), "web") {
		t.Fatalf("a broken record gave %v", err)
	}
}

func TestIdentifiersAre32HexDigitsAndDiffer(t *testing.T) {
	s := open(t, memory.New())
	seen := map[string]bool{}
	err := s.Do(t.Context(), func(tx *state.Tx) error {
		for range 1000 {
			id := tx.NewID()
			if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" || seen[id] {
				return fmt.Errorf("bad identifier %q", id)
			}
			seen[id] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

package docker

import (
	"context"
	"errors"
	"testing"
)

// queue starts a call that waits, and returns once it stands in line.
func queue(t *testing.T, ctx context.Context, q *turns, u urgency, length int, got chan<- string, name string) {
	t.Helper()
	go func() {
		if _, err := q.take(ctx, u); err != nil {
			name += " " + err.Error()
		}
		got <- name
	}()
	for {
		q.mu.Lock()
		n := len(q.waiting[finishing]) + len(q.waiting[beginning])
		q.mu.Unlock()
		if n == length {
			return
		}
	}
}

func TestFinishingGoesBeforeBeginning(t *testing.T) {
	q := newTurns(1)
	done, err := q.take(t.Context(), beginning)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	queue(t, t.Context(), q, beginning, 1, got, "create 1")
	queue(t, t.Context(), q, beginning, 2, got, "create 2")
	queue(t, t.Context(), q, finishing, 3, got, "start")
	for _, want := range []string{"start", "create 1", "create 2"} {
		done()
		if name := <-got; name != want {
			t.Fatalf("%s got the turn, want %s", name, want)
		}
	}
	q.give()
	if q.free != 1 {
		t.Fatalf("%d turns are free, want 1", q.free)
	}
}

func TestGivingUpLeavesTheLine(t *testing.T) {
	q := newTurns(1)
	done, err := q.take(t.Context(), beginning)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan string)
	queue(t, ctx, q, beginning, 1, got, "call")
	cancel()
	if name := <-got; name != "call "+context.Canceled.Error() {
		t.Fatalf("got %q", name)
	}
	done()
	if _, err := q.take(ctx, finishing); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if q.free != 0 {
		t.Fatalf("%d turns are free, want 0", q.free)
	}
}

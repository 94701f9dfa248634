package report

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// server records what it takes and fails as told.
type server struct {
	taken []string
	fail  func(n int) error
	calls int
	hold  chan struct{}
}

func (s *server) submit(_ context.Context, c Change) error {
	s.calls++
	if s.hold != nil {
		<-s.hold
	}
	if s.fail != nil {
		if err := s.fail(s.calls); err != nil {
			return err
		}
	}
	text := c.Status
	for _, x := range c.Containers {
		text += fmt.Sprintf(" %s=%s", x.Name, x.Status)
	}
	s.taken = append(s.taken, text)
	return nil
}

func change(status string, urgent bool, containers ...Container) Change {
	return Change{TaskARN: "t", Status: status, Urgent: urgent, Containers: containers}
}

func TestStatusGoesAtOnceAndContainersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		r := New(Config{Submit: s.submit})
		defer r.Close()
		start := time.Now()
		r.Tell(change(Pending, false, Container{Name: "a", Status: Running}))
		synctest.Wait()
		if len(s.taken) != 0 {
			t.Fatal("a change of a container alone did not wait")
		}
		r.Tell(change(Running, true, Container{Name: "b", Status: Running}))
		synctest.Wait()
		if len(s.taken) != 1 || s.taken[0] != "RUNNING a=RUNNING b=RUNNING" || time.Since(start) != 0 {
			t.Fatalf("%q after %s", s.taken, time.Since(start))
		}
		r.Tell(change(Running, false, Container{Name: "a", Status: Stopped}))
		if err := r.Flush(t.Context()); err != nil || len(s.taken) != 2 {
			t.Fatalf("%q, %v", s.taken, err)
		}
	})
}

func TestRunningIsNeverSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{fail: func(n int) error {
			if n < 4 {
				return errors.New("away")
			}
			return nil
		}}
		r := New(Config{Submit: s.submit})
		defer r.Close()
		r.Tell(change(Running, true, Container{Name: "a", Status: Running}))
		r.Tell(change(Stopped, true, Container{Name: "a", Status: Stopped}))
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(s.taken) != 2 || s.taken[0] != "RUNNING a=RUNNING" || s.taken[1] != "STOPPED a=STOPPED" {
			t.Fatalf("%q", s.taken)
		}
	})
}

func TestRefusedIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{fail: func(n int) error {
			if n == 1 {
				return fmt.Errorf("%w: InvalidParameterException", ErrRefused)
			}
			return nil
		}}
		accepted := 0
		r := New(Config{Submit: s.submit, Accepted: func(Change) { accepted++ }})
		defer r.Close()
		r.Tell(change(Running, true))
		r.Tell(change(Stopped, true))
		if err := r.Flush(t.Context()); err != nil || len(s.taken) != 1 || s.taken[0] != Stopped || accepted != 2 {
			t.Fatalf("%q, %d accepted, %v", s.taken, accepted, err)
		}
	})
}

func TestAwayServerCostsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{fail: func(int) error { return errors.New("away") }}
		r := New(Config{Submit: s.submit})
		for i := range 1000 {
			r.Tell(change(Running, i%2 == 0, Container{Name: "a", Status: Running}))
		}
		synctest.Wait()
		r.mu.Lock()
		n := len(r.queues["t"].changes)
		r.mu.Unlock()
		if n > 2 {
			t.Errorf("%d changes wait", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := r.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("flush: %v", err)
		}
		r.Close()
		r.Tell(change(Running, true))
		if got := r.Waiting(); got > 1 {
			t.Errorf("%d wait after close", got)
		}
	})
}

func TestParallelIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		running := make(chan struct{}, 100)
		r := New(Config{Parallel: 3, Submit: func(context.Context, Change) error {
			running <- struct{}{}
			<-hold
			return nil
		}})
		for i := range 10 {
			r.Tell(Change{TaskARN: fmt.Sprint(i), Status: Running, Urgent: true})
		}
		synctest.Wait()
		if len(running) != 3 {
			t.Errorf("%d calls at once", len(running))
		}
		close(hold)
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.Close()
	})
}

package dispatch

import (
	"sync"
	"time"
)

// fakeClock stands still until it is told to move. Timers are fired by Advance, or at once when their time has come already: a
// loop that arms its timer late misses nothing.
type fakeClock struct {
	mu     sync.Mutex // guards the rest
	now    time.Time
	timers map[*fakeTimer]struct{}
}

type fakeTimer struct {
	clock *fakeClock
	c     chan time.Time
	at    time.Time
}

func newFakeClock() *fakeClock {
	return &fakeClock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), timers: map[*fakeTimer]struct{}{}}
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) NewTimer(d time.Duration) Timer {
	t := &fakeTimer{clock: c, c: make(chan time.Time, 1)}
	t.Reset(d)
	return t
}

func (c *fakeClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for t := range c.timers {
		t.fireIfDue()
	}
}

// fireIfDue is called with the clock's lock held.
func (t *fakeTimer) fireIfDue() {
	if t.at.After(t.clock.now) {
		return
	}
	delete(t.clock.timers, t)
	select {
	case t.c <- t.clock.now:
	default:
	}
}

func (t *fakeTimer) C() <-chan time.Time { return t.c }

func (t *fakeTimer) Reset(d time.Duration) {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	select {
	case <-t.c:
	default:
	}
	t.at = t.clock.now.Add(d)
	t.clock.timers[t] = struct{}{}
	t.fireIfDue()
}

func (t *fakeTimer) Stop() {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	delete(t.clock.timers, t)
}

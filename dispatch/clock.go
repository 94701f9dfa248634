package dispatch

import "time"

// Clock is the time a dispatcher lives by. Only deadlines of a single write to a socket are real time.
type Clock interface {
	Now() time.Time
	// NewTimer returns a timer that fires once after d; at once when d is not positive.
	NewTimer(d time.Duration) Timer
}

// Timer is a time.Timer behind a Clock. Reset and Stop follow Go 1.23: no stale value is left in C.
type Timer interface {
	C() <-chan time.Time
	Reset(d time.Duration)
	Stop()
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) NewTimer(d time.Duration) Timer { return systemTimer{time.NewTimer(d)} }

type systemTimer struct{ t *time.Timer }

func (t systemTimer) C() <-chan time.Time   { return t.t.C }
func (t systemTimer) Reset(d time.Duration) { t.t.Reset(d) }
func (t systemTimer) Stop()                 { t.t.Stop() }

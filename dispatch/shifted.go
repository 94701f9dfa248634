package dispatch

import "time"

// ShiftedClock is the system's clock moved by an offset; its timers run at the usual speed.
type ShiftedClock struct{ Offset time.Duration }

// Now implements [Clock].
func (c ShiftedClock) Now() time.Time { return time.Now().Add(c.Offset) }

// NewTimer implements [Clock].
func (ShiftedClock) NewTimer(d time.Duration) Timer { return systemTimer{time.NewTimer(d)} }

package bench

import (
	"sync/atomic"
	"time"
)

// meter writes a line of progress every second until stop, which waits for it.
func (b *bench) meter(what string, done *atomic.Int64, of int64) (stop func()) {
	if b.cfg.Progress == nil {
		return func() {}
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for last := int64(0); ; {
			select {
			case <-quit:
				return
			case <-tick.C:
				n := done.Load()
				b.say("%s: %d of at most %d, %d in the last second", what, n, of, n-last)
				last = n
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
	}
}

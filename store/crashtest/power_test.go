package crashtest

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"berth/store"
	"berth/store/engines/pebble"
)

// TestPowerLoss takes, in the middle of the load, copies of a simulated disk as a power failure would leave it: with a random
// part of what was written but not synced. A killed process cannot show this, for the kernel still writes what it was given.
func TestPowerLoss(t *testing.T) {
	for seed := range uint64(4) {
		disk := vfs.NewCrashableMem()
		s, err := openOn(disk)
		if err != nil {
			t.Fatal(err)
		}
		var last [Writers]atomic.Int64
		var crash crashes
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		for writer := range Writers {
			wg.Go(func() {
				Load(ctx, s, writer, func(n int64) {
					last[writer].Store(n)
					if writer == 0 && n%20 == 0 {
						crash.take(disk, &last, seed*1000+uint64(n))
					}
					if n == 200 {
						cancel()
					}
				})
			})
		}
		wg.Wait()
		cancel()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, c := range crash {
			c.verify(t)
		}
	}
}

// crashed is a disk after a power failure, with what had been acknowledged for certain before, and what at most after.
type crashed struct {
	disk          *vfs.MemFS
	before, after [Writers]int64
}

type crashes []crashed

func (c *crashes) take(disk *vfs.MemFS, last *[Writers]atomic.Int64, seed uint64) {
	x := crashed{}
	for w := range last {
		x.before[w] = last[w].Load()
	}
	percent := int(seed/20) % 3 * 50
	x.disk = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(seed, 1))})
	for w := range last {
		x.after[w] = last[w].Load()
	}
	*c = append(*c, x)
}

func (c *crashed) verify(t *testing.T) {
	t.Helper()
	s, err := openOn(c.disk)
	if err != nil {
		t.Fatalf("open after a power failure: %v", err)
	}
	defer s.Close()
	var held [Writers]int64
	for w := range held {
		held[w] = number(s.Snapshot(), counter(w))
		if held[w] < c.before[w] || held[w] > c.after[w]+1 {
			t.Fatalf("writer %d: %d to %d acknowledged around the failure, the disk holds %d", w, c.before[w], c.after[w], held[w])
		}
	}
	if err := Verify(s.Snapshot(), held); err != nil {
		t.Fatal(err)
	}
}

func openOn(disk vfs.FS) (*store.Store, error) {
	log := slog.New(slog.DiscardHandler)
	e, err := pebble.Open("data", pebble.Options{Logger: log, FS: disk})
	if err != nil {
		return nil, err
	}
	return store.Open(context.Background(), store.Config{Engine: e, Logger: log})
}

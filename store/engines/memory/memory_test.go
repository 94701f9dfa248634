package memory_test

import (
	"testing"

	"berth/store"
	"berth/store/engines/memory"
	"berth/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Options{Shared: true, Fresh: func(testing.TB) storetest.Opener {
		b := memory.NewBacking()
		return func(testing.TB) store.Engine { return b.Engine() }
	}})
}

// TestConformanceWithLimits is the suite on an engine that takes only small entries, as etcd does: groups are split.
func TestConformanceWithLimits(t *testing.T) {
	storetest.Run(t, storetest.Options{Shared: true, Fresh: func(testing.TB) storetest.Opener {
		b := memory.NewBacking()
		b.Limits = store.Limits{Writes: 16, Bytes: 64 << 10}
		return func(testing.TB) store.Engine { return b.Engine() }
	}})
}

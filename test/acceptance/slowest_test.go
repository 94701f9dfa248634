//go:build acceptance

package acceptance

import (
	"slices"
	"time"
)

// slowest gathers how long calls took. One goroutine adds; readers come after it has ended.
type slowest struct {
	took []time.Duration
	err  error // the first failure
}

func newSlowest() *slowest { return &slowest{} }

func (s *slowest) add(d time.Duration) { s.took = append(s.took, d) }

func (s *slowest) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// percentile returns the time that p percent of the calls did not exceed.
func (s *slowest) percentile(p int) time.Duration {
	if len(s.took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s.took))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

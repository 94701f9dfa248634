package bench

import (
	"fmt"
	"slices"
	"time"
)

// Duration is a time.Duration that is written as milliseconds.
type Duration time.Duration

// MarshalJSON writes milliseconds with three decimals.
func (d Duration) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%.3f", time.Duration(d).Seconds()*1000), nil
}

// String is for tables: three digits that mean something.
func (d Duration) String() string {
	switch t := time.Duration(d); {
	case t == 0:
		return "-"
	case t < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", t.Seconds()*1000)
	case t < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", t.Seconds()*1000)
	case t < 10*time.Second:
		return fmt.Sprintf("%.0f ms", t.Seconds()*1000)
	default:
		return fmt.Sprintf("%.1f s", t.Seconds())
	}
}

// Quantiles of a list of times; zero when it was empty.
type Quantiles struct {
	P50 Duration `json:"p50"`
	P90 Duration `json:"p90"`
	P99 Duration `json:"p99"`
	Max Duration `json:"max"`
}

// quantiles sorts the list it is given.
func quantiles(all []time.Duration) Quantiles {
	if len(all) == 0 {
		return Quantiles{}
	}
	slices.Sort(all)
	at := func(percent int) Duration {
		// The smallest value that at least so many percent do not exceed.
		return Duration(all[max(0, (len(all)*percent+99)/100-1)])
	}
	return Quantiles{P50: at(50), P90: at(90), P99: at(99), Max: Duration(all[len(all)-1])}
}

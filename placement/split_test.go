package placement

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"berth/ecs"
)

func items(baseAndWeight ...int32) []ecs.StrategyItem {
	var out []ecs.StrategyItem
	for k := 0; k < len(baseAndWeight); k += 2 {
		out = append(out, ecs.StrategyItem{Provider: fmt.Sprint(k / 2), Base: baseAndWeight[k], Weight: baseAndWeight[k+1]})
	}
	return out
}

func TestSplit(t *testing.T) {
	for _, tc := range []struct {
		name     string
		strategy []ecs.StrategyItem
		have     []int
		n        int
		want     string
	}{
		{"base first, then one to four", items(1, 1, 0, 4), []int{0, 0}, 11, "[0 1 1 0 1 1 1 1 0 1 1]"},
		{"even, in list order on ties", items(0, 1, 0, 1), []int{0, 0}, 5, "[0 1 0 1 0]"},
		{"weight 0 gets nothing", items(0, 0, 0, 3), []int{0, 0}, 3, "[1 1 1]"},
		{"weight 0 gets its base", items(0, 1, 2, 0), []int{0, 0}, 3, "[1 1 0]"},
		{"the only one needs no weight", items(0, 0), []int{0}, 2, "[0 0]"},
		{"the only one with a base", items(1, 0), []int{0}, 2, "[0 0]"},
		{"goes on from what is there", items(1, 1, 0, 4), []int{3, 7}, 1, "[1]"},
		{"the base is there already", items(1, 1, 0, 4), []int{1, 0}, 2, "[1 1]"},
		{"a lost base is made up first", items(2, 1, 0, 4), []int{1, 9}, 2, "[0 0]"},
		{"a lost share is made up", items(0, 1, 0, 1), []int{0, 4}, 5, "[0 0 0 0 0]"},
		{"three of 2:3:5", items(0, 2, 0, 3, 0, 5), []int{0, 0, 0}, 10, "[2 1 0 2 1 2 2 0 1 2]"},
		{"no weight at all", items(0, 0, 1, 0), []int{0, 0}, 3, "[1]"},
		{"none", items(0, 1), []int{0}, 0, "[]"},
	} {
		if got := fmt.Sprint(Split(tc.strategy, tc.have, tc.n)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// TestSplitStaysNearTheRatio: after any number of tasks no provider is a whole task per competitor away from its part, bases come
// first, and one call is the same as many.
func TestSplitStaysNearTheRatio(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		strategy := make([]ecs.StrategyItem, rapid.IntRange(2, 6).Draw(t, "items"))
		total := int32(0)
		for k := range strategy {
			strategy[k].Weight = rapid.Int32Range(0, 20).Draw(t, "weight")
			total += strategy[k].Weight
		}
		if total == 0 {
			strategy[0].Weight, total = 1, 1
		}
		base := rapid.IntRange(0, len(strategy)-1).Draw(t, "with base")
		strategy[base].Base = rapid.Int32Range(0, 5).Draw(t, "base")
		n := rapid.IntRange(0, 60).Draw(t, "tasks")
		whole := Split(strategy, make([]int, len(strategy)), n)
		have := make([]int, len(strategy))
		for k, at := range whole {
			if next := Split(strategy, have, 1); len(next) != 1 || next[0] != at {
				t.Fatalf("task %d: %v alone, %d in one call", k, next, at)
			}
			if have[base] < int(strategy[base].Base) && at != base {
				t.Fatalf("task %d went to %d before the base was there", k, at)
			}
			have[at]++
		}
		shared := max(n-int(strategy[base].Base), 0)
		for k := range strategy {
			own := have[k]
			if k == base {
				own = max(own-int(strategy[k].Base), 0)
			}
			part := float64(shared) * float64(strategy[k].Weight) / float64(total)
			if off := float64(own) - part; off >= float64(len(strategy)) || off <= -float64(len(strategy)) {
				t.Fatalf("item %d has %d of %d, its part is %.2f", k, own, shared, part)
			}
			if strategy[k].Weight == 0 && own != 0 {
				t.Fatalf("item %d has weight 0 and %d tasks", k, own)
			}
		}
	})
}

package placement

import "berth/ecs"

// Split gives n further tasks to the providers of a strategy, of which item k has have[k] tasks already; it returns the place of the
// item for each of them, in order.
//
// ECS: the item with a base gets tasks until it has that many; the others are shared out so that the numbers stay as close to the
// ratio of the weights as they can, the largest deficit first, in the order of the list where they are equal (semantics.md 5.14).
// What a base took does not count against a weight. An item of weight 0 gets nothing beyond its base, unless it is the only one.
func Split(strategy []ecs.StrategyItem, have []int, n int) []int {
	weights, total := weightsOf(strategy)
	based, shared := make([]int, len(strategy)), make([]int, len(strategy))
	sum := 0
	for k := range strategy {
		based[k] = min(have[k], int(strategy[k].Base))
		shared[k] = have[k] - based[k]
		sum += shared[k]
	}
	out := make([]int, 0, n)
	for range n {
		k := lackingBase(strategy, based)
		if k >= 0 {
			based[k]++
		} else if k = lackingShare(weights, total, shared, sum+1); k >= 0 {
			shared[k]++
			sum++
		} else {
			break
		}
		out = append(out, k)
	}
	return out
}

// weightsOf returns the weights that count, and their sum.
func weightsOf(strategy []ecs.StrategyItem) (weights []int, total int) {
	if len(strategy) == 1 {
		return []int{1}, 1
	}
	for _, item := range strategy {
		weights = append(weights, int(item.Weight))
		total += int(item.Weight)
	}
	return weights, total
}

func lackingBase(strategy []ecs.StrategyItem, based []int) int {
	for k := range strategy {
		if based[k] < int(strategy[k].Base) {
			return k
		}
	}
	return -1
}

// lackingShare returns the place whose number is farthest below its part of a sum, or -1 when there is no weight.
func lackingShare(weights []int, total int, shared []int, sum int) int {
	best, most := -1, 0
	for k, w := range weights {
		if w == 0 {
			continue
		}
		if deficit := sum*w - shared[k]*total; best < 0 || deficit > most {
			best, most = k, deficit
		}
	}
	return best
}

package command

import "berth/placement"

// unplaced lists the failures of a run of which some tasks found no place.
//
// ECS names one failure for each rejected instance (semantics.md 1.4); when some tasks of the call were placed, Berth names one for
// each that was not (docs/decisions/0006-placement-engine.md).
func unplaced(rejected []placement.Rejection, placed, left int) []TaskFailure {
	var failures []TaskFailure
	if placed > 0 {
		closest := placement.Closest(rejected)
		for range left {
			failures = append(failures, TaskFailure(closest))
		}
		return failures
	}
	for _, r := range rejected {
		failures = append(failures, TaskFailure(r))
	}
	return failures
}

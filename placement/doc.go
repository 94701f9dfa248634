// Package placement decides which instance a task goes to: filters in a fixed order, each able to say why it rejects an instance,
// then strategies that narrow what is left.
//
//	candidates ─▶ status ▶ agent ▶ launch type ▶ attributes ▶ cpu ▶ memory ▶ ports ▶ gpu ▶ zone ▶ distinctInstance ▶ memberOf
//	           ─▶ strategies ─▶ one
//
// Constraints bind, strategies are best effort (semantics.md 4). Each strategy gives an instance a number, and the instance with the
// least numbers, in the order of the strategies, is chosen. Equals are settled by the request's seed: it picks a rank among the
// values of each attribute that tasks are spread over, then among the ids that are left. So the same question has the same answer
// everywhere.
//
// There are two ways to the one answer. A plain scan asks every instance: snapshots and dry runs use it. An [Engine], attached to the
// working view of the goroutine that decides every command, keeps for the questions asked lately the instances that fit, in order,
// and follows the view through its journal (docs/decisions/0006-placement-engine.md).
//
//	view ─ journal ─▶ roster of a cluster ─ changed places ─▶ shape of a question ─▶ choice
//
// The package is pure: it reads a view and a request and returns a choice; the caller records it. An instance that is passed over
// costs no memory, and texts are written only when nothing fits.
package placement

// Package store makes the state durable and shared: one writer decides, an engine keeps, everybody else reads.
//
//	Do ──▶ queue ──▶ decider ──▶ group ──▶ committer ──▶ publish ──▶ answers
//	                 runs commands          encodes,      snapshot,
//	                 on the tip             Lead.Commit   watchers
//
// The decider is the only goroutine that touches the working [state.View]. While the committer has one group on its way to the
// disk, the decider runs the next group's commands on the tip; there is no timer, so an idle store answers as fast as its engine.
//
// Invariants:
//   - Nothing is published, and no command is answered (with a result or with its own error), before everything it may have read
//     is durable.
//   - A command's changes are durable all together or not at all.
//   - Revisions are consecutive per engine commit, and what a revision holds is the same on a leader and on a follower.
//   - After a failed commit nothing is acknowledged any more: every waiter gets [ErrFailed], and the owner opens anew. The store
//     never guesses whether the failed commit landed.
//   - Nobody's slowness holds the writer: watchers walk a shared list on their own, and one that lags too far is cut off.
//
// It knows no ECS rules: those are in package command. Engines (engines/pebble, engines/memory) know neither records nor
// commands, only keys and values. Package storetest holds what every engine must do.
package store

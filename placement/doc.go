// Package placement decides which instance a task goes to: filters in a fixed order, each able to say why it rejects an instance,
// then strategies that narrow what is left.
//
//	candidates ─▶ status ▶ agent ▶ launch type ▶ attributes ▶ cpu ▶ memory ▶ ports ▶ gpu ▶ distinctInstance ─▶ strategies ─▶ one
//
// It is pure: it reads a view and a request and returns a choice; the caller records it. Ties are broken by a hash of the
// request's seed and the instance's id, so the same question has the same answer everywhere. Constraints bind, strategies are
// best effort (semantics.md 4).
//
// The choice is made on the goroutine that decides every command: an instance that is passed over costs no memory, and texts are
// written only when nothing fits.
package placement

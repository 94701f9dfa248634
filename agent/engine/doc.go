// Package engine is everything that runs on one host: a supervisor per task, the queue they wait in for room, the
// clean-up after them, and the collection of their health and use. It takes orders as payload tasks and manifests and
// knows nothing of sockets.
//
// Room. ECS counts a stopping task's room as free at once, so the control plane may send a task for which the host has
// no room yet (semantics.md 4.3). Tasks therefore wait in one queue, first come first served, until the CPU, memory and
// host ports they claim are truly free, and say in their reason what they wait for.
//
// Memory. The engine's labels are the only database. Open finds the containers of this instance, rebuilds their
// supervisors and lets them report what happened meanwhile. A task that was acknowledged but of which nothing is left
// is noticed through the manifest: after a grace period it is reported STOPPED.
//
// Invariants: a claim is held from admission until the last container has stopped; a stopped task is removed only
// after the server has taken its STOPPED and the clean-up wait is over; callbacks never run with the lock held.
package engine

// Package report is how the agent tells the control plane what became of its tasks.
//
// A Change is what is new about one task. The Reporter sends the changes of a task in order, one at a time, and repeats
// each until the server has taken it: an answer is the only thing that ends a change, except for a request that the
// server calls invalid, which is dropped as Amazon's agent does (agent-protocol.md 3).
//
// Invariants: RUNNING is never skipped in favour of STOPPED; a change of containers alone waits a moment so that one
// call carries several, a change of the task's status goes at once and takes the waiting ones along; a server that is
// away costs no memory beyond the last few changes of each task.
package report

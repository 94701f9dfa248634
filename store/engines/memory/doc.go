// Package memory is an engine without a disk, for unit tests and simulations.
//
// A [Backing] is what the disk would be: it outlives the engines opened on it. Several engines on one Backing contend for the
// lead, fence each other and follow each other as servers on one etcd would, in one process and without waiting. A [Fault] hook
// decides the fate of each commit, so that tests can fail it before or after it became durable, or hold it.
//
// Invariant: an entry is in the Backing if and only if its commit was applied; a Backing is never changed otherwise.
package memory

// Package state holds every record of the control plane in memory: typed tables on copy-on-write B-trees, the indexes over
// them, and the ordered list of changes a command made.
//
//	View      the tables and indexes, with all reads
//	Snapshot  a published View: immutable, shared by any number of readers without a lock
//	Tx        a View being changed by one command, with its clock reading, its source of ids and an undo log
//
// Invariants:
//   - A record in a table is never modified; a change puts a new one.
//   - Indexes and usage are derived: they follow from the records alone and are never stored.
//   - Snapshot after Freeze shares its nodes with the working tables; either side copies a node before it writes to it.
//   - A Tx that is rolled back leaves the tables exactly as they were.
//
// It knows nothing of disks; package store makes changes durable, with the encoding in codec.go. It is pure: no clock, no
// randomness, no goroutine; iteration is always in key order.
package state

// Package pebble is the engine of a single server: one directory, written by github.com/cockroachdb/pebble, synced with every
// commit.
//
// The directory's lock is the lead: who holds it is the only server there is, so a lead is won at once and never lost, and there
// is no other leader to follow.
//
//	berth-format   the number of this layout, readable before pebble touches anything
//	*              pebble's files; keys of records begin with their table's number (1 and up)
//	  00 "format"    the layout again: ties the file to the data
//	  00 "revision"  of the last entry, written with each
//
// Pebble meets disk errors by ending the process, or by trying again while writers wait. Here they fail the engine instead: the
// commit on its way and all later ones get the error, and that pebble is cut off from the directory (see valve.go), so that the
// owner can open it anew; a full disk may have room by then.
package pebble

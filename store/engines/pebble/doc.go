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
// Pebble treats some disk errors as fatal and would end the process, or retries in the background while writers wait. Both become
// a failure of the engine instead: the commit on its way and all later ones get the error, and the owner closes it and opens anew
// (a full disk may have room by then). Where pebble cannot be shut down after such an error, the directory stays locked until the
// process ends, because two live instances on one directory would destroy it.
package pebble

// Package command holds one function per change that Berth permits. A command reads and writes through a [state.Tx], sees the
// effect of every command before it, and either changes everything it says or, with an error, nothing.
//
// Commands are pure: time and identifiers come from the Tx. They do not know who called over which protocol; what the caller may
// do at all is checked before, and what depends on the record (an agent acts for its own instance only) comes in as [Caller].
//
// Errors are *ecs.Error with ECS's exception and words.
package command

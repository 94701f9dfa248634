// Package facts reads and writes the table of facts the wire shapes are generated from: operations, structures, lists,
// maps, enums and limits of the ECS API, and nothing else (no prose).
//
// Two files make the table: facts.json, converted by factgen from the published API model, and facts_later.json, a
// small hand-written overlay of what came after that model. Load joins them and refuses a table that contradicts
// itself. The package knows nothing of Go code; gen does. It must not be imported outside api/ecs/wire.
package facts

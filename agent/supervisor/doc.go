// Package supervisor runs one task: it pulls, creates, starts and stops its containers in the right order and says what
// became of them.
//
// It has two layers. machine decides: it is told what happened (a pull ended, a container exited, a stop was asked for)
// and says what to do next; it has no goroutine, no clock and no engine. Supervisor is the goroutine around it: it owns
// the machine, carries out its actions against a runtime.Runtime, each in a goroutine of its own, and feeds the results
// back.
//
//	         ┌──────────── inbox ◀─── engine events, Admit, Stop, results ◀──┐
//	Supervisor ─▶ machine.apply ─▶ machine.changes ─▶ Config.Report           │
//	         └──▶ machine.next ──▶ actions ─▶ goroutines ─▶ runtime ──────────┘
//
// Every container takes the same way, forward only:
//
//	waiting ─▶ pulled ─▶ created ─▶ running ─▶ stopped
//
// Images are pulled and containers created as early as possible and in parallel; only the start waits for
// dependencies. A step that fails for good ends the container with a named reason; a step that failed because the engine
// is not reachable is repeated for ever.
//
// Invariants: at most one action per container is under way; a stopped task never runs again; when the last container
// has stopped and no action is under way the Supervisor ends by itself.
package supervisor

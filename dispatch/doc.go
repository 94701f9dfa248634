// Package dispatch is the server's end of the agent sessions: the ACS websocket, on which work goes down to an agent, and the TCS
// websocket, on which metrics and health come up (agent-protocol.md 6 to 10).
//
//	store ──watch──▶ Dispatcher.Run ──task ids──▶ session (one per connected agent) ──frames──▶ agent
//	  ▲                                             │
//	  └── ConnectAgent, DisconnectAgent, ReportHealth (package command)
//
// It decides nothing about placement and keeps no truth of its own: what an agent should have follows from the snapshot at any
// time. A change only names a task; the session reads the task anew and compares it with what it has sent.
//
// Goroutines: Run owns the one watch. Each websocket has a reader and a loop that alone owns the session's state and writes.
// A task costs no goroutine, a change costs one map look-up.
//
// Invariants:
//   - agentConnected of an instance is the state of its ACS session. A session that was replaced cannot change it any more: every
//     session acts under the token of its sequence block (command.Sequence).
//   - Sequence numbers of payloads and manifests grow over sessions, restarts and clock changes.
//   - A session is registered for changes before it reads its first snapshot, so that nothing falls between.
//   - One agent per identity. A newcomer whose predecessor still answers a heartbeat is refused and shown in the instance's
//     statusReason; one whose predecessor is silent replaces it. Letting the newcomer always win was rejected: two clones would
//     throw each other out for ever, and with them every credential and task of the instance.
package dispatch

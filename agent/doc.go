// Package agent is the node end of a cluster: `berth agent`. Run joins the cluster, takes up the tasks that the host
// already has and carries out what the control plane sends, until it is told to end.
//
//	Run ─▶ Docker answers ─▶ register ─▶ engine (resume) ─▶ session (ACS, TCS)
//	                                       │ changes              ▲ payloads
//	                                       └──▶ reporter ──▶ API  │
//
// The parts: agent/runtime (the container engine), agent/supervisor (one task), agent/engine (all tasks of a host),
// agent/report (state changes), agent/session (the wire). This package only puts them together, keeps the host's
// identity and says what the host can do.
//
// The data directory holds who the instance is and how far its messages went, never what it runs: that is in Docker's
// labels. One process at a time may use it.
//
// Nothing here exits because a peer is away: Docker and the server are both waited for, and the log says so. Run
// returns early only for what waiting cannot mend: a data directory that is in use or belongs to another cluster, and a
// registration the server refuses for good.
package agent

// Package session is the agent's side of the wire: the API calls an agent makes (Client) and the two websockets
// (Session), as agent-protocol.md has them. What is to be done with a payload is the business of the Engine it is
// given; so thousands of simulated agents in one process are thousands of Sessions with a cheap Engine.
//
//	Client    RegisterContainerInstance, DiscoverPollEndpoint, SubmitTaskStateChange
//	Session   ACS: payloads, manifests, credentials, heartbeats    TCS: health, metrics, instance status
//
// A Session holds five goroutines while it is connected and no global state. It never gives up: every ending of a
// connection leads to the next one, at once after an orderly close of a connection that had lived, with a growing,
// jittered pause otherwise. Two things are special: an instance that was deregistered makes it pause for long, and
// nothing that the server sends ends it.
//
// Differences from Amazon's agent, all within the protocol: verdicts of health checks go up at once, the peer is pinged
// so that a dead connection is noticed on both sides, and endpoints are asked for before every connection.
package session

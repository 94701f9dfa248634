// Package acs holds the messages of the agent protocol and their codec, for both ends of both websockets:
//
//	ACS  work and heartbeats come down, acknowledgements go up
//	TCS  metrics and health go up, acknowledgements come down
//
// Every frame is one JSON object {"type": NAME, "message": {…}}. Encode writes it, Decode reads it; the Go type of a
// message decides its name. Frames that a TCS client sends carry a signed header block before the JSON; that block
// belongs to api/sigv4 and must be cut off before Decode.
//
// The package knows no sockets, no signatures and no ECS rules: it neither checks ARNs nor orders messages.
//
// Invariants: Decode never panics and never keeps a reference to the frame it was given; a type it does not know is an
// *UnknownMessage and not an error, so that either side may be newer than the other; unknown members are ignored; a
// frame above MaxFrameBytes is refused before it is parsed.
package acs

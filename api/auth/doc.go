// Package auth says who a caller is and what that caller may do at all.
//
// An [Authenticator] turns a signed request, handshake or telemetry frame into
// a [Principal]; [Authorize] holds the principal against the operation. Whether
// a resource is the caller's own (an agent's instance, a task's protection) is
// for the code that knows the resource to decide; it answers with [Denied].
//
// There are three kinds of principal. Operators may do everything; the root key
// of the installation is one of them. Agents may do what a node needs. Tasks
// hold the short-lived credentials that [TaskCredentials] vends to them, of
// which nothing is stored: key id and secret follow from the session token and
// a key that only the server has.
//
// The package keeps no keys: it asks a [KeySource]. Secrets at rest are sealed
// by a [Sealer], whose key file is the one thing to guard beside the store.
//
// It must not know commands, state or the store, and must not log: a secret
// that is never formatted cannot leak.
//
// Invariants:
//
//   - No principal without a signature that verified.
//   - An unknown key, a revoked key and a forged token answer alike.
//   - Everything not allowed is denied; a zero Principal may do nothing.
package auth

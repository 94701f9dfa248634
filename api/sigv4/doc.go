// Package sigv4 signs and verifies AWS Signature Version 4 in the three forms
// Berth meets: HTTP requests, websocket handshakes and the signed frames of the
// agent's telemetry socket (TCS).
//
// It knows no keys, principals or operations: [Parse] reads what a request
// claims, the caller looks up the secret and judges region and service, and
// [Signature.Verify] proves or refutes the claim. It imports nothing of ours.
//
// Invariants:
//
//   - A request that verifies had host, its date and every X-Amz-* header under
//     the signature, a scope of the same day ending in aws4_request, a time
//     within [MaxSkew] of now, and the payload that was hashed.
//   - Signatures are compared in constant time.
//   - Derived signing keys are cached, bounded, and only after a signature made
//     with them was right, so that a stranger who knows a key id cannot fill
//     the cache.
//   - Every error is an [*Error] with the exception name and the sentence that
//     AWS clients know.
//
// The path is canonicalised as AWS does for all services but S3: the escaped
// path is escaped once more. Dot segments and double slashes are left alone,
// as in the Go SDK; no path Berth serves has any.
package sigv4

// Package awsjson is the front door of a service that speaks awsJson1.1, the JSON-over-POST protocol of Amazon ECS: it
// routes by the X-Amz-Target header, reads and decodes bodies, encodes answers and errors, gives every call a request
// id, and writes its one log line. A small [Client] for the same protocol, and page tokens, are here too.
//
// It knows no ECS: operations come in as a table, behaviour as handlers. It must not import anything of this module.
//
// # Wiring
//
//	mux := awsjson.New(awsjson.Config{
//		TargetPrefix: wire.TargetPrefix,
//		Operations:   operations, // name and NewInput of each
//		Authenticate: authenticator.Check,
//		Authorize:    authenticator.Allow,
//		Logger:       logger,
//	})
//	awsjson.Handle(mux, "RunTask", func(ctx context.Context, in *wire.RunTaskInput) (*wire.RunTaskOutput, error) { … })
//	http.Handle("/", mux)
//
// Register every handler before the first request; the mux has no lock.
//
// # The way of a request
//
// method and path → body, bounded in size and time → Authenticate → target → Authorize → decode → Validate, if the
// input has it → handler → encode. The first error ends the way. Every answer carries x-amzn-RequestId and the protocol's
// content type. An operation of the table without a handler answers UnsupportedFeatureException naming itself.
//
// # Errors
//
// A handler returns any error. If one in its chain is a [CodedError], its code and message go to the caller, with the
// status of StatusOf and, for a [DetailedError], more members. Anything else, a panic included, becomes a
// ServerException whose text tells nothing; the cause is in the log line, at level Error, under the request id. Handlers
// therefore never log what they return.
//
// # Invariants
//
// A panic never leaves ServeHTTP (except http.ErrAbortHandler) and never costs the connection. The body given to
// Authenticate lives in a pooled buffer and is gone when the hook returns; decoded inputs own their memory. Nothing is
// written to the client before the whole answer is encoded.
package awsjson

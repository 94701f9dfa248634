package auth

// The exception names this package answers with, besides those of sigv4
// (semantics.md 1).
const (
	CodeUnrecognizedClient = "UnrecognizedClientException"
	CodeExpiredToken       = "ExpiredTokenException"
	CodeAccessDenied       = "AccessDeniedException"
)

// Error is a refusal: an AWS exception name and its sentence, both meant for
// the caller.
type Error struct {
	Code    string // exception name
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrorCode is the exception name for the wire.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage is the sentence for the wire.
func (e *Error) ErrorMessage() string { return e.Message }

var (
	errUnrecognized = &Error{CodeUnrecognizedClient, "The security token included in the request is invalid."}
	errExpired      = &Error{CodeExpiredToken, "The security token included in the request is expired"}
)

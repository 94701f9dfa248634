package awsjson

import (
	"errors"
	"net/http"
)

// Codes this package raises itself, and the ones whose status is not 400.
const (
	CodeAccessDenied       = "AccessDeniedException"
	CodeServer             = "ServerException"
	CodeSerialization      = "SerializationException"
	CodeUnknownOperation   = "UnknownOperationException"
	CodeUnsupportedFeature = "UnsupportedFeatureException"
	CodeThrottling         = "ThrottlingException"
	CodeUnavailable        = "ServiceUnavailableException"
	CodeTooLarge           = "RequestEntityTooLargeException"
	CodeTimeout            = "RequestTimeoutException"
)

// textServer is what a caller learns of an error that is none of its business.
const textServer = "Service Unavailable. Please try again later."

// CodedError is an error meant for the caller: the exception's bare name and its text.
type CodedError interface {
	error
	ErrorCode() string
	ErrorMessage() string
}

// DetailedError adds members to the error body, such as resourceIds of ConflictException. The keys __type and message
// are taken.
type DetailedError interface {
	CodedError
	ErrorDetails() map[string]any
}

// Error is the plain CodedError. The server raises it for a broken envelope, the client returns it for every error
// answer.
type Error struct {
	Code      string // bare exception name
	Message   string
	Status    int    // HTTP status; for the server, 0 means StatusOf(Code)
	RequestID string // set by the client; "" if the answer had none

	closeConnection bool // the rest of the body is not worth reading
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Code + ": " + e.Message
	if e.RequestID != "" {
		text += " (request " + e.RequestID + ")"
	}
	return text
}

// ErrorCode is the bare exception name.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage is the text for the caller.
func (e *Error) ErrorMessage() string { return e.Message }

var statuses = map[string]int{
	CodeServer:      http.StatusInternalServerError,
	CodeUnavailable: http.StatusServiceUnavailable,
	CodeTooLarge:    http.StatusRequestEntityTooLarge,
	CodeTimeout:     http.StatusRequestTimeout,
}

// StatusOf is the HTTP status of an exception: 400 unless the table says otherwise.
// ECS: every modelled error is 400 except ServerException, throttling included, semantics.md 1.1.
func StatusOf(code string) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusBadRequest
}

// failure is what the caller and the log get to know of an error.
type failure struct {
	code, message   string
	status          int
	details         map[string]any
	closeConnection bool
}

func describe(err error) failure {
	var coded CodedError
	if !errors.As(err, &coded) {
		return failure{code: CodeServer, message: textServer, status: StatusOf(CodeServer)}
	}
	f := failure{code: coded.ErrorCode(), message: coded.ErrorMessage()}
	f.status = StatusOf(f.code)
	if own, ok := coded.(*Error); ok {
		f.closeConnection = own.closeConnection
		if own.Status != 0 {
			f.status = own.Status
		}
	}
	if detailed, ok := coded.(DetailedError); ok {
		f.details = detailed.ErrorDetails()
	}
	return f
}

// body is the JSON of the error answer. message is present even when empty: DeleteService of an unknown service has
// an empty one (semantics.md 1.3).
func (f failure) body() map[string]any {
	members := make(map[string]any, len(f.details)+2)
	for name, value := range f.details {
		members[name] = value
	}
	members["__type"], members["message"] = f.code, f.message
	return members
}

package sigv4

import (
	"fmt"
	"strings"
	"time"
)

// The exception names this package answers with (semantics.md 1).
const (
	CodeMissingAuthenticationToken = "MissingAuthenticationTokenException"
	CodeIncompleteSignature        = "IncompleteSignatureException"
	CodeInvalidSignature           = "InvalidSignatureException"
)

// maxEcho bounds how much of a client's own header an error repeats, in bytes.
const maxEcho = 1024

// Error is a refused signature: an AWS exception name and its sentence.
type Error struct {
	Code    string // exception name, one of the Code constants
	Message string // what AWS would say; safe to send to the client
}

// Error implements the error interface.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrorCode is the exception name for the wire.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage is the sentence for the wire.
func (e *Error) ErrorMessage() string { return e.Message }

func errMissingToken() *Error {
	return &Error{CodeMissingAuthenticationToken, "Missing Authentication Token"}
}

func errIncomplete(format string, args ...any) *Error {
	return &Error{CodeIncompleteSignature, fmt.Sprintf(format, args...)}
}

func errInvalid(format string, args ...any) *Error {
	return &Error{CodeInvalidSignature, fmt.Sprintf(format, args...)}
}

func errMismatch() *Error {
	return &Error{CodeInvalidSignature, "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}
}

func errUnsigned(header string) *Error {
	return errInvalid("'%s' must be a 'SignedHeader' in the AWS Authorization.", echo(header))
}

func errExpired(signed, now time.Time) *Error {
	return errInvalid("Signature expired: %s is now earlier than %s (%s - %d min.)",
		signed.Format(timeLayout), now.Add(-MaxSkew).Format(timeLayout), now.Format(timeLayout), int(MaxSkew.Minutes()))
}

func errNotYetCurrent(signed, now time.Time) *Error {
	return errInvalid("Signature not yet current: %s is still later than %s (%s + %d min.)",
		signed.Format(timeLayout), now.Add(MaxSkew).Format(timeLayout), now.Format(timeLayout), int(MaxSkew.Minutes()))
}

// echo makes client text fit to be repeated: bounded and valid UTF-8.
func echo(s string) string {
	if len(s) > maxEcho {
		s = s[:maxEcho] + "..."
	}
	return strings.ToValidUTF8(s, "?")
}

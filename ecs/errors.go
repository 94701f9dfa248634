package ecs

import "fmt"

// Error is an error of the ECS API: an exception's name and its message. Anything else that comes out of a handler is a
// ServerException.
type Error struct {
	Code    string
	Message string
	// ResourceIDs is filled for ConflictException only (semantics.md 1.1).
	ResourceIDs []string
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// ErrorCode is the exception's name, as it stands in __type.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage is the text shown to the client.
func (e *Error) ErrorMessage() string { return e.Message }

// ErrorDetails are further members of the error's body.
func (e *Error) ErrorDetails() map[string]any {
	if len(e.ResourceIDs) == 0 {
		return nil
	}
	return map[string]any{"resourceIds": e.ResourceIDs}
}

// ClientErrorf makes a ClientException.
func ClientErrorf(format string, args ...any) *Error {
	return &Error{Code: "ClientException", Message: fmt.Sprintf(format, args...)}
}

// InvalidParameterf makes an InvalidParameterException.
func InvalidParameterf(format string, args ...any) *Error {
	return &Error{Code: "InvalidParameterException", Message: fmt.Sprintf(format, args...)}
}

// Unsupportedf makes an UnsupportedFeatureException: what Berth refuses rather than ignores.
func Unsupportedf(format string, args ...any) *Error {
	return &Error{Code: "UnsupportedFeatureException", Message: fmt.Sprintf(format, args...)}
}

// AccessDeniedf makes an AccessDeniedException.
func AccessDeniedf(format string, args ...any) *Error {
	return &Error{Code: "AccessDeniedException", Message: fmt.Sprintf(format, args...)}
}

// The errors of clusters, with ECS's words (semantics.md 1.3).
var (
	ErrClusterNotFound = &Error{Code: "ClusterNotFoundException", Message: "Cluster not found."}
	ErrClusterInactive = &Error{Code: "ClusterNotFoundException", Message: "The referenced cluster was inactive."}
)

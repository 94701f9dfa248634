package runtime

import (
	"context"
	"errors"
	"strings"
)

// Names of container errors, as they stand before the colon in a container's reason (semantics.md 2.3).
const (
	CannotPullContainer     = "CannotPullContainerError"
	CannotPullImageManifest = "CannotPullImageManifestError"
	CannotCreateContainer   = "CannotCreateContainerError"
	CannotStartContainer    = "CannotStartContainerError"
	CannotStopContainer     = "CannotStopContainerError"
	CannotInspectContainer  = "CannotInspectContainerError"
	CannotListContainers    = "CannotListContainersError"
	CannotRemoveContainer   = "CannotRemoveContainerError"
	CannotCreateVolume      = "CannotCreateVolumeError"
	DockerTimeout           = "DockerTimeoutError"
	DockerState             = "DockerStateError"
	OutOfMemory             = "OutOfMemoryError"
	HostConfig              = "HostConfigError"
	DockerClientConfig      = "DockerClientConfigError"
	ResourceInitialization  = "ResourceInitializationError"
	TaskDependency          = "TaskDependencyError"
	ContainerVanished       = "ContainerVanishedError"
	UnsupportedImage        = "UnsupportedImageError"
)

// MaxReason is the longest container reason, in bytes.
const MaxReason = 1024

// ErrUnavailable is wrapped when the engine cannot be reached: try again later, nothing is known.
var ErrUnavailable = errors.New("container engine is not reachable")

// ErrNotFound is wrapped when the named container does not exist.
var ErrNotFound = errors.New("not found")

// Error is a failure with its ECS name.
type Error struct {
	// Name is one of the names above.
	Name string
	Err  error
}

// NewError gives an error its ECS name.
func NewError(name string, err error) *Error { return &Error{Name: name, Err: err} }

// Error is "Name: text".
func (e *Error) Error() string { return e.Name + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// IsUnavailable tells whether the engine could not be reached.
func IsUnavailable(err error) bool { return errors.Is(err, ErrUnavailable) }

// IsNotFound tells whether the container does not exist.
func IsNotFound(err error) bool { return errors.Is(err, ErrNotFound) }

// Reason is the error as a container's reason: "Name: text" on one line, at most MaxReason bytes. An error without a
// name gets the given one; a deadline becomes DockerTimeoutError.
func Reason(err error, name string) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	var named *Error
	switch {
	case errors.As(err, &named):
		text = named.Error()
		if errors.Is(err, context.DeadlineExceeded) && named.Name != CannotPullImageManifest {
			text = DockerTimeout + ": " + named.Err.Error()
		}
	case errors.Is(err, context.DeadlineExceeded):
		text = DockerTimeout + ": " + text
	default:
		text = name + ": " + text
	}
	return Clip(text, MaxReason)
}

// Clip makes a text one line of at most limit bytes, cutting between characters.
func Clip(text string, limit int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= limit {
		return text
	}
	const dots = "…"
	cut := limit - len(dots)
	for cut > 0 && text[cut]&0xC0 == 0x80 {
		cut--
	}
	return text[:cut] + dots
}

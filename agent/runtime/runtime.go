package runtime

import (
	"context"
	"time"
)

// Runtime is a whole container engine.
type Runtime interface {
	Host
	Images
	Containers
	Volumes
	Tasks
}

// Host tells about the engine and what happens in it.
type Host interface {
	// Info describes the engine. It fails with ErrUnavailable while the engine cannot be reached.
	Info(ctx context.Context) (Info, error)
	// Ping is the cheapest question whether the engine answers.
	Ping(ctx context.Context) error
	// Watch calls handle for every event of containers labelled LabelInstance=instance, in order, until ctx ends. It
	// reconnects by itself. The first event, and the first after every gap, is EventResync.
	Watch(ctx context.Context, instance string, handle func(Event))
	// Stats calls handle about once a second for a running container until ctx ends or the container stops.
	Stats(ctx context.Context, id string, handle func(Stats)) error
}

// Images fetches images.
type Images interface {
	// PullImage makes sure the image is on the host, as the policy says.
	PullImage(ctx context.Context, ref string, policy PullPolicy) (Image, error)
}

// Containers is the life of one container.
type Containers interface {
	// CreateContainer returns the id of the container called spec.Name, making it if needed.
	CreateContainer(ctx context.Context, spec Spec) (string, error)
	// StartContainer starts a created container; starting a running one is no error.
	StartContainer(ctx context.Context, id string) error
	// StopContainer sends the container's stop signal, waits up to timeout and kills it. It returns when the container
	// has stopped. A stopped or missing container is no error.
	StopContainer(ctx context.Context, id string, timeout time.Duration) error
	// InspectContainer returns the state; a missing container is an error for which IsNotFound holds.
	InspectContainer(ctx context.Context, id string) (State, error)
	// ListContainers returns the containers labelled LabelInstance=instance, running or not, in no order.
	ListContainers(ctx context.Context, instance string) ([]Container, error)
	// RemoveContainer removes a container and its anonymous volumes, killing it if it runs. A missing one is no error.
	RemoveContainer(ctx context.Context, id string) error
}

// Volumes is the life of a named volume.
type Volumes interface {
	// CreateVolume makes the volume; one of that name that exists is taken as it is.
	CreateVolume(ctx context.Context, v Volume) error
	// HasVolume tells whether a volume of that name exists.
	HasVolume(ctx context.Context, name string) (bool, error)
	// RemoveVolume removes it; a missing one is no error.
	RemoveVolume(ctx context.Context, name string) error
}

// Tasks holds what belongs to a task as a whole.
type Tasks interface {
	// SetTaskLimits makes a parent for the task's containers that limits them together and returns its name for
	// Spec.CgroupParent. It fails when Info.TaskLimits is false.
	SetTaskLimits(ctx context.Context, taskID string, limits Limits) (string, error)
	// ReleaseTask removes what SetTaskLimits made. Nothing to remove is no error.
	ReleaseTask(ctx context.Context, taskID string) error
}

// Info describes an engine.
type Info struct {
	// Version is the engine's own version (20.10.24), APIVersion the highest API it speaks (1.41).
	Version    string
	APIVersion string
	// CPUs and MemoryMiB are the host's.
	CPUs      int
	MemoryMiB int64
	// Architecture is x86_64 or arm64.
	Architecture string
	OSType       string
	// TaskLimits tells whether SetTaskLimits works here.
	TaskLimits bool
	// LogDrivers are the engine's logging drivers.
	LogDrivers []string
	// SecurityOptions are names such as apparmor, selinux, seccomp.
	SecurityOptions []string
}

// PullPolicy says when a registry is asked.
type PullPolicy string

// The policies of ECS_IMAGE_PULL_BEHAVIOR.
const (
	// PullDefault asks the registry and falls back to the local image. A local image that never came from a registry
	// is used at once.
	PullDefault PullPolicy = "default"
	// PullAlways asks the registry and fails when it does not answer.
	PullAlways PullPolicy = "always"
	// PullOnce and PullPreferCached use a local image if there is one.
	PullOnce         PullPolicy = "once"
	PullPreferCached PullPolicy = "prefer-cached"
)

// Image is an image on the host.
type Image struct {
	ID string
	// Digest is the registry's digest (sha256:…); empty when the image came from no registry.
	Digest string
	// Cached is true when no registry was asked because the policy wants it so; then no pull happened.
	Cached bool
}

// Volume describes a named volume to make.
type Volume struct {
	Name       string
	Driver     string
	DriverOpts map[string]string
	Labels     map[string]string
}

// Limits are a task's; zero is no limit.
type Limits struct {
	// CPUUnits is in 1/1024 of a core.
	CPUUnits  int64
	MemoryMiB int64
}

// EventKind says what happened.
type EventKind uint8

// Kinds of events.
const (
	// EventResync: events may have been missed; inspect what you supervise. No other member is set.
	EventResync EventKind = iota
	// EventExited: the container's process ended, or the container was removed.
	EventExited
	// EventHealth: Health has a new verdict.
	EventHealth
	// EventLost: the engine stopped answering. No other member is set.
	EventLost
)

// Event is one thing that happened to one container.
type Event struct {
	Kind        EventKind
	ContainerID string
	// Labels are the container's.
	Labels map[string]string
	Health Health
	At     time.Time
}

// Stats is one sample of a container's use. Counters count from the container's start.
type Stats struct {
	At            time.Time
	CPUNanos      uint64
	MemoryBytes   uint64
	Network       map[string]NetworkStats
	ReadBytes     uint64
	WriteBytes    uint64
	NetworkAbsent bool
}

// NetworkStats are the counters of one interface.
type NetworkStats struct {
	RxBytes, RxPackets, RxErrors, RxDropped uint64
	TxBytes, TxPackets, TxErrors, TxDropped uint64
}

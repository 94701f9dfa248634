package runtime

import "time"

// Labels of every container. The first group is what Amazon's agent sets; the second is the agent's memory.
const (
	LabelCluster       = "com.amazonaws.ecs.cluster"
	LabelContainerName = "com.amazonaws.ecs.container-name"
	LabelTaskARN       = "com.amazonaws.ecs.task-arn"
	LabelFamily        = "com.amazonaws.ecs.task-definition-family"
	LabelVersion       = "com.amazonaws.ecs.task-definition-version"

	// LabelInstance is the ARN of the container instance that owns the container.
	LabelInstance = "dev.berth.container-instance"
	// LabelTask is the task as the agent received it, without credentials, compressed.
	LabelTask = "dev.berth.task"
)

// Spec is a container to create.
type Spec struct {
	Name   string
	Image  string
	Labels map[string]string
	// Config and HostConfig are JSON texts in the Docker Engine's terms; the members below go on top. Empty is {}.
	Config     string
	HostConfig string
	// Env are NAME=value.
	Env        []string
	EntryPoint []string
	Command    []string
	// CPUShares below 2 become 2 (features.md B17.5).
	CPUShares int64
	// MemoryMiB is the hard limit; 0 is none.
	MemoryMiB int64
	// NetworkMode is bridge, host or none; what HostConfig says wins.
	NetworkMode string
	PIDMode     string
	IPCMode     string
	Privileged  bool
	Ports       []Port
	// Binds are "source:path[:ro]" with a host path or a volume name.
	Binds []string
	// VolumesFrom are "container id:ro|rw".
	VolumesFrom []string
	// Links are "container name:alias".
	Links []string
	// CgroupParent comes from SetTaskLimits; empty is the engine's default.
	CgroupParent string
	// HealthCheck keeps Config's health check; without it health checks are off, the image's too (B17.1).
	HealthCheck bool
}

// Port is a container port to publish, or a range of them.
type Port struct {
	// First and Last are equal for a single port.
	First, Last uint16
	// Host is the host port; 0 lets the host choose. A range always lets the host choose.
	Host uint16
	// Range marks a mapping that was given as a range and is reported as one.
	Range bool
	// Protocol is tcp or udp.
	Protocol string
}

// Binding is a published port, or a range of them.
type Binding struct {
	HostIP string
	// ContainerPort and HostPort are set for a single port, the ranges ("8000-8010") for a range.
	ContainerPort      uint16
	HostPort           uint16
	ContainerPortRange string
	HostPortRange      string
	Protocol           string
}

// Health is the verdict of a container's health check.
type Health string

// Verdicts.
const (
	HealthNone      Health = ""
	HealthStarting  Health = "starting"
	HealthHealthy   Health = "healthy"
	HealthUnhealthy Health = "unhealthy"
)

// Phase is how far a container has come.
type Phase uint8

// Phases of a container in the engine.
const (
	PhaseCreated Phase = iota
	PhaseRunning
	PhaseExited
)

// State is a container as the engine has it.
type State struct {
	ID    string
	Phase Phase
	// ExitCode is valid in PhaseExited when Started is true.
	ExitCode  int
	OOMKilled bool
	// Started tells whether the process ever ran.
	Started    bool
	StartedAt  time.Time
	FinishedAt time.Time
	// Error is the engine's text for a start that failed.
	Error    string
	Health   Health
	Bindings []Binding
}

// Container is an entry of a list.
type Container struct {
	ID     string
	Labels map[string]string
}

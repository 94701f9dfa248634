package ecs

// TaskID is the last part of a task's ARN: 32 lower-case hex digits, never used twice.
type TaskID string

// Status is a task's or a container's place in its life (semantics.md 2.1).
type Status string

// The states of a task, in order. A container knows PENDING, RUNNING and STOPPED only.
const (
	StatusProvisioning   Status = "PROVISIONING"
	StatusPending        Status = "PENDING"
	StatusActivating     Status = "ACTIVATING"
	StatusRunning        Status = "RUNNING"
	StatusDeactivating   Status = "DEACTIVATING"
	StatusStopping       Status = "STOPPING"
	StatusDeprovisioning Status = "DEPROVISIONING"
	StatusStopped        Status = "STOPPED"
)

var statusRank = map[Status]int{
	StatusProvisioning: 1, StatusPending: 2, StatusActivating: 3, StatusRunning: 4,
	StatusDeactivating: 5, StatusStopping: 6, StatusDeprovisioning: 7, StatusStopped: 8,
}

// Before reports whether s comes earlier in a life than o. A task's life only moves forward.
func (s Status) Before(o Status) bool { return statusRank[s] < statusRank[o] }

// StopCode tells why a task stopped (features.md D42).
type StopCode string

// The stop codes of ECS.
const (
	StopTaskFailedToStart         StopCode = "TaskFailedToStart"
	StopEssentialContainerExited  StopCode = "EssentialContainerExited"
	StopUserInitiated             StopCode = "UserInitiated"
	StopServiceSchedulerInitiated StopCode = "ServiceSchedulerInitiated"
	StopTerminationNotice         StopCode = "TerminationNotice"
)

// Health is the verdict of health checks.
type Health string

// The three verdicts.
const (
	HealthUnknown   Health = "UNKNOWN"
	HealthHealthy   Health = "HEALTHY"
	HealthUnhealthy Health = "UNHEALTHY"
)

// LaunchType is where a task runs.
type LaunchType string

// The launch types.
const (
	LaunchEC2      LaunchType = "EC2"
	LaunchFargate  LaunchType = "FARGATE"
	LaunchExternal LaunchType = "EXTERNAL"
)

// Connectivity is the state of the agent link of a task's instance.
type Connectivity string

// The two states of the link.
const (
	Connected    Connectivity = "CONNECTED"
	Disconnected Connectivity = "DISCONNECTED"
)

// NetworkBinding is a port of a container made reachable on its host.
type NetworkBinding struct {
	BindIP             string   `msg:"b"`
	ContainerPort      uint16   `msg:"c,omitempty"`
	HostPort           uint16   `msg:"h,omitempty"`
	Protocol           Protocol `msg:"p"`
	ContainerPortRange string   `msg:"cr,omitempty"`
	HostPortRange      string   `msg:"hr,omitempty"`
}

// Container is one container of a task as its agent reports it.
type Container struct {
	ID          string           `msg:"i"`
	Name        string           `msg:"n"`
	Image       string           `msg:"im"`
	ImageDigest string           `msg:"dg,omitempty"`
	RuntimeID   string           `msg:"r,omitempty"`
	LastStatus  Status           `msg:"s"`
	ExitCode    *int32           `msg:"x,omitempty"`
	Reason      string           `msg:"re,omitempty"`
	Bindings    []NetworkBinding `msg:"b,omitempty"`
	Health      Health           `msg:"h,omitempty"`
	GPUIDs      []string         `msg:"g,omitempty"`
}

// ContainerOverride changes one container of one task. ECS: features.md A.2.
type ContainerOverride struct {
	Name                 string                `msg:"n"`
	Command              []string              `msg:"c,omitempty"`
	HasCommand           bool                  `msg:"hc,omitempty"`
	Environment          []KeyValue            `msg:"e,omitempty"`
	EnvironmentFiles     []EnvironmentFile     `msg:"f,omitempty"`
	CPU                  *int32                `msg:"u,omitempty"`
	MemoryMiB            *int32                `msg:"m,omitempty"`
	MemoryReservationMiB *int32                `msg:"mr,omitempty"`
	ResourceRequirements []ResourceRequirement `msg:"r,omitempty"`
}

// TaskOverride changes a task's definition for one run.
type TaskOverride struct {
	Containers           []ContainerOverride            `msg:"c,omitempty"`
	CPU                  string                         `msg:"u,omitempty"`
	Memory               string                         `msg:"m,omitempty"`
	ExecutionRoleARN     string                         `msg:"x,omitempty"`
	TaskRoleARN          string                         `msg:"t,omitempty"`
	EphemeralStorageGiB  int32                          `msg:"s,omitempty"`
	InferenceAccelerator []InferenceAcceleratorOverride `msg:"i,omitempty"`
}

// InferenceAcceleratorOverride changes the type of a named accelerator.
type InferenceAcceleratorOverride struct {
	DeviceName string `msg:"n"`
	DeviceType string `msg:"t"`
}

// Container returns the override of a container, or nil.
func (o *TaskOverride) Container(name string) *ContainerOverride {
	if o == nil {
		return nil
	}
	for i := range o.Containers {
		if o.Containers[i].Name == name {
			return &o.Containers[i]
		}
	}
	return nil
}

// Task is a set of containers run together on one instance.
type Task struct {
	ID         TaskID     `msg:"i"`
	Cluster    string     `msg:"c"`
	Family     string     `msg:"f"`
	Revision   int32      `msg:"rv"`
	Instance   InstanceID `msg:"in,omitempty"`
	Group      string     `msg:"g"`
	StartedBy  string     `msg:"sb,omitempty"`
	Reference  string     `msg:"rf,omitempty"`
	LaunchType LaunchType `msg:"lt"`
	Zone       string     `msg:"z,omitempty"`

	CPU       string        `msg:"u,omitempty"`
	Memory    string        `msg:"m,omitempty"`
	Overrides *TaskOverride `msg:"o,omitempty"`
	Reserved  Reservation   `msg:"r"`

	// DesiredStatus is RUNNING or STOPPED and never returns from STOPPED; commands and controllers write it.
	// LastStatus, Health and Containers follow the agent's reports.
	DesiredStatus Status      `msg:"ds"`
	LastStatus    Status      `msg:"ls"`
	Containers    []Container `msg:"cs"`
	Health        Health      `msg:"h,omitempty"`

	Connectivity   Connectivity `msg:"cn,omitempty"`
	ConnectivityAt Time         `msg:"ct,omitempty"`

	CreatedAt          Time `msg:"t0"`
	PullStartedAt      Time `msg:"t1,omitempty"`
	PullStoppedAt      Time `msg:"t2,omitempty"`
	StartedAt          Time `msg:"t3,omitempty"`
	StoppingAt         Time `msg:"t4,omitempty"`
	ExecutionStoppedAt Time `msg:"t5,omitempty"`
	StoppedAt          Time `msg:"t6,omitempty"`

	StopCode      StopCode `msg:"sc,omitempty"`
	StoppedReason string   `msg:"sr,omitempty"`
	// PendingReason is what the agent says it is waiting for; shown while the task is PENDING.
	PendingReason string `msg:"pr,omitempty"`

	EnableExecuteCommand bool  `msg:"ex,omitempty"`
	Tags                 []Tag `msg:"tg,omitempty"`
	// Version grows by one with every change that makes an event (features.md B18.1); it starts at 1.
	Version int64 `msg:"v"`
	// ClientToken and its request digest make RunTask idempotent (semantics.md 1.8).
	ClientToken   string `msg:"tk,omitempty"`
	RequestDigest string `msg:"td,omitempty"`
	// CredentialsID names the role credentials sent to the agent; they are refreshed under the same name.
	CredentialsID          string `msg:"ci,omitempty"`
	ExecutionCredentialsID string `msg:"ce,omitempty"`

	// CapacityProvider is the provider a strategy gave the task to; "" when it was started by launch type. StrategyDigest tells
	// tasks of the same strategy, which share its ratio, from others.
	CapacityProvider string `msg:"cp,omitempty"`
	StrategyDigest   string `msg:"sg,omitempty"`
	// Waiting is there as long as the task is PROVISIONING without an instance.
	Waiting *Waiting `msg:"w,omitempty"`
}

// Active reports whether the task counts against its instance: it was placed and nobody asked it to stop.
// ECS frees CPU, memory and ports as soon as a task begins to stop (semantics.md 4.3).
func (t *Task) Active() bool {
	return t.DesiredStatus == StatusRunning && t.LastStatus != StatusStopped
}

// ContainerIndex returns the place of a named container, or -1.
func (t *Task) ContainerIndex(name string) int {
	for i := range t.Containers {
		if t.Containers[i].Name == name {
			return i
		}
	}
	return -1
}

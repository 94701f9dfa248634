package ecs

// TaskDefinitionStatus is ACTIVE or INACTIVE (features.md A.4).
type TaskDefinitionStatus string

// The states of a revision.
const (
	TaskDefinitionActive   TaskDefinitionStatus = "ACTIVE"
	TaskDefinitionInactive TaskDefinitionStatus = "INACTIVE"
)

// NetworkMode is how a task's containers are networked (features.md B12).
type NetworkMode string

// The network modes. The zero value means the default, bridge, and is echoed as absent.
const (
	NetworkBridge NetworkMode = "bridge"
	NetworkHost   NetworkMode = "host"
	NetworkAWSVPC NetworkMode = "awsvpc"
	NetworkNone   NetworkMode = "none"
)

// PlacementConstraint narrows the instances a task may be placed on (features.md A.2).
type PlacementConstraint struct {
	Type       string `msg:"t"`
	Expression string `msg:"e,omitempty"`
}

// RuntimePlatform is the processor and operating system a task needs.
type RuntimePlatform struct {
	CPUArchitecture       string `msg:"c,omitempty"`
	OperatingSystemFamily string `msg:"o,omitempty"`
}

// InferenceAccelerator is a named Elastic Inference device.
type InferenceAccelerator struct {
	DeviceName string `msg:"n"`
	DeviceType string `msg:"t"`
}

// ProxyConfiguration is the App Mesh proxy of a task (features.md B19).
type ProxyConfiguration struct {
	Type          string     `msg:"t,omitempty"`
	ContainerName string     `msg:"c"`
	Properties    []KeyValue `msg:"p,omitempty,allownil"`
}

// TaskDefinition is one revision of a family.
type TaskDefinition struct {
	Family                  string                `msg:"f"`
	Revision                int32                 `msg:"r"`
	Status                  TaskDefinitionStatus  `msg:"s"`
	TaskRoleARN             string                `msg:"tr,omitempty"`
	ExecutionRoleARN        string                `msg:"er,omitempty"`
	NetworkMode             NetworkMode           `msg:"nm,omitempty"`
	Containers              []ContainerDefinition `msg:"c"`
	Volumes                 []Volume              `msg:"v,omitempty"`
	PlacementConstraints    []PlacementConstraint `msg:"pc,omitempty"`
	RequiresCompatibilities []string              `msg:"rc,omitempty,allownil"`
	Compatibilities         []string              `msg:"co,omitempty"`
	RequiresAttributes      []Attribute           `msg:"ra,omitempty"`
	// CPU and Memory are unit strings ("1024", "2048") or "" (semantics.md 1.7).
	CPU                   string                 `msg:"u,omitempty"`
	Memory                string                 `msg:"m,omitempty"`
	PIDMode               string                 `msg:"pm,omitempty"`
	IPCMode               string                 `msg:"im,omitempty"`
	Proxy                 *ProxyConfiguration    `msg:"px,omitempty"`
	InferenceAccelerators []InferenceAccelerator `msg:"ia,omitempty,allownil"`
	EphemeralStorageGiB   int32                  `msg:"es,omitempty"`
	Platform              *RuntimePlatform       `msg:"pl,omitempty"`
	RegisteredAt          Time                   `msg:"ta"`
	DeregisteredAt        Time                   `msg:"td,omitempty"`
	RegisteredBy          string                 `msg:"by,omitempty"`
	Tags                  []Tag                  `msg:"tg,omitempty"`
}

// Container returns the definition of a named container, or nil.
func (d *TaskDefinition) Container(name string) *ContainerDefinition {
	for i := range d.Containers {
		if d.Containers[i].Name == name {
			return &d.Containers[i]
		}
	}
	return nil
}

// Network is the effective network mode: bridge when none was given.
func (d *TaskDefinition) Network() NetworkMode {
	if d.NetworkMode == "" {
		return NetworkBridge
	}
	return d.NetworkMode
}

// Family counts the revisions of a family: a number is never used twice, also not after a deletion (features.md C39).
type Family struct {
	Name         string `msg:"n"`
	LastRevision int32  `msg:"l"`
}

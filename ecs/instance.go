package ecs

// InstanceID is the last part of a container instance's ARN: 32 lower-case hex digits.
type InstanceID string

// InstanceStatus is the state of a container instance. ECS: features.md B2.5.
type InstanceStatus string

// The states of a container instance.
const (
	InstanceActive   InstanceStatus = "ACTIVE"
	InstanceDraining InstanceStatus = "DRAINING"
	InstanceInactive InstanceStatus = "INACTIVE"
)

// Resource is one amount of an instance: CPU and MEMORY are integers, PORTS, PORTS_UDP and GPU are sets of strings.
type Resource struct {
	Name    string   `msg:"n"`
	Type    string   `msg:"t"`
	Integer int64    `msg:"i,omitempty"`
	Double  float64  `msg:"d,omitempty"`
	Set     []string `msg:"s,omitempty"`
}

// VersionInfo tells what runs on an instance. The amazon-ecs-agent sends it only with its websocket (agent-protocol.md 4).
type VersionInfo struct {
	AgentVersion  string `msg:"a,omitempty"`
	AgentHash     string `msg:"h,omitempty"`
	DockerVersion string `msg:"d,omitempty"`
}

// Instance is a registered container instance.
type Instance struct {
	ID             InstanceID     `msg:"i"`
	Cluster        string         `msg:"c"`
	EC2InstanceID  string         `msg:"e,omitempty"`
	Status         InstanceStatus `msg:"s"`
	StatusReason   string         `msg:"sr,omitempty"`
	AgentConnected bool           `msg:"ac,omitempty"`
	ConnectedAt    Time           `msg:"ca,omitempty"`
	DisconnectedAt Time           `msg:"da,omitempty"`
	RegisteredAt   Time           `msg:"ra"`
	InactiveAt     Time           `msg:"ia,omitempty"`
	VersionInfo    VersionInfo    `msg:"v"`
	// Capacity is what placement may give away: totals less what the agent reserved.
	CPUUnits  int64 `msg:"cpu"`
	MemoryMiB int64 `msg:"mem"`
	// ReservedPorts can never be given to a task; the six of features.md C56 are always among them.
	ReservedPorts []HostPort  `msg:"rp,omitempty"`
	GPUIDs        []string    `msg:"gpu,omitempty"`
	Custom        []Resource  `msg:"cr,omitempty"`
	Attributes    []Attribute `msg:"at,omitempty"`
	Tags          []Tag       `msg:"tg,omitempty"`
	// Version grows by one with every change that makes an event (features.md B2.12).
	Version int64 `msg:"ver"`
	// Owner is the access key that registered it: an agent's key may act only for its own instances.
	Owner string `msg:"o,omitempty"`
	// ClientToken of the registration, so that a retry does not make a second instance.
	ClientToken string `msg:"ct,omitempty"`
	// Sequence is the highest sequence number sent in a payload or manifest; it never goes back (agent-protocol.md 8).
	Sequence int64 `msg:"sq,omitempty"`
	// PutNames are the attributes whose values were set by PutAttributes: what the agent says of them does not count any more.
	PutNames []string `msg:"pn,omitempty"`
}

// ExternalAttribute marks an instance for tasks of launch type EXTERNAL only.
const ExternalAttribute = "ecs.capability.external"

// External reports whether the instance came without an EC2 identity (ECS Anywhere): its tasks have launch type EXTERNAL.
func (i *Instance) External() bool {
	_, ok := i.Attribute(ExternalAttribute)
	return ok
}

// Attribute returns the value of a named attribute.
func (i *Instance) Attribute(name string) (value string, ok bool) {
	for k := range i.Attributes {
		if i.Attributes[k].Name == name {
			return i.Attributes[k].Value, true
		}
	}
	return "", false
}

// Zone is the availability zone the instance said it is in, or "".
func (i *Instance) Zone() string {
	v, _ := i.Attribute("ecs.availability-zone")
	return v
}

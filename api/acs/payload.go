package acs

// PayloadMessage brings tasks to run and to stop. Its first three members are required: an agent drops a payload
// without them and answers nothing.
type PayloadMessage struct {
	MessageID            string `json:"messageId"`
	ClusterARN           string `json:"clusterArn"`
	ContainerInstanceARN string `json:"containerInstanceArn"`
	// GeneratedAt is in milliseconds since 1970.
	GeneratedAt int64 `json:"generatedAt,omitzero"`
	// SeqNum shares one ever-growing sequence with TaskManifestMessage.Timeline.
	SeqNum int64  `json:"seqNum"`
	Tasks  []Task `json:"tasks"`
}

// Values of Task.DesiredStatus.
const (
	StatusRunning = "RUNNING"
	StatusStopped = "STOPPED"
)

// Task is one task of a payload. To stop a task, ARN and DesiredStatus are enough.
type Task struct {
	ARN                   string `json:"arn"`
	TaskClusterARN        string `json:"taskClusterArn,omitzero"`
	TaskDefinitionAccount string `json:"taskDefinitionAccountId,omitzero"`
	Family                string `json:"family,omitzero"`
	// Version is the revision, as text.
	Version string `json:"version,omitzero"`
	// DesiredStatus is StatusRunning or StatusStopped.
	DesiredStatus string `json:"desiredStatus"`
	// CPU is the task's limit in vCPUs (0.25, not 256); 0 is none.
	CPU float64 `json:"cpu,omitzero"`
	// Memory is the task's limit in MiB; 0 is none.
	Memory int64 `json:"memory,omitzero"`
	// NetworkMode is bridge, host, none or awsvpc.
	NetworkMode string `json:"networkMode,omitzero"`
	// PIDMode is host or task; empty is private.
	PIDMode string `json:"pidMode,omitzero"`
	// IPCMode is host, task or none; empty is the daemon's default.
	IPCMode                  string                    `json:"ipcMode,omitzero"`
	RoleCredentials          *RoleCredentials          `json:"roleCredentials,omitzero"`
	ExecutionRoleCredentials *RoleCredentials          `json:"executionRoleCredentials,omitzero"`
	Volumes                  []Volume                  `json:"volumes,omitempty"`
	Containers               []Container               `json:"containers,omitempty"`
	ElasticNetworkInterfaces []ElasticNetworkInterface `json:"elasticNetworkInterfaces,omitempty"`
	ProxyConfiguration       *ProxyConfiguration       `json:"proxyConfiguration,omitzero"`
	Attachments              []Attachment              `json:"attachments,omitempty"`
	Associations             []Association             `json:"associations,omitempty"`
	EnableFaultInjection     bool                      `json:"enableFaultInjection,omitzero"`
	LaunchType               string                    `json:"launchType,omitzero"`
	Group                    string                    `json:"group,omitzero"`
	ServiceName              string                    `json:"serviceName,omitzero"`
	// Overrides is a JSON text; agents ignore it at task level.
	Overrides string `json:"overrides,omitzero"`
}

// Association gives a device to one container of the task.
type Association struct {
	// Type is gpu or elastic-inference.
	Type string `json:"type"`
	// Name is the device id.
	Name       string              `json:"name"`
	Containers []string            `json:"containers"`
	Content    *AssociationContent `json:"content,omitzero"`
}

// AssociationContent is opaque to the agent.
type AssociationContent struct {
	Encoding string `json:"encoding"`
	Value    string `json:"value"`
}

// ProxyConfiguration is the APPMESH proxy of an awsvpc task.
type ProxyConfiguration struct {
	Type          string            `json:"type"`
	ContainerName string            `json:"containerName"`
	Properties    map[string]string `json:"properties,omitempty"`
}

// Volume is a named volume of the task; the member that belongs to Type is set.
type Volume struct {
	Name string `json:"name"`
	// Type is host, docker, efs or fsxWindowsFileServer.
	Type                 string                      `json:"type,omitzero"`
	Host                 *HostVolume                 `json:"host,omitzero"`
	Docker               *DockerVolume               `json:"dockerVolumeConfiguration,omitzero"`
	EFS                  *EFSVolume                  `json:"efsVolumeConfiguration,omitzero"`
	FSxWindowsFileServer *FSxWindowsFileServerVolume `json:"fsxWindowsFileServerVolumeConfiguration,omitzero"`
}

// HostVolume is a path of the host; an empty path asks Docker for a volume that lives as long as the task.
type HostVolume struct {
	SourcePath string `json:"sourcePath,omitzero"`
}

// DockerVolume is a volume made by a Docker volume driver.
type DockerVolume struct {
	// Scope is task (removed with the task) or shared (kept).
	Scope string `json:"scope,omitzero"`
	// Autoprovision makes a shared volume that does not exist.
	Autoprovision bool              `json:"autoprovision,omitzero"`
	Driver        string            `json:"driver,omitzero"`
	DriverOpts    map[string]string `json:"driverOpts,omitempty"`
	Labels        map[string]string `json:"labels,omitempty"`
}

// EFSVolume is an NFS file system.
type EFSVolume struct {
	FileSystemID          string                  `json:"fileSystemId"`
	RootDirectory         string                  `json:"rootDirectory,omitzero"`
	TransitEncryption     string                  `json:"transitEncryption,omitzero"`
	TransitEncryptionPort int64                   `json:"transitEncryptionPort,omitzero"`
	AuthorizationConfig   *EFSAuthorizationConfig `json:"authorizationConfig,omitzero"`
}

// EFSAuthorizationConfig is how an EFSVolume is accessed.
type EFSAuthorizationConfig struct {
	AccessPointID string `json:"accessPointId,omitzero"`
	IAM           string `json:"iam,omitzero"`
}

// FSxWindowsFileServerVolume is a Windows share.
type FSxWindowsFileServerVolume struct {
	FileSystemID        string                  `json:"fileSystemId"`
	RootDirectory       string                  `json:"rootDirectory"`
	AuthorizationConfig *FSxAuthorizationConfig `json:"authorizationConfig,omitzero"`
}

// FSxAuthorizationConfig is how an FSxWindowsFileServerVolume is accessed.
type FSxAuthorizationConfig struct {
	CredentialsParameter string `json:"credentialsParameter"`
	Domain               string `json:"domain"`
}

// MessageType is the envelope's name for the message.
func (PayloadMessage) MessageType() string { return "PayloadMessage" }

func init() { register[PayloadMessage]() }

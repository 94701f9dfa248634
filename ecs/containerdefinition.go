package ecs

// PortMapping makes a container's port reachable (features.md B14). Exactly one of ContainerPort and ContainerPortRange is set.
type PortMapping struct {
	ContainerPort      uint16   `msg:"c,omitempty"`
	HostPort           uint16   `msg:"h,omitempty"`
	Protocol           Protocol `msg:"p"`
	Name               string   `msg:"n,omitempty"`
	AppProtocol        string   `msg:"a,omitempty"`
	ContainerPortRange string   `msg:"r,omitempty"`
}

// EnvironmentFile names a file of variables.
type EnvironmentFile struct {
	Value string `msg:"v"`
	Type  string `msg:"t"`
}

// ResourceRequirement asks for GPUs or Elastic Inference devices.
type ResourceRequirement struct {
	Type  string `msg:"t"`
	Value string `msg:"v"`
}

// MountPoint puts a volume into a container.
type MountPoint struct {
	SourceVolume  string `msg:"s,omitempty"`
	ContainerPath string `msg:"p,omitempty"`
	ReadOnly      *bool  `msg:"r,omitempty"`
}

// VolumeFrom takes over another container's mounts.
type VolumeFrom struct {
	SourceContainer string `msg:"s,omitempty"`
	ReadOnly        *bool  `msg:"r,omitempty"`
}

// Dependency is one condition on another container of the task (features.md B17.3).
type Dependency struct {
	Container string `msg:"n"`
	Condition string `msg:"c"`
}

// The conditions of a dependency.
const (
	ConditionStart    = "START"
	ConditionComplete = "COMPLETE"
	ConditionSuccess  = "SUCCESS"
	ConditionHealthy  = "HEALTHY"
)

// Secret is a variable or log option whose value is kept elsewhere.
type Secret struct {
	Name      string `msg:"n"`
	ValueFrom string `msg:"v"`
}

// LogConfiguration chooses a Docker log driver.
type LogConfiguration struct {
	Driver        string            `msg:"d"`
	Options       map[string]string `msg:"o,omitempty"`
	SecretOptions []Secret          `msg:"s,omitempty,allownil"`
}

// HealthCheck is run inside the container; times are in seconds (features.md C42).
type HealthCheck struct {
	Command     []string `msg:"c"`
	Interval    int32    `msg:"i"`
	Timeout     int32    `msg:"t"`
	Retries     int32    `msg:"r"`
	StartPeriod *int32   `msg:"s,omitempty"`
}

// Ulimit is a limit of the container's processes.
type Ulimit struct {
	Name string `msg:"n"`
	Soft int64  `msg:"s"`
	Hard int64  `msg:"h"`
}

// Device is a host device shown to a container.
type Device struct {
	HostPath      string   `msg:"h"`
	ContainerPath string   `msg:"c,omitempty"`
	Permissions   []string `msg:"p,omitempty,allownil"`
}

// Tmpfs is an in-memory mount; Size is in MiB.
type Tmpfs struct {
	ContainerPath string   `msg:"c"`
	SizeMiB       int32    `msg:"s"`
	MountOptions  []string `msg:"o,omitempty,allownil"`
}

// LinuxParameters are the Linux-only settings of a container.
type LinuxParameters struct {
	HasCapabilities     bool     `msg:"hc,omitempty"`
	CapabilitiesAdd     []string `msg:"ca,omitempty,allownil"`
	CapabilitiesDrop    []string `msg:"cd,omitempty,allownil"`
	Devices             []Device `msg:"d,omitempty,allownil"`
	InitProcessEnabled  *bool    `msg:"i,omitempty"`
	SharedMemorySizeMiB *int32   `msg:"s,omitempty"`
	Tmpfs               []Tmpfs  `msg:"t,omitempty,allownil"`
	MaxSwapMiB          *int32   `msg:"m,omitempty"`
	Swappiness          *int32   `msg:"w,omitempty"`
}

// Firelens makes a container the log router of its task.
type Firelens struct {
	Type    string            `msg:"t"`
	Options map[string]string `msg:"o,omitempty"`
}

// HostEntry is a line of /etc/hosts.
type HostEntry struct {
	Hostname  string `msg:"h"`
	IPAddress string `msg:"i"`
}

// ContainerDefinition is one container of a task definition (features.md A.5). Pointers, and lists that are stored with
// allownil, are echoed only when given; an empty list that was given stays empty.
type ContainerDefinition struct {
	Name                   string                `msg:"n"`
	Image                  string                `msg:"im"`
	RepositoryCredentials  string                `msg:"rc,omitempty"`
	CPUUnits               int32                 `msg:"u"`
	MemoryMiB              int32                 `msg:"m,omitempty"`
	MemoryReservationMiB   int32                 `msg:"mr,omitempty"`
	Links                  []string              `msg:"l,omitempty,allownil"`
	PortMappings           []PortMapping         `msg:"p,omitempty"`
	Essential              bool                  `msg:"e"`
	EntryPoint             []string              `msg:"ep,omitempty,allownil"`
	Command                []string              `msg:"c,omitempty,allownil"`
	Environment            []KeyValue            `msg:"ev,omitempty"`
	EnvironmentFiles       []EnvironmentFile     `msg:"ef,omitempty,allownil"`
	MountPoints            []MountPoint          `msg:"mp,omitempty"`
	VolumesFrom            []VolumeFrom          `msg:"vf,omitempty"`
	Linux                  *LinuxParameters      `msg:"lp,omitempty"`
	Secrets                []Secret              `msg:"se,omitempty,allownil"`
	DependsOn              []Dependency          `msg:"do,omitempty,allownil"`
	StartTimeout           *int32                `msg:"st,omitempty"`
	StopTimeout            *int32                `msg:"sp,omitempty"`
	Hostname               string                `msg:"h,omitempty"`
	User                   string                `msg:"us,omitempty"`
	WorkingDirectory       string                `msg:"w,omitempty"`
	DisableNetworking      *bool                 `msg:"dn,omitempty"`
	Privileged             *bool                 `msg:"pv,omitempty"`
	ReadonlyRootFilesystem *bool                 `msg:"ro,omitempty"`
	DNSServers             []string              `msg:"ds,omitempty,allownil"`
	DNSSearchDomains       []string              `msg:"dd,omitempty,allownil"`
	ExtraHosts             []HostEntry           `msg:"eh,omitempty,allownil"`
	DockerSecurityOptions  []string              `msg:"so,omitempty,allownil"`
	Interactive            *bool                 `msg:"ia,omitempty"`
	PseudoTerminal         *bool                 `msg:"pt,omitempty"`
	DockerLabels           map[string]string     `msg:"dl,omitempty"`
	Ulimits                []Ulimit              `msg:"ul,omitempty,allownil"`
	Log                    *LogConfiguration     `msg:"lc,omitempty"`
	HealthCheck            *HealthCheck          `msg:"hk,omitempty"`
	SystemControls         []KeyValue            `msg:"sc,omitempty"`
	ResourceRequirements   []ResourceRequirement `msg:"rr,omitempty,allownil"`
	Firelens               *Firelens             `msg:"fl,omitempty"`
}

package acs

// Container is one container of a payload's task. Overrides are already merged in by the server.
type Container struct {
	Name         string `json:"name"`
	ContainerARN string `json:"containerArn,omitzero"`
	Image        string `json:"image"`
	// CPU is in shares (1024 per vCPU).
	CPU int64 `json:"cpu,omitzero"`
	// Memory is the hard limit in MiB; 0 is none.
	Memory     int64    `json:"memory,omitzero"`
	Essential  bool     `json:"essential"`
	EntryPoint []string `json:"entryPoint,omitempty"`
	Command    []string `json:"command,omitempty"`
	// Environment is an object name → value.
	Environment      map[string]string `json:"environment,omitempty"`
	EnvironmentFiles []EnvironmentFile `json:"environmentFiles,omitempty"`
	// Links are "container" or "container:alias".
	Links        []string      `json:"links,omitempty"`
	PortMappings []PortMapping `json:"portMappings,omitempty"`
	MountPoints  []MountPoint  `json:"mountPoints,omitempty"`
	VolumesFrom  []VolumeFrom  `json:"volumesFrom,omitempty"`
	DependsOn    []Dependency  `json:"dependsOn,omitempty"`
	// StartTimeout and StopTimeout are in seconds; 0 is the agent's default.
	StartTimeout int64 `json:"startTimeout,omitzero"`
	StopTimeout  int64 `json:"stopTimeout,omitzero"`
	// HealthCheckType is "docker" when dockerConfig.config has a Healthcheck; else empty.
	HealthCheckType string        `json:"healthCheckType,omitzero"`
	DockerConfig    *DockerConfig `json:"dockerConfig,omitzero"`
	// Overrides is a JSON text of an object that may hold nothing but the key "command".
	Overrides              string                  `json:"overrides,omitzero"`
	Secrets                []Secret                `json:"secrets,omitempty"`
	RegistryAuthentication *RegistryAuthentication `json:"registryAuthentication,omitzero"`
	// LogsAuthStrategy is ExecutionRole or empty.
	LogsAuthStrategy      string                 `json:"logsAuthStrategy,omitzero"`
	FirelensConfiguration *FirelensConfiguration `json:"firelensConfiguration,omitzero"`
	RestartPolicy         *RestartPolicy         `json:"restartPolicy,omitzero"`
	ManagedAgents         []ManagedAgent         `json:"managedAgents,omitempty"`
	CredentialSpecs       []string               `json:"credentialSpecs,omitempty"`
	// Privileged and NetworkInterfaceNames are in the message model but no agent reads them: hostConfig has it.
	Privileged            bool     `json:"privileged,omitzero"`
	NetworkInterfaceNames []string `json:"networkInterfaceNames,omitempty"`
}

// DockerConfig carries two JSON texts in the Docker Engine's own terms.
type DockerConfig struct {
	// Version is the Docker API version the texts are written for, such as 1.17.
	Version string `json:"version,omitzero"`
	// Config is a container Config: User, WorkingDir, Hostname, Healthcheck, Labels, Tty, OpenStdin, StopSignal.
	Config string `json:"config,omitzero"`
	// HostConfig is a HostConfig: NetworkMode, LogConfig, CapAdd, Ulimits and so on; sizes in bytes.
	HostConfig string `json:"hostConfig,omitzero"`
}

// PortMapping is a port, or a range of ports, of a container.
type PortMapping struct {
	ContainerPort int64 `json:"containerPort,omitzero"`
	// HostPort 0 lets the agent choose.
	HostPort int64 `json:"hostPort,omitzero"`
	// Protocol is tcp or udp; empty is tcp.
	Protocol string `json:"protocol,omitzero"`
	// ContainerPortRange is "first-last" and excludes ContainerPort.
	ContainerPortRange string `json:"containerPortRange,omitzero"`
}

// MountPoint mounts a volume of the task.
type MountPoint struct {
	SourceVolume  string `json:"sourceVolume"`
	ContainerPath string `json:"containerPath"`
	ReadOnly      bool   `json:"readOnly,omitzero"`
}

// VolumeFrom mounts all volumes of another container of the task.
type VolumeFrom struct {
	SourceContainer string `json:"sourceContainer"`
	ReadOnly        bool   `json:"readOnly,omitzero"`
}

// Values of Dependency.Condition.
const (
	ConditionStart    = "START"
	ConditionComplete = "COMPLETE"
	ConditionSuccess  = "SUCCESS"
	ConditionHealthy  = "HEALTHY"
)

// Dependency holds a container back until another one has reached a condition.
type Dependency struct {
	ContainerName string `json:"containerName"`
	Condition     string `json:"condition"`
}

// EnvironmentFile is a file of variables, fetched by the agent.
type EnvironmentFile struct {
	Value string `json:"value"`
	Type  string `json:"type"`
}

// Secret is a value the agent fetches with the execution role.
type Secret struct {
	Name      string `json:"name"`
	ValueFrom string `json:"valueFrom"`
	// Provider is ssm or asm.
	Provider string `json:"provider,omitzero"`
	Region   string `json:"region,omitzero"`
	// Type is ENVIRONMENT_VARIABLE; Target is CONTAINER or LOG_DRIVER.
	Type          string `json:"type,omitzero"`
	Target        string `json:"target,omitzero"`
	ContainerPath string `json:"containerPath,omitzero"`
}

// RegistryAuthentication says how to log in to the image's registry.
type RegistryAuthentication struct {
	// Type is ecr or asm.
	Type string       `json:"type"`
	ECR  *ECRAuthData `json:"ecrAuthData,omitzero"`
	ASM  *ASMAuthData `json:"asmAuthData,omitzero"`
}

// ECRAuthData belongs to type ecr.
type ECRAuthData struct {
	Region           string `json:"region,omitzero"`
	RegistryID       string `json:"registryId,omitzero"`
	UseExecutionRole bool   `json:"useExecutionRole,omitzero"`
	EndpointOverride string `json:"endpointOverride,omitzero"`
}

// ASMAuthData belongs to type asm.
type ASMAuthData struct {
	CredentialsParameter string `json:"credentialsParameter"`
	Region               string `json:"region,omitzero"`
}

// FirelensConfiguration marks the log router.
type FirelensConfiguration struct {
	Type    string            `json:"type"`
	Options map[string]string `json:"options,omitempty"`
}

// RestartPolicy lets the agent restart a container in place.
type RestartPolicy struct {
	Enabled          bool    `json:"enabled"`
	IgnoredExitCodes []int64 `json:"ignoredExitCodes,omitempty"`
	// RestartAttemptPeriod is in seconds.
	RestartAttemptPeriod int64 `json:"restartAttemptPeriod,omitzero"`
}

// ManagedAgent is a helper process inside the container, such as ExecuteCommandAgent.
type ManagedAgent struct {
	Name       string            `json:"name"`
	Properties map[string]string `json:"properties,omitempty"`
}

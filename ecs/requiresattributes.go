package ecs

import (
	"slices"
	"strings"
)

// The two families of capability names agents register.
const (
	dockerCapability = "com.amazonaws.ecs.capability."
	ecsCapability    = "ecs.capability."
)

// attributeSet collects attribute names once each.
type attributeSet map[string]bool

func (s attributeSet) add(names ...string) {
	for _, n := range names {
		s[n] = true
	}
}

func (s attributeSet) dockerAPI(version string) {
	s.add(dockerCapability + "docker-remote-api." + version)
}

// ComputeRequiresAttributes lists, sorted by name, the attributes an instance must have to run the definition. It is nil for a
// plain bridge definition (semantics.md 3.4). GPUs are a resource and not here; what only a run or a service asks for (exec,
// Service Connect) is asked at placement.
func ComputeRequiresAttributes(d *TaskDefinition) []Attribute {
	s := attributeSet{}
	s.ofTask(d)
	for i := range d.Volumes {
		s.ofVolume(&d.Volumes[i])
	}
	for i := range d.Containers {
		c := &d.Containers[i]
		s.ofImage(d, c)
		s.ofLifecycle(c)
		s.ofLogging(d, c)
		s.ofEnvironment(c)
		s.ofIsolation(c)
		s.ofPorts(c)
	}
	return s.sorted()
}

func (s attributeSet) sorted() []Attribute {
	var out []Attribute
	for name := range s {
		out = append(out, Attribute{Name: name})
	}
	slices.SortFunc(out, func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (s attributeSet) ofTask(d *TaskDefinition) {
	if d.TaskRoleARN != "" {
		s.dockerAPI("1.17")
		if d.Network() == NetworkHost {
			s.add(dockerCapability + "task-iam-role-network-host")
		} else {
			s.add(dockerCapability + "task-iam-role")
		}
	}
	if d.Network() == NetworkAWSVPC {
		s.dockerAPI("1.18")
		s.add(ecsCapability + "task-eni")
	}
	if d.CPU != "" || d.Memory != "" {
		s.add(ecsCapability + "task-cpu-mem-limit")
	}
	if d.CPUUnits() > 10*UnitsPerVCPU {
		s.add(ecsCapability + "increased-task-cpu-limit")
	}
	if d.PIDMode != "" || d.IPCMode != "" {
		s.add(ecsCapability + "pid-ipc-namespace-sharing")
	}
	if d.Proxy != nil {
		s.add(ecsCapability + "aws-appmesh")
	}
	if len(d.InferenceAccelerators) > 0 {
		s.add(ecsCapability + "task-eia")
	}
}

func (s attributeSet) ofVolume(v *Volume) {
	switch {
	case v.Docker != nil:
		driver := v.Docker.Driver
		if driver == "" {
			driver = "local"
		}
		s.dockerAPI("1.25")
		s.add(ecsCapability + "docker-plugin." + driver)
	case v.EFS != nil:
		s.add(ecsCapability + "efs")
		if v.EFS.AccessPointID != "" || v.EFS.IAM == "ENABLED" {
			s.add(ecsCapability + "efsAuth")
		}
	case v.FSx != nil:
		s.add(ecsCapability + "fsxWindowsFileServer")
	}
}

func (s attributeSet) ofImage(d *TaskDefinition, c *ContainerDefinition) {
	if strings.Contains(c.Image, "@sha256:") {
		s.dockerAPI("1.21")
	}
	if isECRImage(c.Image) {
		s.dockerAPI("1.19")
		s.add(dockerCapability + "ecr-auth")
		if d.ExecutionRoleARN != "" {
			s.add(ecsCapability + "execution-role-ecr-pull")
		}
	}
	if c.RepositoryCredentials != "" {
		s.add(ecsCapability + "private-registry-authentication.secretsmanager")
	}
}

func (s attributeSet) ofLifecycle(c *ContainerDefinition) {
	if c.StartTimeout != nil || c.StopTimeout != nil || len(c.DependsOn) > 0 {
		s.add(ecsCapability + "container-ordering")
	}
	if c.HealthCheck != nil {
		s.dockerAPI("1.24")
		s.add(ecsCapability + "container-health-check")
	}
}

func (s attributeSet) ofEnvironment(c *ContainerDefinition) {
	for _, secret := range c.Secrets {
		s.add(ecsCapability + "secrets." + secret.Provider() + ".environment-variables")
	}
	if len(c.EnvironmentFiles) > 0 {
		s.add(ecsCapability + "env-files.s3")
	}
}

// Provider is the service that keeps a secret: "asm" for an ARN of Secrets Manager, else "ssm" (semantics.md 3.3).
func (s *Secret) Provider() string {
	if parts := strings.SplitN(s.ValueFrom, ":", 4); len(parts) == 4 && parts[0] == "arn" && parts[2] == "secretsmanager" {
		return "asm"
	}
	return "ssm"
}

func (s attributeSet) ofPorts(c *ContainerDefinition) {
	for i := range c.PortMappings {
		if c.PortMappings[i].ContainerPortRange != "" {
			s.add(ecsCapability + "network.container-port-range")
		}
	}
}

func (s attributeSet) ofIsolation(c *ContainerDefinition) {
	if valueOr(c.Privileged, false) {
		s.add(dockerCapability + "privileged-container")
	}
	if len(c.Ulimits) > 0 || len(c.DockerLabels) > 0 {
		s.dockerAPI("1.18")
	}
	for _, option := range c.DockerSecurityOptions {
		switch name, _, _ := strings.Cut(option, ":"); name {
		case "label":
			s.add(dockerCapability + "selinux")
		case "apparmor":
			s.add(dockerCapability + "apparmor")
		}
	}
	if l := c.Linux; l != nil {
		if valueOr(l.InitProcessEnabled, false) {
			s.dockerAPI("1.25")
		}
		if l.HasCapabilities || l.SharedMemorySizeMiB != nil || len(l.Tmpfs) > 0 || len(l.Devices) > 0 {
			s.dockerAPI("1.22")
		}
	}
}

func (s attributeSet) ofLogging(d *TaskDefinition, c *ContainerDefinition) {
	if c.Log != nil {
		s.ofLogDriver(d, c.Log)
	}
	if c.Firelens != nil {
		s.add(ecsCapability + "firelens." + c.Firelens.Type)
		if kind := c.Firelens.Options["config-file-type"]; kind != "" {
			s.add(ecsCapability + "firelens.options.config." + kind)
		}
	}
}

func (s attributeSet) ofLogDriver(d *TaskDefinition, l *LogConfiguration) {
	s.add(dockerCapability + "logging-driver." + l.Driver)
	if l.Driver == LogDriverAWSLogs {
		s.dockerAPI("1.19")
		if d.ExecutionRoleARN != "" {
			s.add(ecsCapability + "execution-role-awslogs")
		}
	} else {
		s.dockerAPI("1.18")
	}
	if _, given := l.Options["log-driver-buffer-limit"]; given && l.Driver == LogDriverFirelens {
		s.add(ecsCapability + "logging-driver.awsfirelens.log-driver-buffer-limit")
	}
	for _, secret := range l.SecretOptions {
		s.add(ecsCapability + "secrets." + secret.Provider() + ".bootstrap.log-driver")
	}
}

package ecs

import (
	"fmt"
	"strings"
	"testing"
)

func TestHealthCheckRules(t *testing.T) {
	bad := func(what string, min, max int) string {
		return fmt.Sprintf("Invalid health check %s for container 'app'. It must be between %d and %d.", what, min, max)
	}
	command := "Invalid health check command for container 'app'. It must start with CMD or CMD-SHELL."
	checkRefusals(t, []refusal{
		{"good", plain(healthy(nil)), ""},
		{"interval 4", plain(healthy(func(h *HealthCheck) { h.Interval = 4 })), bad("interval", 5, 300)},
		{"interval 301", plain(healthy(func(h *HealthCheck) { h.Interval = 301 })), bad("interval", 5, 300)},
		{"timeout 1", plain(healthy(func(h *HealthCheck) { h.Timeout = 1 })), bad("timeout", 2, 60)},
		{"timeout 61", plain(healthy(func(h *HealthCheck) { h.Timeout = 61 })), bad("timeout", 2, 60)},
		{"retries 0", plain(healthy(func(h *HealthCheck) { h.Retries = 0 })), bad("retries", 1, 10)},
		{"retries 11", plain(healthy(func(h *HealthCheck) { h.Retries = 11 })), bad("retries", 1, 10)},
		{"start period 301", plain(healthy(func(h *HealthCheck) { h.StartPeriod = p[int32](301) })), bad("startPeriod", 0, 300)},
		{"start period 0", plain(healthy(func(h *HealthCheck) { h.StartPeriod = p[int32](0) })), ""},
		{"no command", plain(healthy(func(h *HealthCheck) { h.Command = nil })), command},
		{"bare command", plain(healthy(func(h *HealthCheck) { h.Command = []string{"curl", "x"} })), command},
	})
}

func TestLinuxRules(t *testing.T) {
	ulimit := func(name string, soft, hard int64) change {
		return app(func(c *ContainerDefinition) { c.Ulimits = []Ulimit{{name, soft, hard}} })
	}
	control := func(name string) change {
		return app(func(c *ContainerDefinition) { c.SystemControls = []KeyValue{{name, "1"}} })
	}
	tmpfs := func(size int32, options ...string) change {
		return linux(LinuxParameters{Tmpfs: []Tmpfs{{ContainerPath: "/t", SizeMiB: size, MountOptions: options}}})
	}
	checkRefusals(t, []refusal{
		{"ulimit", plain(ulimit("nofile", 1024, 4096)), ""},
		{"unlimited", plain(ulimit("memlock", -1, -1)), ""},
		{"ulimit name", plain(ulimit("files", 1, 1)), "Invalid ulimit name 'files' for container 'app'."},
		{"ulimit soft above hard", plain(ulimit("nofile", 2, 1)),
			"Invalid 'ulimits' setting for container 'app'. The soft limit of 'nofile' cannot be greater than the hard limit."},
		{"capabilities", plain(linux(LinuxParameters{HasCapabilities: true, CapabilitiesAdd: []string{"ALL"}, CapabilitiesDrop: []string{"MKNOD"}})), ""},
		{"capability", plain(linux(LinuxParameters{CapabilitiesDrop: []string{"BPF"}})), "Invalid capability 'BPF' for container 'app'."},
		{"tmpfs", plain(tmpfs(16, "noexec", "mode=1777")), ""},
		{"tmpfs option", plain(tmpfs(16, "fast")), "Invalid tmpfs mount option 'fast' for container 'app'."},
		{"tmpfs size", plain(tmpfs(0)), "Invalid 'tmpfs' setting for container 'app'. containerPath and a positive size are required."},
		{"swappiness", plain(linux(LinuxParameters{Swappiness: p[int32](101)})),
			"Invalid 'swappiness' setting for container 'app'. It must be between 0 and 100."},
		{"max swap", plain(linux(LinuxParameters{MaxSwapMiB: p[int32](-1)})),
			"Invalid 'maxSwap' setting for container 'app'. It must be 0 or greater."},
		{"no swap", plain(linux(LinuxParameters{MaxSwapMiB: p[int32](0), Swappiness: p[int32](100)})), ""},
		{"shm", plain(linux(LinuxParameters{SharedMemorySizeMiB: p[int32](0)})),
			"Invalid 'sharedMemorySize' setting for container 'app'. It must be greater than 0."},
		{"sysctl", plain(control("net.core.somaxconn")), ""},
		{"sysctl of the host's network", plain(mode(NetworkHost), control("net.core.somaxconn")),
			"The system control 'net.core.somaxconn' is not supported when networkMode=host."},
		{"sysctl of the host's ipc", plain(control("kernel.shmmax"), func(d *TaskDefinition) { d.IPCMode = "host" }),
			"The system control 'kernel.shmmax' is not supported when ipcMode=host."},
	})
}

func TestSecretRules(t *testing.T) {
	role := func(d *TaskDefinition) { d.ExecutionRoleARN = "arn:aws:iam::1:role/x" }
	secrets := func(names ...string) change {
		return app(func(c *ContainerDefinition) {
			c.Secrets = []Secret{}
			for _, n := range names {
				c.Secrets = append(c.Secrets, Secret{n, "parameter"})
			}
		})
	}
	files := func(n int, value string) change {
		return app(func(c *ContainerDefinition) {
			for range n {
				c.EnvironmentFiles = append(c.EnvironmentFiles, EnvironmentFile{Value: value, Type: "s3"})
			}
		})
	}
	noRole := "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
	shared := "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as 'A'."
	checkRefusals(t, []refusal{
		{"secret", plain(secrets("A", "B"), role), ""},
		{"no role", plain(secrets("A")), noRole},
		{"empty list, no role", plain(secrets()), noRole},
		{"twice", plain(secrets("A", "A"), role), shared},
		{"also a variable", plain(secrets("A"), role, app(func(c *ContainerDefinition) { c.Environment = []KeyValue{{"A", "1"}} })), shared},
		{"variable without a name", plain(app(func(c *ContainerDefinition) { c.Environment = []KeyValue{{"", "1"}} })),
			"Invalid 'environment' setting for container 'app'. name should not be null or empty."},
		{"10 files", plain(files(10, "arn:aws:s3:::bucket/key.env")), ""},
		{"11 files", plain(files(11, "arn:aws:s3:::bucket/key.env")),
			"The maximum number of environment files was exceeded. Specify ten or less and try again"},
		{"file is no ARN", plain(files(1, "s3://bucket/key.env")), "Invalid arn syntax"},
	})
}

func TestLoggingRules(t *testing.T) {
	log := func(driver string, options map[string]string) change {
		return app(func(c *ContainerDefinition) { c.Log = &LogConfiguration{Driver: driver, Options: options} })
	}
	router := func(options map[string]string) change {
		return with("router", func(c *ContainerDefinition) { c.Firelens = &Firelens{Type: "fluentbit", Options: options} })
	}
	checkRefusals(t, []refusal{
		{"json-file", plain(log("json-file", nil)), ""},
		{"awslogs", plain(log("awslogs", nil)), "Log driver awslogs requires options: awslogs-region, awslogs-group"},
		{"awslogs without group", plain(log("awslogs", map[string]string{"awslogs-region": "r"})), "Log driver awslogs requires options: awslogs-group"},
		{"firelens", plain(log("awsfirelens", nil), router(nil)), ""},
		{"firelens without router", plain(log("awsfirelens", nil)), "When awsfirelens log driver is specified in log configuration, " +
			"a firelens configuration object must be specified in one of the containers."},
		{"firelens from s3", plain(router(map[string]string{"config-file-type": "s3", "config-file-value": "arn:aws:s3:::b/k"})), ""},
		{"firelens from elsewhere", plain(router(map[string]string{"config-file-type": "s3", "config-file-value": "s3://b/k"})), "Invalid arn syntax"},
		{"firelens from nowhere", plain(router(map[string]string{"config-file-type": "file"})),
			"The firelens option config-file-value is required for container 'router'."},
	})
}

func TestVolumeRules(t *testing.T) {
	mount := func(name string) change {
		return app(func(c *ContainerDefinition) {
			c.MountPoints = []MountPoint{{SourceVolume: name, ContainerPath: "/data"}}
		})
	}
	from := func(name string) change {
		return app(func(c *ContainerDefinition) { c.VolumesFrom = []VolumeFrom{{SourceContainer: name}} })
	}
	efs := func(e EFSVolume) *TaskDefinition {
		e.FileSystemID = "fs-1"
		return plain(volume(Volume{Name: "v", EFS: &e}))
	}
	checkRefusals(t, []refusal{
		{"mounted", plain(volume(Volume{Name: "v"}), mount("v")), ""},
		{"unknown", plain(volume(Volume{Name: "v"}), mount("w")), "Unknown volume 'w'."},
		{"name", plain(volume(Volume{Name: "a.b"})), "Volume name contains invalid characters: 'a.b'."},
		{"twice", plain(volume(Volume{Name: "v"}), volume(Volume{Name: "v"})), "Volume names must be unique within a Task Definition: 'v'."},
		{"two kinds", plain(volume(Volume{Name: "v", Host: &HostVolume{}, Docker: &DockerVolume{}})),
			"When the volume parameter is specified, only one volume configuration type should be used."},
		{"autoprovision", plain(volume(Volume{Name: "v", Docker: &DockerVolume{Autoprovision: p(true)}})),
			"Invalid 'autoprovision' setting for volume 'v'. It needs the scope 'shared'."},
		{"shared", plain(volume(Volume{Name: "v", Docker: &DockerVolume{Scope: "shared", Autoprovision: p(true)}})), ""},
		{"volumes from", plain(from("b"), with("b")), ""},
		{"volumes from nowhere", plain(from("b")), "Invalid 'volumesFrom' setting. Unknown container: 'b'"},
		{"efs", efs(EFSVolume{RootDirectory: "/x"}), ""},
		{"efs iam", efs(EFSVolume{IAM: "ENABLED"}), "EFS IAM authorization requires transit encryption to be enabled."},
		{"efs access point", efs(EFSVolume{AccessPointID: "a"}), "When using an EFS access point, transit encryption must be enabled."},
		{"efs access point with root", efs(EFSVolume{AccessPointID: "a", TransitEncryption: "ENABLED", RootDirectory: "/x"}),
			"When using an EFS access point, the root directory must be omitted or set to '/'."},
		{"efs whole", efs(EFSVolume{AccessPointID: "a", IAM: "ENABLED", TransitEncryption: "ENABLED", RootDirectory: "/"}), ""},
		{"fsx", plain(volume(Volume{Name: "v", FSx: &FSxWindowsVolume{FileSystemID: "f"}})),
			"An FSx for Windows File Server volume requires fileSystemId, rootDirectory, credentialsParameter and domain."},
	})
}

func TestResourceRules(t *testing.T) {
	needs := func(kind, value string) change {
		return app(func(c *ContainerDefinition) { c.ResourceRequirements = []ResourceRequirement{{kind, value}} })
	}
	device := func(d *TaskDefinition) { d.InferenceAccelerators = []InferenceAccelerator{{"dev", "eia1.medium"}} }
	constraint := func(kind, expression string, n int) change {
		return func(d *TaskDefinition) {
			for range n {
				d.PlacementConstraints = append(d.PlacementConstraints, PlacementConstraint{kind, expression})
			}
		}
	}
	proxy := func(container string, properties ...KeyValue) change {
		return func(d *TaskDefinition) {
			d.Proxy = &ProxyConfiguration{Type: "APPMESH", ContainerName: container, Properties: properties}
		}
	}
	checkRefusals(t, []refusal{
		{"gpu", plain(needs("GPU", "2")), ""},
		{"gpu 0", plain(needs("GPU", "0")), "Invalid GPU requirement '0' for container 'app'."},
		{"accelerator", plain(needs("InferenceAccelerator", "dev"), device), ""},
		{"accelerator undeclared", plain(needs("InferenceAccelerator", "dev")), "Unknown inference accelerator 'dev' for container 'app'."},
		{"accelerator unused", plain(device), "The inference accelerator 'dev' must be referenced by a container."},
		{"any expression registers", plain(constraint("memberOf", "((", 10)), ""},
		{"11 constraints", plain(constraint("memberOf", "x", 11)), "placementConstraints can have at most 10 items."},
		{"distinctInstance", plain(constraint("distinctInstance", "", 1)), "constraint.type 'distinctInstance' is not supported."},
		{"long expression", plain(constraint("memberOf", strings.Repeat("x", 2001), 1)), "constraint.expression longer than 2000."},
		{"proxy", plain(mode(NetworkAWSVPC), proxy("app", KeyValue{"ProxyIngressPort", "1"})), ""},
		{"proxy on the bridge", plain(proxy("app")), "APPMESH proxy configuration is only supported in networkMode=awsvpc"},
		{"proxy container", plain(mode(NetworkAWSVPC), proxy("envoy")), "Proxy container [envoy] does not exist"},
		{"proxy port", plain(mode(NetworkAWSVPC), proxy("app", KeyValue{"AppPorts", "1"})), "Ingress port not found"},
	})
}

func TestFargateRules(t *testing.T) {
	noSize := "No Fargate configuration exists for given values: %s CPU, %s memory. See the Amazon ECS documentation for the valid values."
	unsupported := func(what string, c change) refusal {
		return refusal{what, fargate(c), "Fargate compatible task definitions do not support " + what}
	}
	awslogs := func(options map[string]string) change {
		return app(func(c *ContainerDefinition) { c.Log = &LogConfiguration{Driver: "awslogs", Options: options} })
	}
	whole := map[string]string{"awslogs-region": "r", "awslogs-group": "g", "awslogs-stream-prefix": "p"}
	bare := app(func(c *ContainerDefinition) { c.MemoryMiB = 0 })
	checkRefusals(t, []refusal{
		{"good", fargate(), ""},
		{"bridge", fargate(mode("")), "Fargate only supports network mode ‘awsvpc’."},
		{"essential before the network mode", fargate(mode(""), app(func(c *ContainerDefinition) { c.Essential = false })),
			"Task definition doesn't have any essential container."},
		{"no cpu", fargate(size("", "512")), "Fargate requires that 'cpu' be defined at the task level."},
		{"no memory", fargate(size("256", "")), "Fargate requires that 'memory' be defined at the task level."},
		{"no memory anywhere", fargate(size("256", ""), bare),
			"Invalid setting for container 'app'. At least one of 'memory' or 'memoryReservation' must be specified."},
		{"size", fargate(size("4096", "4096")), fmt.Sprintf(noSize, "4096", "4096")},
		{"size in words", fargate(size("1 vCPU", "2 GB")), ""},
		{"small Windows", fargate(size("256", "512"), func(d *TaskDefinition) {
			d.Platform = &RuntimePlatform{OperatingSystemFamily: "WINDOWS_SERVER_2019_CORE"}
		}), fmt.Sprintf(noSize, "256", "512")},
		unsupported("sourcePath", volume(Volume{Name: "v", Host: &HostVolume{SourcePath: "/x"}})),
		{"host volume without path", fargate(volume(Volume{Name: "v", Host: &HostVolume{}})), ""},
		unsupported("dockerVolumeConfiguration", volume(Volume{Name: "v", Docker: &DockerVolume{}})),
		unsupported("devices", linux(LinuxParameters{Devices: []Device{{HostPath: "/dev/x"}}})),
		unsupported("sharedMemorySize", linux(LinuxParameters{SharedMemorySizeMiB: p[int32](1)})),
		unsupported("maxSwap", linux(LinuxParameters{MaxSwapMiB: p[int32](1)})),
		unsupported("adding the capability SYS_ADMIN", linux(LinuxParameters{CapabilitiesAdd: []string{"SYS_ADMIN"}})),
		{"ptrace", fargate(linux(LinuxParameters{CapabilitiesAdd: []string{"SYS_PTRACE"}})), ""},
		unsupported("ipcMode", func(d *TaskDefinition) { d.IPCMode = "task" }),
		unsupported("constraints", func(d *TaskDefinition) { d.PlacementConstraints = []PlacementConstraint{{"memberOf", "x"}} }),
		unsupported("dockerSecurityOptions", app(func(c *ContainerDefinition) { c.DockerSecurityOptions = []string{"no-new-privileges"} })),
		{"privileged", fargate(app(func(c *ContainerDefinition) { c.Privileged = p(true) })),
			"Fargate requires that the 'privileged' setting be 'false'."},
		{"pid", fargate(func(d *TaskDefinition) { d.PIDMode = "host" }),
			"Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'."},
		{"stop timeout 120", fargate(app(func(c *ContainerDefinition) { c.StopTimeout = p[int32](120) })), ""},
		{"stop timeout 121", fargate(app(func(c *ContainerDefinition) { c.StopTimeout = p[int32](121) })),
			"Tasks using the Fargate launch type must have a container stop timeout of less than 120 seconds."},
		{"log driver", fargate(app(func(c *ContainerDefinition) { c.Log = &LogConfiguration{Driver: "syslog"} })),
			"syslog is not a valid log driver. Must be one of [awslogs,splunk,awsfirelens]"},
		{"awslogs role", fargate(awslogs(whole)),
			"Fargate requires task definition to have execution role ARN to support log driver awslogs."},
		{"awslogs prefix", fargate(awslogs(map[string]string{"awslogs-region": "r", "awslogs-group": "g"})),
			"Fargate requires log configuration options to include awslogs-stream-prefix to support log driver awslogs."},
		{"ecr", fargate(app(func(c *ContainerDefinition) { c.Image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a" })),
			"Fargate requires task definition to have execution role ARN to support ECR images."},
		{"beside EC2", fargate(mode(""), func(d *TaskDefinition) { d.RequiresCompatibilities = []string{"EC2", "FARGATE"} }),
			"Fargate only supports network mode ‘awsvpc’."},
	})
}

func TestFargateTable(t *testing.T) {
	pairs := map[int64][2][]int64{ // cpu: memory accepted, memory refused
		256:   {{512, 1024, 2048}, {256, 1536, 3072}},
		512:   {{1024, 2048, 4096}, {512, 1536, 5120}},
		1024:  {{2048, 8192}, {1024, 9216}},
		2048:  {{4096, 5120, 16384}, {3072, 17408}},
		4096:  {{8192, 30720}, {7168, 31744, 4096}},
		8192:  {{16384, 20480, 61440}, {17408, 65536}},
		16384: {{32768, 40960, 122880}, {36864, 131072}},
		32768: {{61440, 122880, 249856}, {65536}},
		300:   {{}, {512, 1024}},
	}
	for cpu, lists := range pairs {
		for want, list := range map[bool][]int64{true: lists[0], false: lists[1]} {
			for _, memory := range list {
				if fargateSizeExists(cpu, memory) != want {
					t.Errorf("%d cpu, %d memory: want %v", cpu, memory, want)
				}
			}
		}
	}
}

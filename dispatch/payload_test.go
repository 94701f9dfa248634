package dispatch

import (
	stdjson "encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/moby/moby/api/types/container"

	"berth/api/acs"
	"berth/ecs"
)

const taskOfPayload = ecs.TaskID("0123456789abcdef0123456789abcdef")

// smallDefinition is the least that can be registered.
func smallDefinition() *ecs.TaskDefinition {
	return &ecs.TaskDefinition{
		Family: "web", Revision: 3,
		Containers: []ecs.ContainerDefinition{{Name: "app", Image: "busybox", MemoryMiB: 64, Essential: true}},
	}
}

// fullDefinition sets every member once.
func fullDefinition() *ecs.TaskDefinition {
	return &ecs.TaskDefinition{
		Family: "full", Revision: 12, TaskRoleARN: "arn:aws:iam::000000000000:role/task",
		ExecutionRoleARN: "arn:aws:iam::000000000000:role/execution", NetworkMode: ecs.NetworkBridge, PIDMode: "host", IPCMode: "host",
		CPU: "256", Memory: "1024",
		Containers: []ecs.ContainerDefinition{fullContainer(), {
			Name: "router", Image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/router:2", MemoryReservationMiB: 32,
			Firelens: &ecs.Firelens{Type: "fluentbit", Options: map[string]string{"enable-ecs-log-metadata": "true"}},
			Log:      &ecs.LogConfiguration{Driver: "json-file"},
		}},
		Volumes: []ecs.Volume{
			{Name: "host", Host: &ecs.HostVolume{SourcePath: "/srv/data"}},
			{Name: "scratch"},
			{Name: "shared", Docker: &ecs.DockerVolume{
				Scope: "shared", Autoprovision: new(true), Driver: "local", DriverOpts: map[string]string{"type": "tmpfs"},
				Labels: map[string]string{"owner": "web"},
			}},
			{Name: "nfs", EFS: &ecs.EFSVolume{
				FileSystemID: "fs-1", TransitEncryption: "ENABLED", TransitEncryptionPort: new(int32(2999)),
				HasAuthorization: true, AccessPointID: "fsap-1", IAM: "ENABLED",
			}},
			{Name: "share", FSx: &ecs.FSxWindowsVolume{FileSystemID: "fs-2", RootDirectory: `\data`, CredentialsParameter: "arn", Domain: "d"}},
		},
		Proxy: &ecs.ProxyConfiguration{ContainerName: "router", Properties: []ecs.KeyValue{{Name: "ProxyIngressPort", Value: "15000"}}},
	}
}

func fullContainer() ecs.ContainerDefinition {
	return ecs.ContainerDefinition{
		Name: "app", Image: "registry.example:5000/app:1", RepositoryCredentials: "arn:aws:secretsmanager:eu-west-2:000000000000:secret:login",
		CPUUnits: 128, MemoryMiB: 256, MemoryReservationMiB: 128, Links: []string{"router:log"}, Essential: true,
		PortMappings: []ecs.PortMapping{
			{ContainerPort: 80, HostPort: 8080, Protocol: ecs.TCP}, {ContainerPort: 53, Protocol: ecs.UDP},
			{ContainerPortRange: "9000-9009", Protocol: ecs.TCP},
		},
		EntryPoint: []string{"/entry"}, Command: []string{"serve"},
		Environment:      []ecs.KeyValue{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}},
		EnvironmentFiles: []ecs.EnvironmentFile{{Value: "arn:aws:s3:::bucket/app.env", Type: "s3"}},
		MountPoints: []ecs.MountPoint{
			{SourceVolume: "host", ContainerPath: "/data", ReadOnly: new(true)}, {SourceVolume: "scratch", ContainerPath: "/tmp/x"},
		},
		VolumesFrom: []ecs.VolumeFrom{{SourceContainer: "router", ReadOnly: new(true)}},
		Linux: &ecs.LinuxParameters{
			HasCapabilities: true, CapabilitiesAdd: []string{"NET_ADMIN"}, CapabilitiesDrop: []string{"MKNOD"},
			Devices: []ecs.Device{
				{HostPath: "/dev/fuse"}, {HostPath: "/dev/null", ContainerPath: "/dev/nothing", Permissions: []string{"read", "mknod"}},
			},
			InitProcessEnabled: new(true), SharedMemorySizeMiB: new(int32(16)), MaxSwapMiB: new(int32(64)), Swappiness: new(int32(10)),
			Tmpfs: []ecs.Tmpfs{{ContainerPath: "/run", SizeMiB: 8, MountOptions: []string{"noexec", "mode=1777"}}},
		},
		Secrets: []ecs.Secret{
			{Name: "TOKEN", ValueFrom: "token"},
			{Name: "PASSWORD", ValueFrom: "arn:aws:secretsmanager:eu-west-2:000000000000:secret:p:key::"},
		},
		DependsOn:    []ecs.Dependency{{Container: "router", Condition: ecs.ConditionStart}},
		StartTimeout: new(int32(60)), StopTimeout: new(int32(5)),
		Hostname: "apphost", User: "1000:1000", WorkingDirectory: "/work", DisableNetworking: new(true), Privileged: new(true),
		ReadonlyRootFilesystem: new(true), DNSServers: []string{"10.0.0.2"}, DNSSearchDomains: []string{"example.test"},
		ExtraHosts:            []ecs.HostEntry{{Hostname: "db", IPAddress: "10.0.0.3"}},
		DockerSecurityOptions: []string{"no-new-privileges"}, Interactive: new(true), PseudoTerminal: new(true),
		DockerLabels: map[string]string{"team": "web"}, Ulimits: []ecs.Ulimit{{Name: "nofile", Soft: 1024, Hard: 4096}},
		Log: &ecs.LogConfiguration{
			Driver: "awslogs", SecretOptions: []ecs.Secret{{Name: "key", ValueFrom: "parameter"}},
			Options: map[string]string{"awslogs-group": "g", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"},
		},
		HealthCheck: &ecs.HealthCheck{
			Command: []string{"CMD-SHELL", "true"}, Interval: 30, Timeout: 5, Retries: 3, StartPeriod: new(int32(10)),
		},
		SystemControls: []ecs.KeyValue{{Name: "net.core.somaxconn", Value: "1024"}},
	}
}

// payloadTask is a task of a definition as RunTask makes it.
func payloadTask(def *ecs.TaskDefinition, o *ecs.TaskOverride) *ecs.Task {
	t := &ecs.Task{
		ID: taskOfPayload, Cluster: "default", Family: def.Family, Revision: def.Revision, Group: "family:" + def.Family,
		LaunchType: ecs.LaunchExternal, CPU: def.CPU, Memory: def.Memory, Overrides: o,
	}
	for _, c := range def.Containers {
		t.Containers = append(t.Containers, ecs.Container{Name: c.Name, ID: "id-of-" + c.Name})
	}
	return t
}

// golden compares with a file of testdata; BERTH_REWRITE=1 writes it anew.
func golden(t *testing.T, name string, got acs.Task) {
	t.Helper()
	b, err := json.Marshal(got, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".json")
	if os.Getenv("BERTH_REWRITE") != "" {
		if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(want)) != string(b) {
		t.Errorf("%s differs (BERTH_REWRITE=1 writes it anew):\n%s", path, b)
	}
}

func TestSmallPayload(t *testing.T) {
	def := smallDefinition()
	golden(t, "payload_small", taskPayload(realm, payloadTask(def, nil), def, nil, nil))
}

func TestFullPayload(t *testing.T) {
	def := fullDefinition()
	task := payloadTask(def, nil)
	task.Group = "service:full"
	task.Containers[0].GPUIDs = []string{"GPU-1", "GPU-2"}
	golden(t, "payload_full", taskPayload(realm, task, def,
		&acs.RoleCredentials{CredentialsID: "role", RoleARN: def.TaskRoleARN},
		&acs.RoleCredentials{CredentialsID: "execution", RoleARN: def.ExecutionRoleARN}))
}

func TestOverriddenPayload(t *testing.T) {
	def := fullDefinition()
	task := payloadTask(def, &ecs.TaskOverride{CPU: "512", Memory: "2048", Containers: []ecs.ContainerOverride{{
		Name: "app", HasCommand: true, Command: []string{"other", "command"},
		Environment: []ecs.KeyValue{{Name: "C", Value: "3"}, {Name: "A", Value: "9"}},
		CPU:         new(int32(64)), MemoryMiB: new(int32(512)), MemoryReservationMiB: new(int32(100)),
	}}})
	task.CPU, task.Memory = "512", "2048"
	p := taskPayload(realm, task, def, nil, nil)
	golden(t, "payload_overridden", p)
	if p.Containers[0].Overrides != "{}" {
		t.Error("an agent refuses a container whose overrides hold anything but a command")
	}
}

func TestPayloadOfNetworkModes(t *testing.T) {
	for mode, want := range map[ecs.NetworkMode]string{
		"": `{"NetworkMode":"bridge"}`, ecs.NetworkHost: `{"NetworkMode":"host"}`, ecs.NetworkNone: `{"NetworkMode":"none"}`,
		ecs.NetworkAWSVPC: `{}`,
	} {
		def := smallDefinition()
		def.NetworkMode = mode
		p := taskPayload(realm, payloadTask(def, nil), def, nil, nil)
		if got := p.Containers[0].DockerConfig.HostConfig; got != want {
			t.Errorf("%q: host config %s, want %s", mode, got, want)
		}
		if p.NetworkMode != string(def.Network()) {
			t.Errorf("%q: network mode %q", mode, p.NetworkMode)
		}
	}
}

func TestPayloadSharesNamespacesByTheAgent(t *testing.T) {
	def := smallDefinition()
	def.PIDMode, def.IPCMode = "task", "none"
	p := taskPayload(realm, payloadTask(def, nil), def, nil, nil)
	if p.PIDMode != "task" || p.IPCMode != "none" || p.Containers[0].DockerConfig.HostConfig != `{"NetworkMode":"bridge","IpcMode":"none"}` {
		t.Errorf("%+v, %s", p, p.Containers[0].DockerConfig.HostConfig)
	}
}

func TestPayloadWithoutSwapLimit(t *testing.T) {
	for _, c := range []struct {
		memory  int32
		maxSwap *int32
		want    string
	}{
		{64, nil, `{"NetworkMode":"bridge"}`},
		{64, new(int32(0)), `{"NetworkMode":"bridge","MemorySwap":67108864,"MemorySwappiness":0}`},
		{0, new(int32(0)), `{"NetworkMode":"bridge"}`},
	} {
		def := smallDefinition()
		def.Containers[0].MemoryMiB = c.memory
		def.Containers[0].Linux = &ecs.LinuxParameters{MaxSwapMiB: c.maxSwap, Swappiness: new(int32(0))}
		p := taskPayload(realm, payloadTask(def, nil), def, nil, nil)
		if got := p.Containers[0].DockerConfig.HostConfig; got != c.want {
			t.Errorf("%+v: %s, want %s", c, got, c.want)
		}
	}
}

// An image's own check is switched off, not reported.
func TestPayloadOfADisabledHealthCheck(t *testing.T) {
	def := smallDefinition()
	def.Containers[0].HealthCheck = &ecs.HealthCheck{Command: []string{"NONE"}, Interval: 30, Timeout: 5, Retries: 3}
	c := taskPayload(realm, payloadTask(def, nil), def, nil, nil).Containers[0]
	if c.HealthCheckType != "" || !strings.Contains(c.DockerConfig.Config, `"Test":["NONE"]`) {
		t.Errorf("%q %s", c.HealthCheckType, c.DockerConfig.Config)
	}
}

// The two texts are in the Engine's own terms: its types know every member.
func TestDockerTextsAreTheEngines(t *testing.T) {
	def := fullDefinition()
	c := taskPayload(realm, payloadTask(def, nil), def, nil, nil).Containers[0]
	var config container.Config
	var host container.HostConfig
	strict(t, c.DockerConfig.Config, &config)
	strict(t, c.DockerConfig.HostConfig, &host)
	if config.Healthcheck.Interval.Seconds() != 30 || config.Healthcheck.StartPeriod.Seconds() != 10 || config.User != "1000:1000" {
		t.Errorf("%+v", config)
	}
	if host.MemoryReservation != 128<<20 || host.MemorySwap != (256+64)<<20 || *host.MemorySwappiness != 10 || host.ShmSize != 16<<20 ||
		!*host.Init || host.Tmpfs["/run"] != "size=8m,noexec,mode=1777" || host.Ulimits[0].Hard != 4096 ||
		host.Devices[0].CgroupPermissions != "rwm" || host.Devices[1].CgroupPermissions != "rm" ||
		host.LogConfig.Config["awslogs-stream"] != "web/app/"+string(taskOfPayload) {
		t.Errorf("%+v", host)
	}
}

// strict decodes as the Engine does, but refuses members it would drop.
func strict(t *testing.T, text string, into any) {
	t.Helper()
	d := stdjson.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Errorf("%v in %s", err, text)
	}
}

// A payload is made from shared records and must not change them.
func TestPayloadLeavesRecordsAlone(t *testing.T) {
	def := fullDefinition()
	task := payloadTask(def, &ecs.TaskOverride{Containers: []ecs.ContainerOverride{{
		Name: "app", Environment: []ecs.KeyValue{{Name: "A", Value: "9"}, {Name: "Z", Value: "9"}}}}})
	p := taskPayload(realm, task, def, nil, nil)
	if p.Containers[0].Environment["A"] != "9" {
		t.Fatal("not overridden")
	}
	if !reflect.DeepEqual(def, fullDefinition()) {
		t.Errorf("the definition changed: %+v", def)
	}
}

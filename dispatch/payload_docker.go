package dispatch

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"berth/ecs"
)

const bytesPerMiB = 1 << 20

// dockerConfig is the part of the Docker Engine's container Config that a payload has no member of its own for.
type dockerConfig struct {
	User            string             `json:",omitzero"`
	WorkingDir      string             `json:",omitzero"`
	Hostname        string             `json:",omitzero"`
	Healthcheck     *dockerHealthcheck `json:",omitzero"`
	Labels          map[string]string  `json:",omitempty"`
	Tty             bool               `json:",omitzero"`
	OpenStdin       bool               `json:",omitzero"`
	NetworkDisabled bool               `json:",omitzero"`
}

// dockerHealthcheck has its times in nanoseconds.
type dockerHealthcheck struct {
	Test        []string
	Interval    int64
	Timeout     int64
	Retries     int32
	StartPeriod int64 `json:",omitzero"`
}

// dockerHostConfig is the same of the Engine's HostConfig; sizes are in bytes.
type dockerHostConfig struct {
	NetworkMode       string            `json:",omitzero"`
	PidMode           string            `json:",omitzero"`
	IpcMode           string            `json:",omitzero"`
	LogConfig         *dockerLogConfig  `json:",omitzero"`
	CapAdd            []string          `json:",omitempty"`
	CapDrop           []string          `json:",omitempty"`
	MemoryReservation int64             `json:",omitzero"`
	MemorySwap        *int64            `json:",omitzero"`
	MemorySwappiness  *int64            `json:",omitzero"`
	Privileged        bool              `json:",omitzero"`
	ReadonlyRootfs    bool              `json:",omitzero"`
	Ulimits           []dockerUlimit    `json:",omitempty"`
	Dns               []string          `json:",omitempty"` //nolint:revive // the Engine's spelling
	DnsSearch         []string          `json:",omitempty"` //nolint:revive // the Engine's spelling
	ExtraHosts        []string          `json:",omitempty"`
	SecurityOpt       []string          `json:",omitempty"`
	Devices           []dockerDevice    `json:",omitempty"`
	Tmpfs             map[string]string `json:",omitempty"`
	ShmSize           int64             `json:",omitzero"`
	Init              *bool             `json:",omitzero"`
	Sysctls           map[string]string `json:",omitempty"`
}

type dockerLogConfig struct {
	Type   string
	Config map[string]string `json:",omitempty"`
}

type dockerUlimit struct {
	Name string
	Soft int64
	Hard int64
}

type dockerDevice struct {
	PathOnHost        string
	PathInContainer   string
	CgroupPermissions string
}

// text writes a text of dockerConfig; members and keys have a fixed order.
func text(v any) string {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic(fmt.Sprintf("dispatch: %T cannot be written: %v", v, err)) // they hold nothing but strings and numbers
	}
	return string(b)
}

// checksHealth: a check that says NONE is one that switches the image's off, and reports nothing.
func checksHealth(e *ecs.ContainerDefinition) bool {
	return e.HealthCheck != nil && len(e.HealthCheck.Command) > 0 && e.HealthCheck.Command[0] != "NONE"
}

func (b *containerBuilder) config(e *ecs.ContainerDefinition) string {
	c := dockerConfig{
		User: e.User, WorkingDir: e.WorkingDirectory, Hostname: e.Hostname, Labels: e.DockerLabels,
		Tty: isTrue(e.PseudoTerminal), OpenStdin: isTrue(e.Interactive), NetworkDisabled: isTrue(e.DisableNetworking),
	}
	if h := e.HealthCheck; h != nil {
		c.Healthcheck = &dockerHealthcheck{
			Test: h.Command, Interval: nanoseconds(h.Interval), Timeout: nanoseconds(h.Timeout), Retries: h.Retries,
		}
		if h.StartPeriod != nil {
			c.Healthcheck.StartPeriod = nanoseconds(*h.StartPeriod)
		}
	}
	return text(&c)
}

func nanoseconds(seconds int32) int64 { return int64(time.Duration(seconds) * time.Second) }

func (b *containerBuilder) hostConfig(e *ecs.ContainerDefinition) string {
	h := dockerHostConfig{
		LogConfig: b.logConfig(e), MemoryReservation: int64(e.MemoryReservationMiB) * bytesPerMiB,
		Privileged: isTrue(e.Privileged), ReadonlyRootfs: isTrue(e.ReadonlyRootFilesystem),
		Dns: e.DNSServers, DnsSearch: e.DNSSearchDomains, SecurityOpt: e.DockerSecurityOptions,
	}
	b.namespaces(&h)
	for _, u := range e.Ulimits {
		h.Ulimits = append(h.Ulimits, dockerUlimit(u))
	}
	for _, x := range e.ExtraHosts {
		h.ExtraHosts = append(h.ExtraHosts, x.Hostname+":"+x.IPAddress)
	}
	for _, s := range e.SystemControls {
		if h.Sysctls == nil {
			h.Sysctls = map[string]string{}
		}
		h.Sysctls[s.Name] = s.Value
	}
	if e.Linux != nil {
		addLinux(&h, e.Linux, int64(e.MemoryMiB)*bytesPerMiB)
	}
	return text(&h)
}

// namespaces: the agent makes the network of awsvpc and the shared namespaces of `task` itself (agent-protocol.md 9).
func (b *containerBuilder) namespaces(h *dockerHostConfig) {
	if mode := b.def.Network(); mode != ecs.NetworkAWSVPC {
		h.NetworkMode = string(mode)
	}
	if b.def.PIDMode != "task" {
		h.PidMode = b.def.PIDMode
	}
	if b.def.IPCMode != "task" {
		h.IpcMode = b.def.IPCMode
	}
}

// addLinux takes the hard limit in bytes. Docker counts memory and swap together, and has no swap limit without a memory limit;
// without maxSwap the host's own setting holds (features.md A.5).
func addLinux(h *dockerHostConfig, l *ecs.LinuxParameters, memory int64) {
	h.CapAdd, h.CapDrop, h.Init = l.CapabilitiesAdd, l.CapabilitiesDrop, l.InitProcessEnabled
	if l.SharedMemorySizeMiB != nil {
		h.ShmSize = int64(*l.SharedMemorySizeMiB) * bytesPerMiB
	}
	if l.MaxSwapMiB != nil && memory > 0 {
		h.MemorySwap = new(memory + int64(*l.MaxSwapMiB)*bytesPerMiB)
		if l.Swappiness != nil {
			h.MemorySwappiness = new(int64(*l.Swappiness))
		}
	}
	for i := range l.Devices {
		h.Devices = append(h.Devices, devicePayload(&l.Devices[i]))
	}
	for _, t := range l.Tmpfs {
		if h.Tmpfs == nil {
			h.Tmpfs = map[string]string{}
		}
		h.Tmpfs[t.ContainerPath] = strings.Join(append([]string{fmt.Sprintf("size=%dm", t.SizeMiB)}, t.MountOptions...), ",")
	}
}

// devicePayload: all permissions and the same path, unless the definition says otherwise.
func devicePayload(d *ecs.Device) dockerDevice {
	out := dockerDevice{PathOnHost: d.HostPath, PathInContainer: orElse(d.ContainerPath, d.HostPath)}
	for _, p := range d.Permissions {
		switch p {
		case "read":
			out.CgroupPermissions += "r"
		case "write":
			out.CgroupPermissions += "w"
		case "mknod":
			out.CgroupPermissions += "m"
		}
	}
	out.CgroupPermissions = orElse(out.CgroupPermissions, "rwm")
	return out
}

// logConfig is nil for the daemon's default driver. The awslogs driver of Docker knows streams but no prefixes: the stream is
// PREFIX/CONTAINER/TASK, which every client computes for itself (clients.md 10).
func (b *containerBuilder) logConfig(e *ecs.ContainerDefinition) *dockerLogConfig {
	if e.Log == nil {
		return nil
	}
	out := &dockerLogConfig{Type: e.Log.Driver, Config: e.Log.Options}
	const prefix = "awslogs-stream-prefix"
	if e.Log.Driver != ecs.LogDriverAWSLogs || e.Log.Options[prefix] == "" {
		return out
	}
	out.Config = make(map[string]string, len(e.Log.Options))
	for k, v := range e.Log.Options {
		if k != prefix {
			out.Config[k] = v
		}
	}
	out.Config["awslogs-stream"] = e.Log.Options[prefix] + "/" + e.Name + "/" + string(b.task.ID)
	return out
}

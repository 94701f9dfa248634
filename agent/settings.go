package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"berth/agent/runtime"
)

// Settings are the variables of the amazon-ecs-agent that this agent honours (features.md B2.11, semantics.md 7.7).
// A zero member is the default.
type Settings struct {
	// StopTimeout is ECS_CONTAINER_STOP_TIMEOUT: between the stop signal and SIGKILL; 30 s.
	StopTimeout time.Duration
	// StartTimeout is ECS_CONTAINER_START_TIMEOUT: for the engine's start call; 3 min, at least 45 s.
	StartTimeout time.Duration
	// CleanupWait is ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION: how long a stopped task's containers stay; 3 h.
	CleanupWait time.Duration
	// PullPolicy is ECS_IMAGE_PULL_BEHAVIOR; default.
	PullPolicy runtime.PullPolicy
	// ManifestTimeout is BERTH_MANIFEST_PULL_TIMEOUT: for asking a registry whether it has an image; 1 min.
	ManifestTimeout time.Duration
	// LogDrivers is ECS_AVAILABLE_LOGGING_DRIVERS, a JSON list; json-file and none.
	LogDrivers []string
	// ReservedMemoryMiB is ECS_RESERVED_MEMORY: MiB that tasks do not get.
	ReservedMemoryMiB int64
	// ReservedPorts and ReservedPortsUDP are ECS_RESERVED_PORTS and ECS_RESERVED_PORTS_UDP, JSON lists of numbers; nil
	// is the six ports of B2.3, and none for UDP.
	ReservedPorts, ReservedPortsUDP []uint16
	// Attributes is ECS_INSTANCE_ATTRIBUTES, a JSON object; Config.Attributes wins over it.
	Attributes map[string]string
	// DisablePrivileged is ECS_DISABLE_PRIVILEGED, DisableMetrics ECS_DISABLE_METRICS.
	DisablePrivileged, DisableMetrics bool
	// SELinux and AppArmor are ECS_SELINUX_CAPABLE and ECS_APPARMOR_CAPABLE.
	SELinux, AppArmor bool
}

// defaultReserved are never given to a task: ssh, Docker, and the agent's own (features.md B2.3).
var defaultReserved = []uint16{22, 2375, 2376, 51678, 51679, 51680}

// minStartTimeout is the least the amazon-ecs-agent accepts.
const minStartTimeout = 45 * time.Second

// SettingsFromEnv reads the variables with getenv (os.Getenv). All faults are told at once.
func SettingsFromEnv(getenv func(string) string) (Settings, error) {
	var s Settings
	r := reader{getenv: getenv}
	r.duration("ECS_CONTAINER_STOP_TIMEOUT", &s.StopTimeout)
	r.duration("ECS_CONTAINER_START_TIMEOUT", &s.StartTimeout)
	r.duration("ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION", &s.CleanupWait)
	r.duration("BERTH_MANIFEST_PULL_TIMEOUT", &s.ManifestTimeout)
	if s.StartTimeout != 0 && s.StartTimeout < minStartTimeout {
		s.StartTimeout = minStartTimeout
	}
	if text := getenv("ECS_IMAGE_PULL_BEHAVIOR"); text != "" {
		s.PullPolicy = runtime.PullPolicy(text)
		switch s.PullPolicy {
		case runtime.PullDefault, runtime.PullAlways, runtime.PullOnce, runtime.PullPreferCached:
		default:
			r.fault("ECS_IMAGE_PULL_BEHAVIOR", errors.New("must be default, always, once or prefer-cached"))
		}
	}
	r.json("ECS_AVAILABLE_LOGGING_DRIVERS", &s.LogDrivers, `a JSON list such as ["json-file","none"]`)
	r.json("ECS_RESERVED_PORTS", &s.ReservedPorts, "a JSON list of ports such as [22,8080]")
	r.json("ECS_RESERVED_PORTS_UDP", &s.ReservedPortsUDP, "a JSON list of ports such as [53]")
	r.json("ECS_INSTANCE_ATTRIBUTES", &s.Attributes, `a JSON object such as {"disk":"ssd"}`)
	if text := getenv("ECS_RESERVED_MEMORY"); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			r.fault("ECS_RESERVED_MEMORY", errors.New("must be a number of MiB"))
		}
		s.ReservedMemoryMiB = n
	}
	r.bool("ECS_DISABLE_PRIVILEGED", &s.DisablePrivileged)
	r.bool("ECS_DISABLE_METRICS", &s.DisableMetrics)
	r.bool("ECS_SELINUX_CAPABLE", &s.SELinux)
	r.bool("ECS_APPARMOR_CAPABLE", &s.AppArmor)
	return s, errors.Join(r.faults...)
}

// reader collects faults.
type reader struct {
	getenv func(string) string
	faults []error
}

func (r *reader) fault(name string, err error) {
	r.faults = append(r.faults, fmt.Errorf("%s=%q: %w", name, r.getenv(name), err))
}

func (r *reader) duration(name string, into *time.Duration) {
	text := r.getenv(name)
	if text == "" {
		return
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		r.fault(name, errors.New("must be a duration such as 30s or 2m"))
		return
	}
	*into = d
}

// json says what the text must be instead of what the parser met first: the likeliest fault is a bare word.
func (r *reader) json(name string, into any, want string) {
	text := strings.TrimSpace(r.getenv(name))
	if text == "" {
		return
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		r.fault(name, errors.New("must be "+want))
	}
}

func (r *reader) bool(name string, into *bool) {
	text := r.getenv(name)
	if text == "" {
		return
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		r.fault(name, errors.New("must be true or false"))
	}
	*into = b
}

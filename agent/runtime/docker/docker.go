package docker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"berth/agent/runtime"
)

// Config sets up a Runtime. The zero value uses the environment (DOCKER_HOST) and the defaults.
type Config struct {
	// Host is the engine's address; empty is DOCKER_HOST or the default socket.
	Host string
	// ManifestTimeout bounds the question to a registry whether it has an image; 0 is one minute.
	ManifestTimeout time.Duration
	// PullTimeout bounds the whole pull of an image; 0 is two hours.
	PullTimeout time.Duration
	// StartTimeout bounds one start call; 0 is three minutes (ECS_CONTAINER_START_TIMEOUT).
	StartTimeout time.Duration
	// CgroupRoot is where the cgroup file systems are mounted; empty is /sys/fs/cgroup.
	CgroupRoot string
	Logger     *slog.Logger
}

// Bounds of calls that have no setting, as Amazon's agent has them (semantics.md 7.7).
const (
	createTimeout  = 4 * time.Minute
	inspectTimeout = 30 * time.Second
	removeTimeout  = 5 * time.Minute
	listTimeout    = 2 * time.Minute
	volumeTimeout  = 5 * time.Minute
)

// Runtime talks to one Docker Engine.
type Runtime struct {
	api     *client.Client
	config  Config
	log     *slog.Logger
	cgroups *cgroups

	// starts and removals are the turns of the calls that make the engine work hard; see turns.go.
	starts, removals *turns

	mu sync.Mutex
	// ranges are the host ports handed out for port ranges, by container name; guarded by mu.
	ranges map[string][]portKey
}

var _ runtime.Runtime = (*Runtime)(nil)

// New makes a Runtime. It does not connect: a dead engine shows in the first call.
func New(config Config) (*Runtime, error) {
	options := []client.Opt{client.FromEnv}
	if config.Host != "" {
		options = append(options, client.WithHost(config.Host))
	}
	api, err := client.New(options...)
	if err != nil {
		return nil, fmt.Errorf("docker client: %w", err)
	}
	if config.ManifestTimeout == 0 {
		config.ManifestTimeout = time.Minute
	}
	if config.PullTimeout == 0 {
		config.PullTimeout = 2 * time.Hour
	}
	if config.StartTimeout == 0 {
		config.StartTimeout = 3 * time.Minute
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Runtime{
		api: api, config: config, log: config.Logger,
		cgroups: newCgroups(config.CgroupRoot),
		starts:  newTurns(parallelCalls), removals: newTurns(parallelRemovals),
		ranges: map[string][]portKey{},
	}, nil
}

// Close ends idle connections.
func (r *Runtime) Close() error { return r.api.Close() }

// Info implements runtime.Host.
func (r *Runtime) Info(ctx context.Context) (runtime.Info, error) {
	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	ping, err := r.api.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true, ForceNegotiate: true})
	if err != nil {
		return runtime.Info{}, infoError(err)
	}
	result, err := r.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return runtime.Info{}, infoError(err)
	}
	info := result.Info
	local := strings.HasPrefix(r.api.DaemonHost(), "unix://")
	return runtime.Info{
		Version: info.ServerVersion, APIVersion: ping.APIVersion,
		CPUs: info.NCPU, MemoryMiB: info.MemTotal >> 20,
		Architecture: info.Architecture, OSType: info.OSType,
		TaskLimits:      local && info.CgroupDriver == "cgroupfs" && r.cgroups.usable(),
		LogDrivers:      info.Plugins.Log,
		SecurityOptions: securityNames(info.SecurityOptions),
	}, nil
}

// pingTimeout bounds a ping, which the engine answers without looking at any container.
const pingTimeout = 10 * time.Second

// Ping implements runtime.Host.
func (r *Runtime) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if _, err := r.api.Ping(ctx, client.PingOptions{}); err != nil {
		return infoError(err)
	}
	return nil
}

// infoError treats every failure to ask the engine about itself as an engine that is not there.
func infoError(err error) error {
	return runtime.NewError(runtime.DockerState, fmt.Errorf("%w: %w", runtime.ErrUnavailable, err))
}

// securityNames cuts "name=apparmor,profile=x" down to "apparmor".
func securityNames(options []string) []string {
	var names []string
	for _, option := range options {
		for field := range strings.SplitSeq(option, ",") {
			if name, ok := strings.CutPrefix(field, "name="); ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// fail names an error of the engine. A lost connection is ErrUnavailable, a call that took longer than its bound says
// so, the caller's own cancellation passes through.
func fail(ctx context.Context, name string, bound time.Duration, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return runtime.NewError(name, fmt.Errorf("no answer from Docker within %s: %w", bound, context.DeadlineExceeded))
	case client.IsErrConnectionFailed(err) || brokenStream(err):
		return runtime.NewError(name, fmt.Errorf("%w: %w", runtime.ErrUnavailable, err))
	case cerrdefs.IsNotFound(err):
		return runtime.NewError(name, fmt.Errorf("%w: %s", runtime.ErrNotFound, engineText(err)))
	default:
		return runtime.NewError(name, errors.New(engineText(err)))
	}
}

// engineText is the engine's own words without the client's prefix.
func engineText(err error) string {
	return strings.TrimPrefix(err.Error(), "Error response from daemon: ")
}

package fake

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"berth/agent/runtime"
)

// Runtime is an engine in memory. Its exported members are set before use.
type Runtime struct {
	// Host is what Info answers; the zero value is a host with 2 CPUs and 8 GiB.
	Host runtime.Info
	// OnPull, OnCreate and OnStart may fail a step or hold it; nil lets it pass.
	OnPull   func(ctx context.Context, ref string) (runtime.Image, error)
	OnCreate func(ctx context.Context, spec runtime.Spec) error
	OnStart  func(ctx context.Context, spec runtime.Spec) error

	mu         sync.Mutex
	containers map[string]*box       // by id; guarded by mu
	names      map[string]string     // name to id; guarded by mu
	volumes    map[string]bool       // guarded by mu
	limits     map[string]bool       // task ids; guarded by mu
	watchers   map[*watcher]struct{} // guarded by mu
	away       bool                  // guarded by mu
	log        []string              // guarded by mu
	nextPort   uint16                // guarded by mu
}

// box is a container.
type box struct {
	spec  runtime.Spec
	state runtime.State
	ended chan struct{} // closed when the process ended; nil before the start
	timer *time.Timer
}

type watcher struct {
	instance string
	events   chan runtime.Event
}

var _ runtime.Runtime = (*Runtime)(nil)

// New makes an empty engine.
func New() *Runtime {
	return &Runtime{
		containers: map[string]*box{}, names: map[string]string{}, volumes: map[string]bool{}, limits: map[string]bool{},
		watchers: map[*watcher]struct{}{}, nextPort: 32768,
	}
}

// reach fails while the engine is away; it notes the call otherwise.
func (r *Runtime) reach(name, call string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return runtime.NewError(name, fmt.Errorf("%w: switched off", runtime.ErrUnavailable))
	}
	if call != "" {
		r.log = append(r.log, call)
	}
	return nil
}

// Info implements runtime.Host.
func (r *Runtime) Info(context.Context) (runtime.Info, error) {
	if err := r.reach(runtime.DockerState, ""); err != nil {
		return runtime.Info{}, err
	}
	if r.Host.CPUs != 0 {
		return r.Host, nil
	}
	return runtime.Info{
		Version: "20.10.24", APIVersion: "1.41", CPUs: 2, MemoryMiB: 8192, Architecture: "x86_64", OSType: "linux",
		TaskLimits: true, LogDrivers: []string{"json-file", "none"},
	}, nil
}

// Ping implements runtime.Host.
func (r *Runtime) Ping(context.Context) error { return r.reach(runtime.DockerState, "") }

// PullImage implements runtime.Images: every image is on the host unless OnPull says otherwise.
func (r *Runtime) PullImage(ctx context.Context, ref string, policy runtime.PullPolicy) (runtime.Image, error) {
	if err := r.reach(runtime.CannotPullContainer, "pull "+ref); err != nil {
		return runtime.Image{}, err
	}
	if r.OnPull != nil {
		return r.OnPull(ctx, ref)
	}
	return runtime.Image{ID: "sha256:" + ref, Cached: policy == runtime.PullOnce || policy == runtime.PullPreferCached}, nil
}

// CreateContainer implements runtime.Containers.
func (r *Runtime) CreateContainer(ctx context.Context, spec runtime.Spec) (string, error) {
	if err := r.reach(runtime.CannotCreateContainer, "create "+spec.Labels[runtime.LabelContainerName]); err != nil {
		return "", err
	}
	if r.OnCreate != nil {
		if err := r.OnCreate(ctx, spec); err != nil {
			return "", err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if id, ok := r.names[spec.Name]; ok {
		if r.containers[id].spec.Labels[runtime.LabelTaskARN] != spec.Labels[runtime.LabelTaskARN] {
			return "", runtime.NewError(runtime.CannotCreateContainer, fmt.Errorf("the name %s is taken", spec.Name))
		}
		return id, nil
	}
	var raw [32]byte
	_, _ = rand.Read(raw[:])
	id := hex.EncodeToString(raw[:])
	spec.Labels = maps.Clone(spec.Labels)
	r.containers[id] = &box{spec: spec, state: runtime.State{ID: id, Phase: runtime.PhaseCreated}}
	r.names[spec.Name] = id
	return id, nil
}

// StartContainer implements runtime.Containers.
func (r *Runtime) StartContainer(ctx context.Context, id string) error {
	b, err := r.find(runtime.CannotStartContainer, "start", id)
	if err != nil {
		return err
	}
	if r.OnStart != nil {
		if err := r.OnStart(ctx, b.spec); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if b.state.Phase == runtime.PhaseRunning {
		return nil
	}
	b.state = runtime.State{ID: id, Phase: runtime.PhaseRunning, Started: true, StartedAt: time.Now(), Bindings: r.bind(b.spec)}
	if b.spec.HealthCheck {
		b.state.Health = runtime.HealthStarting
	}
	b.ended = make(chan struct{})
	r.begin(b)
	return nil
}

// begin runs the container's program. It is called with mu held.
func (r *Runtime) begin(b *box) {
	program := append(append([]string{}, b.spec.EntryPoint...), b.spec.Command...)
	switch {
	case len(program) == 2 && program[0] == "exit":
		code, _ := strconv.Atoi(program[1])
		r.end(b, code, false)
	case len(program) == 3 && program[0] == "after":
		wait, _ := time.ParseDuration(program[1])
		code, _ := strconv.Atoi(program[2])
		b.timer = time.AfterFunc(wait, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.end(b, code, false)
		})
	}
}

// end stops a running container. It is called with mu held.
func (r *Runtime) end(b *box, code int, oom bool) {
	if b.state.Phase != runtime.PhaseRunning {
		return
	}
	if b.timer != nil {
		b.timer.Stop()
	}
	b.state.Phase, b.state.ExitCode, b.state.OOMKilled, b.state.FinishedAt = runtime.PhaseExited, code, oom, time.Now()
	b.state.Bindings = nil
	close(b.ended)
	r.tell(runtime.Event{Kind: runtime.EventExited, ContainerID: b.state.ID, Labels: b.spec.Labels, At: time.Now()})
}

// bind publishes ports. It is called with mu held.
func (r *Runtime) bind(spec runtime.Spec) []runtime.Binding {
	if spec.NetworkMode == "host" || spec.NetworkMode == "none" {
		return nil
	}
	var list []runtime.Binding
	for _, p := range spec.Ports {
		for n := range p.Last - p.First + 1 {
			host := p.Host + n
			if p.Host == 0 {
				host = r.nextPort
				r.nextPort = max(r.nextPort+1, 32768)
			}
			list = append(list, runtime.Binding{HostIP: "0.0.0.0", ContainerPort: p.First + n, HostPort: host, Protocol: p.Protocol})
		}
	}
	return list
}

// StopContainer implements runtime.Containers.
func (r *Runtime) StopContainer(ctx context.Context, id string, timeout time.Duration) error {
	b, err := r.find(runtime.CannotStopContainer, "stop", id)
	if runtime.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	if b.state.Phase != runtime.PhaseRunning {
		r.mu.Unlock()
		return nil
	}
	ended := b.ended
	program := strings.Join(append(append([]string{}, b.spec.EntryPoint...), b.spec.Command...), " ")
	if program != "ignore" {
		code := 143
		if text, ok := strings.CutPrefix(program, "trap "); ok {
			code, _ = strconv.Atoi(text)
		}
		r.end(b, code, false)
	}
	r.mu.Unlock()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end(b, 137, false)
	return nil
}

// InspectContainer implements runtime.Containers.
func (r *Runtime) InspectContainer(_ context.Context, id string) (runtime.State, error) {
	b, err := r.find(runtime.CannotInspectContainer, "", id)
	if err != nil {
		return runtime.State{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return b.state, nil
}

// ListContainers implements runtime.Containers.
func (r *Runtime) ListContainers(_ context.Context, instance string) ([]runtime.Container, error) {
	if err := r.reach(runtime.CannotListContainers, ""); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []runtime.Container
	for id, b := range r.containers {
		if b.spec.Labels[runtime.LabelInstance] == instance {
			list = append(list, runtime.Container{ID: id, Labels: maps.Clone(b.spec.Labels)})
		}
	}
	return list, nil
}

// RemoveContainer implements runtime.Containers.
func (r *Runtime) RemoveContainer(_ context.Context, id string) error {
	b, err := r.find(runtime.CannotRemoveContainer, "remove", id)
	if runtime.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end(b, 137, false)
	delete(r.containers, id)
	delete(r.names, b.spec.Name)
	r.tell(runtime.Event{Kind: runtime.EventExited, ContainerID: id, Labels: b.spec.Labels, At: time.Now()})
	return nil
}

// find returns the container with the id; call is what the log notes, with the container's name.
func (r *Runtime) find(name, call, id string) (*box, error) {
	r.mu.Lock()
	b := r.containers[id]
	r.mu.Unlock()
	note := ""
	if b != nil && call != "" {
		note = call + " " + b.spec.Labels[runtime.LabelContainerName]
	}
	if err := r.reach(name, note); err != nil {
		return nil, err
	}
	if b == nil {
		return nil, runtime.NewError(name, fmt.Errorf("%w: container %s", runtime.ErrNotFound, id))
	}
	return b, nil
}

// CreateVolume implements runtime.Volumes.
func (r *Runtime) CreateVolume(_ context.Context, v runtime.Volume) error {
	if err := r.reach(runtime.CannotCreateVolume, "volume "+v.Name); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.volumes[v.Name] = true
	return nil
}

// HasVolume implements runtime.Volumes.
func (r *Runtime) HasVolume(_ context.Context, name string) (bool, error) {
	if err := r.reach(runtime.CannotCreateVolume, ""); err != nil {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.volumes[name], nil
}

// RemoveVolume implements runtime.Volumes.
func (r *Runtime) RemoveVolume(_ context.Context, name string) error {
	if err := r.reach(runtime.CannotRemoveContainer, ""); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.volumes, name)
	return nil
}

// SetTaskLimits implements runtime.Tasks.
func (r *Runtime) SetTaskLimits(ctx context.Context, taskID string, _ runtime.Limits) (string, error) {
	info, err := r.Info(ctx)
	if err != nil {
		return "", err
	}
	if !info.TaskLimits {
		return "", runtime.NewError(runtime.ResourceInitialization, errors.New("this host cannot limit the CPU and memory of a task as a whole"))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limits[taskID] = true
	return "/berth/" + taskID, nil
}

// ReleaseTask implements runtime.Tasks.
func (r *Runtime) ReleaseTask(_ context.Context, taskID string) error {
	if err := r.reach(runtime.ResourceInitialization, ""); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.limits, taskID)
	return nil
}

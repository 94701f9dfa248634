package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"berth/agent/runtime"
)

// CreateContainer implements runtime.Containers. The name makes it idempotent: when the engine already has a container
// of that name for the same task, that one is returned.
func (r *Runtime) CreateContainer(ctx context.Context, spec runtime.Spec) (string, error) {
	done, err := r.starts.take(ctx, beginning)
	if err != nil {
		return "", fail(ctx, runtime.CannotCreateContainer, createTimeout, err)
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	config, host, err := translate(spec)
	if err != nil {
		return "", err
	}
	if err := r.publish(spec, config, host); err != nil {
		return "", err
	}
	made, err := r.api.ContainerCreate(ctx, client.ContainerCreateOptions{Name: spec.Name, Config: config, HostConfig: host})
	if err == nil {
		for _, warning := range made.Warnings {
			r.log.Warn("docker create", "container", spec.Name, "warning", warning)
		}
		return made.ID, nil
	}
	if cerrdefs.IsConflict(err) {
		if id, ok := r.adopt(ctx, spec); ok {
			return id, nil
		}
	}
	r.forgetRanges(spec.Name)
	return "", fail(ctx, runtime.CannotCreateContainer, createTimeout, err)
}

// adopt finds the container an earlier call made whose answer was lost.
func (r *Runtime) adopt(ctx context.Context, spec runtime.Spec) (string, bool) {
	found, err := r.api.ContainerInspect(ctx, spec.Name, client.ContainerInspectOptions{})
	if err != nil || found.Container.Config == nil {
		return "", false
	}
	labels := found.Container.Config.Labels
	if labels[runtime.LabelTaskARN] != spec.Labels[runtime.LabelTaskARN] || labels[runtime.LabelTaskARN] == "" {
		return "", false
	}
	return found.Container.ID, true
}

// translate lays the spec's members over the two JSON texts. encoding/json is meant: the texts are Docker's own, whose
// member names match without regard to case.
func translate(spec runtime.Spec) (*container.Config, *container.HostConfig, error) {
	var config container.Config
	if err := parse(spec.Config, &config); err != nil {
		return nil, nil, runtime.NewError(runtime.DockerClientConfig, fmt.Errorf("dockerConfig.config: %w", err))
	}
	var host container.HostConfig
	if err := parse(spec.HostConfig, &host); err != nil {
		return nil, nil, runtime.NewError(runtime.HostConfig, fmt.Errorf("dockerConfig.hostConfig: %w", err))
	}
	if err := overlayConfig(&config, spec); err != nil {
		return nil, nil, err
	}
	overlayHost(&host, spec)
	return &config, &host, nil
}

func parse(text string, into any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}

func overlayConfig(config *container.Config, spec runtime.Spec) error {
	config.Image = spec.Image
	config.Env = append(config.Env, spec.Env...)
	if len(spec.EntryPoint) > 0 {
		config.Entrypoint = spec.EntryPoint
	}
	if len(spec.Command) > 0 {
		config.Cmd = spec.Command
	}
	if config.Labels == nil {
		config.Labels = map[string]string{}
	}
	maps.Copy(config.Labels, spec.Labels)
	if !spec.HealthCheck {
		config.Healthcheck = &container.HealthConfig{Test: []string{"NONE"}}
		return nil
	}
	if config.Healthcheck == nil || len(config.Healthcheck.Test) == 0 {
		return runtime.NewError(runtime.DockerClientConfig, errors.New("a docker health check was asked for, but config has no Healthcheck"))
	}
	return nil
}

// minCPUShares is the kernel's least, and what ECS gives for null, 0 and 1.
const minCPUShares = 2

func overlayHost(host *container.HostConfig, spec runtime.Spec) {
	host.CPUShares = max(spec.CPUShares, minCPUShares)
	if spec.MemoryMiB > 0 {
		host.Memory = spec.MemoryMiB << 20
	}
	if host.NetworkMode == "" {
		host.NetworkMode = container.NetworkMode(spec.NetworkMode)
	}
	if host.PidMode == "" {
		host.PidMode = container.PidMode(spec.PIDMode)
	}
	if host.IpcMode == "" {
		host.IpcMode = container.IpcMode(spec.IPCMode)
	}
	host.Privileged = host.Privileged || spec.Privileged
	host.Binds = append(host.Binds, spec.Binds...)
	host.VolumesFrom = append(host.VolumesFrom, spec.VolumesFrom...)
	host.Links = append(host.Links, spec.Links...)
	if spec.CgroupParent != "" {
		host.CgroupParent = spec.CgroupParent
	}
	// The supervisor restarts and removes: the engine doing it on its own would hide what happened.
	host.RestartPolicy = container.RestartPolicy{}
	host.AutoRemove = false
}

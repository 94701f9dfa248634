package docker

import (
	"context"
	"math"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"berth/agent/runtime"
)

// stopSlack is what the engine may take beyond a container's own stop timeout to kill and clean up.
const stopSlack = 2 * time.Minute

// StartContainer implements runtime.Containers.
func (r *Runtime) StartContainer(ctx context.Context, id string) error {
	done, err := r.starts.take(ctx, finishing)
	if err != nil {
		return fail(ctx, runtime.CannotStartContainer, r.config.StartTimeout, err)
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, r.config.StartTimeout)
	defer cancel()
	_, err = r.api.ContainerStart(ctx, id, client.ContainerStartOptions{})
	return fail(ctx, runtime.CannotStartContainer, r.config.StartTimeout, err)
}

// StopContainer implements runtime.Containers. The engine does the waiting, so that a dead agent does not leave a
// container half stopped; the signal is the image's or the configuration's StopSignal, SIGTERM if there is none.
func (r *Runtime) StopContainer(ctx context.Context, id string, timeout time.Duration) error {
	bound := timeout + stopSlack
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	seconds := int(math.Ceil(timeout.Seconds()))
	_, err := r.api.ContainerStop(ctx, id, client.ContainerStopOptions{Timeout: &seconds})
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	return fail(ctx, runtime.CannotStopContainer, bound, err)
}

// InspectContainer implements runtime.Containers.
func (r *Runtime) InspectContainer(ctx context.Context, id string) (runtime.State, error) {
	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	found, err := r.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return runtime.State{}, fail(ctx, runtime.CannotInspectContainer, inspectTimeout, err)
	}
	return state(found.Container), nil
}

func state(c container.InspectResponse) runtime.State {
	s := runtime.State{ID: c.ID}
	if c.NetworkSettings != nil {
		s.Bindings = bindings(c.NetworkSettings.Ports)
	}
	if c.State == nil {
		return s
	}
	s.OOMKilled, s.ExitCode, s.Error = c.State.OOMKilled, c.State.ExitCode, c.State.Error
	s.StartedAt, s.FinishedAt = moment(c.State.StartedAt), moment(c.State.FinishedAt)
	s.Started = !s.StartedAt.IsZero()
	if !s.FinishedAt.IsZero() && s.FinishedAt.Before(s.StartedAt) {
		s.FinishedAt = s.StartedAt // the engine notes the start of a very short process after its end
	}
	switch {
	case c.State.Running || c.State.Paused || c.State.Restarting:
		s.Phase = runtime.PhaseRunning
	case c.State.Status == container.StateCreated:
		s.Phase = runtime.PhaseCreated
	default:
		s.Phase = runtime.PhaseExited
	}
	if c.State.Health != nil {
		s.Health = verdict(c.State.Health.Status)
	}
	return s
}

func verdict(status container.HealthStatus) runtime.Health {
	switch status {
	case container.Starting:
		return runtime.HealthStarting
	case container.Healthy:
		return runtime.HealthHealthy
	case container.Unhealthy:
		return runtime.HealthUnhealthy
	}
	return runtime.HealthNone
}

// moment reads the engine's time; its "never" is the year 1.
func moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t
}

// ListContainers implements runtime.Containers.
func (r *Runtime) ListContainers(ctx context.Context, instance string) ([]runtime.Container, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	result, err := r.api.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: client.Filters{}.Add("label", runtime.LabelInstance+"="+instance),
	})
	if err != nil {
		return nil, fail(ctx, runtime.CannotListContainers, listTimeout, err)
	}
	list := make([]runtime.Container, 0, len(result.Items))
	for _, item := range result.Items {
		list = append(list, runtime.Container{ID: item.ID, Labels: item.Labels})
	}
	return list, nil
}

// RemoveContainer implements runtime.Containers.
func (r *Runtime) RemoveContainer(ctx context.Context, id string) error {
	done, err := r.removals.take(ctx, beginning)
	if err != nil {
		return fail(ctx, runtime.CannotRemoveContainer, removeTimeout, err)
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, removeTimeout)
	defer cancel()
	name := ""
	if found, err := r.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{}); err == nil && len(found.Container.Name) > 1 {
		name = found.Container.Name[1:]
	}
	_, err = r.api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{RemoveVolumes: true, Force: true})
	if err != nil && !cerrdefs.IsNotFound(err) {
		return fail(ctx, runtime.CannotRemoveContainer, removeTimeout, err)
	}
	r.forgetRanges(name)
	return nil
}

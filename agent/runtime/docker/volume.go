package docker

import (
	"context"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"berth/agent/runtime"
)

// CreateVolume implements runtime.Volumes.
func (r *Runtime) CreateVolume(ctx context.Context, v runtime.Volume) error {
	ctx, cancel := context.WithTimeout(ctx, volumeTimeout)
	defer cancel()
	_, err := r.api.VolumeCreate(ctx, client.VolumeCreateOptions{
		Name: v.Name, Driver: v.Driver, DriverOpts: v.DriverOpts, Labels: v.Labels,
	})
	return fail(ctx, runtime.CannotCreateVolume, volumeTimeout, err)
}

// HasVolume implements runtime.Volumes.
func (r *Runtime) HasVolume(ctx context.Context, name string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	_, err := r.api.VolumeInspect(ctx, name, client.VolumeInspectOptions{})
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, fail(ctx, runtime.CannotCreateVolume, inspectTimeout, err)
}

// RemoveVolume implements runtime.Volumes.
func (r *Runtime) RemoveVolume(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, volumeTimeout)
	defer cancel()
	_, err := r.api.VolumeRemove(ctx, name, client.VolumeRemoveOptions{})
	if cerrdefs.IsNotFound(err) {
		return nil
	}
	return fail(ctx, runtime.CannotRemoveContainer, volumeTimeout, err)
}

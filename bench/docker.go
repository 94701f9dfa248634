package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	dockercontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// What the container may use, either way.
const (
	directCPUShares = 64
	directMemoryMiB = 64
	stopTimeout     = 2 // seconds, the least that ECS allows
)

// taskLabel names the task of a container that an agent made.
const taskLabel = "com.amazonaws.ecs.task-arn"

// docker is the local Docker Engine, spoken to without Berth.
type docker struct {
	api     *client.Client
	image   string
	version string
}

// openDocker errs when no engine answers or it does not have the image.
func openDocker(ctx context.Context, image string) (*docker, error) {
	api, err := client.New(client.FromEnv)
	if err != nil {
		return nil, fmt.Errorf("docker client: %w", err)
	}
	d := &docker{api: api, image: image}
	version, err := api.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("ask the Docker Engine: %w", err), api.Close())
	}
	d.version = version.Version
	if _, err := api.ImageInspect(ctx, image); err != nil {
		return nil, errors.Join(fmt.Errorf("the local image %s (`make setup` builds it): %w", image, err), api.Close())
	}
	return d, nil
}

func (d *docker) close() { _ = d.api.Close() }

// measure creates and starts the container, and ends it the way an agent does: what follows must not find its remains still being
// cleared away more often on one side than on the other.
func (d *docker) measure(ctx context.Context) (time.Duration, error) {
	options := client.ContainerCreateOptions{
		Config: &dockercontainer.Config{Image: d.image, Cmd: untilTerminated},
		HostConfig: &dockercontainer.HostConfig{
			NetworkMode: "bridge",
			Resources:   dockercontainer.Resources{CPUShares: directCPUShares, Memory: directMemoryMiB << 20},
		},
	}
	began := time.Now()
	made, err := d.api.ContainerCreate(ctx, options)
	if err != nil {
		return 0, fmt.Errorf("create a container: %w", err)
	}
	_, err = d.api.ContainerStart(ctx, made.ID, client.ContainerStartOptions{})
	elapsed := time.Since(began)
	if err == nil {
		seconds := int(stopTimeout)
		_, err = d.api.ContainerStop(ctx, made.ID, client.ContainerStopOptions{Timeout: &seconds})
	}
	return elapsed, errors.Join(err, d.remove(context.WithoutCancel(ctx), made.ID))
}

func (d *docker) remove(ctx context.Context, id string) error {
	_, err := d.api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && !cerrdefs.IsNotFound(err) {
		return fmt.Errorf("remove container %s: %w", id, err)
	}
	return nil
}

// removeOf removes the containers of a task, if there are any.
func (d *docker) removeOf(ctx context.Context, task string) error {
	found, err := d.api.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("label", taskLabel+"="+task),
	})
	if err != nil {
		return fmt.Errorf("find the containers of %s: %w", task, err)
	}
	for _, c := range found.Items {
		if err := d.remove(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

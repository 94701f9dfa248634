package supervisor

import (
	"context"
	"errors"
	"fmt"
	"math"

	"berth/agent/runtime"
	"berth/api/acs"
)

// limits of the task as a whole.
func limits(task acs.Task) runtime.Limits {
	return runtime.Limits{CPUUnits: int64(math.Round(task.CPU * 1024)), MemoryMiB: task.Memory}
}

// engineVolumes are the volumes to make, or to look for, before the containers.
func engineVolumes(task acs.Task) []acs.Volume {
	var list []acs.Volume
	for _, v := range task.Volumes {
		if v.Docker != nil || v.Host == nil || v.Host.SourcePath == "" {
			list = append(list, v)
		}
	}
	return list
}

func needsPrepare(task acs.Task) bool {
	return limits(task) != runtime.Limits{} || len(engineVolumes(task)) > 0
}

// setUp makes volumes and limits; it may be repeated. It returns the parent for the containers' cgroups.
func setUp(ctx context.Context, rt runtime.Runtime, task acs.Task) (string, error) {
	for _, v := range engineVolumes(task) {
		if err := makeVolume(ctx, rt, task, v); err != nil {
			return "", err
		}
	}
	if l := limits(task); l != (runtime.Limits{}) {
		return rt.SetTaskLimits(ctx, taskID(task.ARN), l)
	}
	return "", nil
}

func makeVolume(ctx context.Context, rt runtime.Runtime, task acs.Task, v acs.Volume) error {
	volume := runtime.Volume{Name: volumeSource(task, v)}
	if v.Docker == nil {
		volume.Labels = map[string]string{runtime.LabelTaskARN: task.ARN}
		return rt.CreateVolume(ctx, volume)
	}
	volume.Driver, volume.DriverOpts, volume.Labels = v.Docker.Driver, v.Docker.DriverOpts, v.Docker.Labels
	if v.Docker.Scope == "shared" && !v.Docker.Autoprovision {
		exists, err := rt.HasVolume(ctx, volume.Name)
		if err != nil || exists {
			return err
		}
		return runtime.NewError(runtime.CannotCreateVolume,
			fmt.Errorf("shared volume %s does not exist and autoprovision is off", v.Name))
	}
	return rt.CreateVolume(ctx, volume)
}

// Remove takes away what is left of a stopped task: containers, the volumes that belong to it, its cgroup. Shared
// volumes and host paths stay (features.md B15).
func Remove(ctx context.Context, rt runtime.Runtime, task acs.Task, containerIDs []string) error {
	var failed []error
	for _, id := range containerIDs {
		failed = append(failed, rt.RemoveContainer(ctx, id))
	}
	for _, v := range engineVolumes(task) {
		if v.Docker == nil || v.Docker.Scope != "shared" {
			failed = append(failed, rt.RemoveVolume(ctx, volumeSource(task, v)))
		}
	}
	if limits(task) != (runtime.Limits{}) {
		failed = append(failed, rt.ReleaseTask(ctx, taskID(task.ARN)))
	}
	return errors.Join(failed...)
}

package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"berth/agent/runtime"
	"berth/agent/supervisor"
)

// engineRetry is how long a wait for the engine pauses between questions.
const engineRetry = time.Second

// resume rebuilds the supervisors from the engine's labels.
func (e *Engine) resume(ctx context.Context) error {
	found, err := e.survey(ctx)
	if err != nil {
		return err
	}
	for _, arn := range slices.Sorted(maps.Keys(found)) {
		f := found[arn]
		task, err := supervisor.DecodeTask(f.label)
		if err == nil && task.ARN != arn {
			err = fmt.Errorf("its label is of task %s", task.ARN)
		}
		if err != nil {
			e.log.Error("containers of a task that cannot be read are left alone", "task", arn, "error", err)
			continue
		}
		e.mu.Lock()
		sup, err := e.supervise(task, f.containers)
		if err != nil {
			e.mu.Unlock()
			e.log.Error("containers of a task that cannot be supervised are left alone", "task", arn, "error", err)
			continue
		}
		e.tasks[arn] = &entry{task: task, sup: sup}
		if view := sup.View(); view.Status != "STOPPED" {
			e.ledger.hold(arn, claimOf(task))
		}
		e.mu.Unlock()
		e.log.Info("task taken up again", "task", arn, "containers", len(f.containers))
	}
	return nil
}

// finding is what the engine has of one task.
type finding struct {
	label      string
	containers []supervisor.Found
}

// survey lists and inspects this instance's containers, waiting for an engine that is away.
func (e *Engine) survey(ctx context.Context) (map[string]*finding, error) {
	said := false
	for {
		found, err := e.look(ctx)
		if err == nil {
			return found, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !said {
			said = true
			e.log.Warn("container engine does not answer, waiting for it", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(engineRetry):
		}
	}
}

func (e *Engine) look(ctx context.Context) (map[string]*finding, error) {
	list, err := e.config.Runtime.ListContainers(ctx, e.config.Identity.InstanceARN)
	if err != nil {
		return nil, err
	}
	found := map[string]*finding{}
	for _, c := range list {
		arn, name := c.Labels[runtime.LabelTaskARN], c.Labels[runtime.LabelContainerName]
		if arn == "" || name == "" || c.Labels[runtime.LabelTask] == "" {
			continue
		}
		state, err := e.config.Runtime.InspectContainer(ctx, c.ID)
		if runtime.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if found[arn] == nil {
			found[arn] = &finding{label: c.Labels[runtime.LabelTask]}
		}
		found[arn].containers = append(found[arn].containers, supervisor.Found{Name: name, State: state})
	}
	return found, nil
}

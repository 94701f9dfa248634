package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"berth/api/ecs/wire"
)

// tasks runs one task after the other in the cluster of `berth dev`.
type tasks struct {
	caller *caller
	docker *docker
	arns   []string // of all it ran
}

// took is how long a task took to RUNNING: seen by the caller, and told by the task's own times.
type took struct{ seen, told time.Duration }

// measure runs one task, and ends it and removes its container before it returns.
func (t *tasks) measure(ctx context.Context) (took, error) {
	began := time.Now()
	var started wire.RunTaskOutput
	if err := t.call("RunTask", wire.RunTaskInput{Cluster: new(devCluster), TaskDefinition: new(family)}, &started); err != nil {
		return took{}, err
	}
	if len(started.Tasks) != 1 {
		return took{}, fmt.Errorf("RunTask started nothing: %+v", started.Failures)
	}
	arn := *started.Tasks[0].TaskArn
	t.arns = append(t.arns, arn)
	running, err := t.await(ctx, arn, "RUNNING")
	seen := time.Since(began)
	if err != nil {
		return took{}, err
	}
	if err := t.call("StopTask", wire.StopTaskInput{Cluster: new(devCluster), Task: &arn}, nil); err != nil {
		return took{}, err
	}
	if _, err := t.await(ctx, arn, "STOPPED"); err != nil {
		return took{}, err
	}
	told := running.StartedAt.Time().Sub(running.CreatedAt.Time())
	return took{seen: seen, told: told}, t.docker.removeOf(ctx, arn)
}

// await asks for the task until it has a status. A task that stopped instead says why.
func (t *tasks) await(ctx context.Context, arn, status string) (*wire.Task, error) {
	deadline := time.Now().Add(taskPatience)
	tick := time.NewTicker(pollTask)
	defer tick.Stop()
	for {
		var found wire.DescribeTasksOutput
		if err := t.call("DescribeTasks", wire.DescribeTasksInput{Cluster: new(devCluster), Tasks: []string{arn}}, &found); err != nil {
			return nil, err
		}
		if len(found.Tasks) != 1 {
			return nil, fmt.Errorf("task %s is gone", arn)
		}
		task := &found.Tasks[0]
		switch last := *task.LastStatus; {
		case last == status:
			return task, nil
		case last == "STOPPED":
			return nil, fmt.Errorf("task %s stopped: %s", arn, text(task.StoppedReason))
		case time.Now().After(deadline):
			return nil, fmt.Errorf("task %s is still %s after %s", arn, last, taskPatience)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (t *tasks) call(operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := t.caller.call(operation, body)
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

// sweep removes what a run that was cut short left behind.
func (t *tasks) sweep(ctx context.Context) error {
	for _, arn := range t.arns {
		if err := t.docker.removeOf(ctx, arn); err != nil {
			return err
		}
	}
	return nil
}

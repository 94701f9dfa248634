package ecs

import (
	"context"
	"unicode/utf8"

	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

// maxStopReason is the length of StopTask's reason in characters (features.md C12).
const maxStopReason = 255

func (s *Service) stopTask(ctx context.Context, in *wire.StopTaskInput) (*wire.StopTaskOutput, error) {
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(value(in.Reason)) > maxStopReason {
		return nil, ecs.InvalidParameterf("reason can have at most %d characters.", maxStopReason)
	}
	id, home, err := s.taskID(cluster, value(in.Task))
	if err != nil {
		return nil, err
	}
	if home != cluster {
		return nil, ecs.InvalidParameterf("The referenced task was not found.")
	}
	t, err := do(ctx, s, func(tx *state.Tx) (*ecs.Task, error) {
		return command.StopTask(tx, command.StopTaskInput{Cluster: cluster, ID: id, Reason: value(in.Reason)})
	})
	if err != nil {
		return nil, err
	}
	return &wire.StopTaskOutput{Task: s.taskToWire(s.Store.Snapshot(), t, false)}, nil
}

func (s *Service) describeTasks(_ context.Context, in *wire.DescribeTasksInput) (*wire.DescribeTasksOutput, error) {
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	if len(in.Tasks) > 100 {
		return nil, ecs.InvalidParameterf("tasks can have at most 100 items.")
	}
	view := s.Store.Snapshot()
	if _, err := command.ActiveCluster(view, cluster); err != nil {
		return nil, err
	}
	out := &wire.DescribeTasksOutput{Tasks: make([]wire.Task, 0, len(in.Tasks)), Failures: []wire.Failure{}}
	for _, arg := range in.Tasks {
		id, home, err := s.taskID(cluster, arg)
		if err != nil {
			return nil, err
		}
		t := view.Task(cluster, id)
		if t == nil || home != cluster {
			out.Failures = append(out.Failures, missing(s.Realm.TaskARN(home, id)))
			continue
		}
		out.Tasks = append(out.Tasks, *s.taskToWire(view, t, included(in.Include, "TAGS")))
	}
	return out, nil
}

func (s *Service) listTasks(_ context.Context, in *wire.ListTasksInput) (*wire.ListTasksOutput, error) {
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	view := s.Store.Snapshot()
	if _, err := command.ActiveCluster(view, cluster); err != nil {
		return nil, err
	}
	f := taskFilter{
		family: value(in.Family), service: value(in.ServiceName), starter: value(in.StartedBy),
		launch: value(in.LaunchType), desired: value(in.DesiredStatus),
	}
	if value(in.ContainerInstance) != "" {
		id, _, err := s.instanceID(cluster, *in.ContainerInstance)
		if err != nil {
			return nil, err
		}
		if f.instance = view.Instance(cluster, id); f.instance == nil {
			return nil, ecs.InvalidParameterf("The referenced container instance was not found.")
		}
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	p, err := newPage(in.MaxResults, in.NextToken, 100, "ListTasks", cluster, f.family, f.service, f.starter, f.launch, f.desired,
		value(in.ContainerInstance))
	if err != nil {
		return nil, err
	}
	out := &wire.ListTasksOutput{TaskArns: []string{}}
	f.scan(view, cluster, ecs.TaskID(p.after), func(t *ecs.Task) bool {
		if !f.match(t) {
			return true
		}
		if !p.add(string(t.ID)) {
			return false
		}
		out.TaskArns = append(out.TaskArns, s.Realm.TaskARN(cluster, t.ID))
		return true
	})
	out.NextToken = p.token()
	return out, nil
}

// taskFilter is what ListTasks selects by.
type taskFilter struct {
	family, service, starter, launch, desired string
	instance                                  *ecs.Instance
}

// check: startedBy must be the only filter (semantics.md 1.5).
func (f *taskFilter) check() error {
	if f.starter != "" && (f.family != "" || f.service != "" || f.launch != "" || f.instance != nil) {
		return ecs.InvalidParameterf("startedBy must be the only filter of the request.")
	}
	if f.service != "" {
		return &ecs.Error{Code: "ServiceNotFoundException", Message: "Service not found."}
	}
	return nil
}

// scan walks the smallest index the filter has.
func (f *taskFilter) scan(v *state.View, cluster string, after ecs.TaskID, fn func(*ecs.Task) bool) {
	switch {
	case f.instance != nil:
		v.ScanTasksOfInstance(f.instance, after, fn)
	case f.starter != "":
		v.ScanTasksStartedBy(cluster, f.starter, after, fn)
	case f.family != "":
		v.ScanTasksOfFamily(cluster, f.family, after, fn)
	default:
		v.ScanTasks(cluster, after, fn)
	}
}

// match: the desired status is RUNNING unless asked for; PENDING matches nothing (semantics.md 1.5).
func (f *taskFilter) match(t *ecs.Task) bool {
	desired := f.desired
	if desired == "" {
		desired = string(ecs.StatusRunning)
	}
	return string(t.DesiredStatus) == desired &&
		(f.family == "" || t.Family == f.family) && (f.launch == "" || string(t.LaunchType) == f.launch)
}

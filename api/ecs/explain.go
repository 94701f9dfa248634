package ecs

import (
	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
)

// RunTaskRequest reads a request of RunTask, with the refusals it has for one; Berth's own operations explain it.
func (s *Service) RunTaskRequest(in *wire.RunTaskInput) (command.RunTaskInput, error) {
	return s.runTaskArgs(in)
}

// TaskName resolves the cluster and task arguments of an operation. An ARN's own cluster counts.
func (s *Service) TaskName(cluster *string, task string) (string, ecs.TaskID, error) {
	name, err := s.clusterName(cluster)
	if err != nil {
		return "", "", err
	}
	id, name, err := s.taskID(name, task)
	return name, id, err
}

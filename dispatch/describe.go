package dispatch

import (
	"strconv"

	"berth/api/acs"
	"berth/ecs"
)

// runTask is the task of a payload that asks for a task to be run, with the credentials that travel along (nil: none).
func runTask(realm ecs.Realm, i *ecs.Instance, t *ecs.Task, def *ecs.TaskDefinition, role, execution *acs.RoleCredentials) acs.Task {
	return acs.Task{
		ARN: realm.TaskARN(t.Cluster, t.ID), TaskClusterARN: realm.ClusterARN(t.Cluster), DesiredStatus: acs.StatusRunning,
		Family: t.Family, Version: strconv.Itoa(int(t.Revision)), RoleCredentials: role, ExecutionRoleCredentials: execution,
	}
}

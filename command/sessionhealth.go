package command

import (
	"slices"

	"berth/ecs"
	"berth/state"
)

// ContainerHealth is one container's verdict.
type ContainerHealth struct {
	Name   string
	Health ecs.Health
}

// TaskHealth is what an agent says of the containers of one task.
type TaskHealth struct {
	ID         ecs.TaskID
	Containers []ContainerHealth
}

// ReportHealthInput is one health message of an agent.
type ReportHealthInput struct {
	Instance ecs.InstanceID
	Tasks    []TaskHealth
}

// ReportHealth takes over the health of containers and derives that of their tasks. Tasks that are over, unknown, or not on the
// instance are passed over; so is everything while the agent is not connected, because then health is UNKNOWN (semantics.md 2.6).
func ReportHealth(tx *state.Tx, in ReportHealthInput) error {
	for _, r := range in.Tasks {
		if t := healthChange(tx.View, in.Instance, r); t != nil {
			t.Version++
			tx.PutTask(t)
		}
	}
	return nil
}

// HealthChanges reports whether ReportHealth would change anything, so that a caller need not bother the commit loop with the
// message an agent repeats every 20 seconds.
func HealthChanges(v *state.View, in ReportHealthInput) bool {
	return slices.ContainsFunc(in.Tasks, func(r TaskHealth) bool { return healthChange(v, in.Instance, r) != nil })
}

// healthChange returns a changed copy of the task whose health the report changes, or nil.
func healthChange(v *state.View, instance ecs.InstanceID, r TaskHealth) *ecs.Task {
	i := v.InstanceByID(instance)
	if i == nil || !i.AgentConnected {
		return nil
	}
	t := v.Task(i.Cluster, r.ID)
	if t == nil || t.Instance != i.ID || t.LastStatus == ecs.StatusStopped {
		return nil
	}
	return withHealth(t, v.TaskDefinition(t.Family, t.Revision), r.Containers)
}

// withHealth returns a copy of the task with the verdicts taken over, or nil when they are what they were. Containers without a
// health check have no verdict of their own.
func withHealth(old *ecs.Task, def *ecs.TaskDefinition, verdicts []ContainerHealth) *ecs.Task {
	if def == nil {
		return nil
	}
	n := *old
	n.Containers = slices.Clone(old.Containers)
	for _, verdict := range verdicts {
		k := n.ContainerIndex(verdict.Name)
		if k >= 0 && validHealth(verdict.Health) && hasCheck(def.Container(verdict.Name)) {
			n.Containers[k].Health = verdict.Health
		}
	}
	n.Health = taskHealth(&n, def)
	same := func(a, b ecs.Container) bool { return a.Health == b.Health }
	if n.Health == orUnknown(old.Health) && slices.EqualFunc(old.Containers, n.Containers, same) {
		return nil
	}
	return &n
}

func validHealth(h ecs.Health) bool {
	return h == ecs.HealthHealthy || h == ecs.HealthUnhealthy || h == ecs.HealthUnknown
}

func orUnknown(h ecs.Health) ecs.Health {
	if h == "" {
		return ecs.HealthUnknown
	}
	return h
}

// hasCheck reports whether a container is checked: ["NONE"] is a check that is switched off (semantics.md 2.6).
func hasCheck(d *ecs.ContainerDefinition) bool {
	return d != nil && d.HealthCheck != nil && len(d.HealthCheck.Command) > 0 && d.HealthCheck.Command[0] != "NONE"
}

// taskHealth derives a task's health from its essential containers that have checks: one UNHEALTHY makes it UNHEALTHY, else one
// UNKNOWN makes it UNKNOWN; without any check it is UNKNOWN (semantics.md 2.6).
func taskHealth(t *ecs.Task, def *ecs.TaskDefinition) ecs.Health {
	verdict := ecs.Health("")
	for k := range t.Containers {
		c := &t.Containers[k]
		d := def.Container(c.Name)
		if !hasCheck(d) || !d.Essential {
			continue
		}
		switch h := orUnknown(c.Health); {
		case h == ecs.HealthUnhealthy || verdict == ecs.HealthUnhealthy:
			verdict = ecs.HealthUnhealthy
		case h == ecs.HealthUnknown || verdict == ecs.HealthUnknown:
			verdict = ecs.HealthUnknown
		default:
			verdict = ecs.HealthHealthy
		}
	}
	return orUnknown(verdict)
}

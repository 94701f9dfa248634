package supervisor

import (
	"slices"
	"time"

	"berth/agent/runtime"
)

// View is a task as others may see it.
type View struct {
	// Status is PENDING, RUNNING or STOPPED. Stopping tells that it is on its way to STOPPED.
	Status   string
	Stopping bool
	// EndedAt is when the task's work was over; zero before.
	EndedAt time.Time
	// Containers are in the task's order.
	Containers []ContainerView
}

// ContainerView is one container of a View.
type ContainerView struct {
	Name string
	ID   string
	ARN  string
	// Running tells whether the process runs.
	Running bool
	// Checked tells whether the container has a health check; Health and HealthSince are its verdict.
	Checked     bool
	Health      runtime.Health
	HealthSince time.Time
}

// View returns the state after the last step.
func (s *Supervisor) View() View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

// publish makes the machine's state the View and tells whether some health is news.
func (s *Supervisor) publish() bool {
	view := View{Status: s.m.status(), Stopping: s.m.stopping, EndedAt: s.m.executionStoppedAt, Containers: make([]ContainerView, 0, len(s.m.containers))}
	for _, c := range s.m.containers {
		view.Containers = append(view.Containers, ContainerView{
			Name: c.def.Name, ID: c.id, ARN: c.def.ContainerARN, Running: c.phase == running,
			Checked: c.checked(), Health: c.health, HealthSince: c.healthSince,
		})
	}
	s.mu.Lock()
	old := s.view.Containers
	s.view = view
	s.mu.Unlock()
	return healthDiffers(old, view.Containers)
}

// healthDiffers tells whether a checked container began to run, or has a new verdict.
func healthDiffers(old, now []ContainerView) bool {
	return !slices.EqualFunc(old, now, func(a, b ContainerView) bool {
		return !b.Checked || (a.Health == b.Health && a.Running == b.Running)
	}) && slices.ContainsFunc(now, func(c ContainerView) bool { return c.Checked && c.Running })
}

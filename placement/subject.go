package placement

import (
	"berth/placement/query"
	"berth/state"
)

// Subject is an instance and its tasks as expressions of package query see them.
type Subject struct {
	query.Instance
	Usage *state.Usage
}

var _ query.Subject = (*Subject)(nil)

// RunningTasksCount implements query.Load.
func (s *Subject) RunningTasksCount() int { return s.Usage.Running }

// HasGroup implements query.Load.
func (s *Subject) HasGroup(group string) bool { return s.Usage.GroupTasks(group) > 0 }

// AnyGroup implements query.Load.
func (s *Subject) AnyGroup(match func(group string) bool) bool {
	for _, g := range s.Usage.Groups {
		if match(g.Group) {
			return true
		}
	}
	return false
}

package supervisor

import "time"

// actionKind is what to do with a container, or with the task as a whole.
type actionKind uint8

const (
	none actionKind = iota
	// prepare sets up volumes and limits; it has no container.
	prepare
	pull
	create
	start
	stop
	inspect
)

// action is one thing to do.
type action struct {
	kind actionKind
	c    *container
}

// next says what to do now and, if it must be asked again without anything happening, when.
func (m *machine) next(now time.Time) (actions []action, wake time.Time) {
	if !m.admitted {
		return nil, time.Time{}
	}
	if m.needsPrepare && !m.prepared && !m.preparing && !m.stopping {
		if later(m.retryPrepare, now) {
			wake = earliest(wake, m.retryPrepare)
		} else {
			m.preparing = true
			actions = append(actions, action{kind: prepare})
		}
	}
	for _, c := range m.containers {
		kind, at := m.nextFor(c, now)
		wake = earliest(wake, at)
		if kind != none {
			c.busy = kind
			if kind == inspect {
				c.recheck = false
			}
			actions = append(actions, action{kind: kind, c: c})
		}
	}
	return actions, wake
}

// nextFor decides for one container.
func (m *machine) nextFor(c *container, now time.Time) (actionKind, time.Time) {
	if c.phase == stopped || c.busy != none {
		return none, time.Time{}
	}
	if later(c.retryAt, now) {
		return none, c.retryAt
	}
	if c.recheck {
		return inspect, time.Time{}
	}
	switch c.phase {
	case waiting:
		return pull, time.Time{}
	case pulled:
		if m.creatable(c) {
			return create, time.Time{}
		}
	case created:
		state, _ := c.dependencies(now)
		if state == met {
			return start, time.Time{}
		}
		return none, c.nextDeadline()
	case running:
		if m.stopping && c.leaf() {
			return stop, time.Time{}
		}
	}
	return none, time.Time{}
}

// creatable: the engine needs the volumes, and the containers named in links and volumesFrom, to exist.
func (m *machine) creatable(c *container) bool {
	if m.needsPrepare && !m.prepared {
		return false
	}
	for _, name := range referenced(c.def) {
		if m.byName[name].id == "" {
			return false
		}
	}
	return true
}

// leaf: everything that depends on the container has stopped (B17.3: reverse order at stop).
func (c *container) leaf() bool {
	for _, d := range c.dependents {
		if d.phase != stopped {
			return false
		}
	}
	return true
}

// nextDeadline is the earliest startTimeout of the providers waited for.
func (c *container) nextDeadline() time.Time {
	var at time.Time
	for _, p := range c.providers {
		if p.check() == unmet {
			at = earliest(at, p.deadline())
		}
	}
	return at
}

func later(t, now time.Time) bool { return !t.IsZero() && t.After(now) }

// earliest of two moments where zero is never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

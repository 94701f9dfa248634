package query

import (
	"slices"

	"berth/ecs"
)

func (l *leaf) eval(s Subject) bool { return l.holds(s) != l.negated }

// holds is the outcome of the operator without its negation: false when the subject has no such value (semantics.md 4.1).
func (l *leaf) holds(s Subject) bool {
	switch l.subject {
	case attribute:
		v, ok := s.Attribute(l.name)
		return ok && l.holdsText(v)
	case agentConnected:
		return l.holdsText(boolText(s.AgentConnected()))
	case agentVersion:
		v := s.AgentVersion()
		return v != "" && l.holdsVersion(v)
	case ec2InstanceID:
		v := s.EC2InstanceID()
		return v != "" && l.holdsText(v)
	case registeredAt:
		v := s.RegisteredAt()
		return v != 0 && l.holdsNumber(inSeconds(v))
	case runningTasksCount:
		return l.holdsNumber(int64(s.RunningTasksCount()))
	}
	return l.holdsGroup(s)
}

// inSeconds drops the fraction that the arguments of registeredAt cannot have: == is of use, and >= agrees with > and ==.
func inSeconds(t ecs.Time) int64 { return t.Std().Unix() }

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func (l *leaf) holdsText(v string) bool {
	switch l.op {
	case exists:
		return true
	case equals, in:
		return slices.Contains(l.args, v)
	case matches:
		return l.pattern.MatchString(v)
	}
	return l.op.holds(compareValues(v, l.args[0]))
}

func (l *leaf) holdsVersion(v string) bool {
	switch l.op {
	case exists:
		return true
	case matches:
		return l.pattern.MatchString(v)
	}
	have, ok := parseVersion(v)
	if !ok {
		return false
	}
	for _, arg := range l.args {
		want, _ := parseVersion(arg)
		if l.op.holds(have.compare(want)) {
			return true
		}
	}
	return false
}

func (l *leaf) holdsNumber(v int64) bool {
	switch l.op {
	case exists:
		return true
	case equals, in:
		return slices.Contains(l.numbers, v)
	}
	return l.op.holds(compareInts(v, l.numbers[0]))
}

func (l *leaf) holdsGroup(s Subject) bool {
	switch l.op {
	case exists:
		return s.AnyGroup(anything)
	case matches:
		return s.AnyGroup(l.match)
	}
	for _, group := range l.args {
		if s.HasGroup(group) {
			return true
		}
	}
	return false
}

func anything(string) bool { return true }

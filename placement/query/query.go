package query

import (
	"fmt"

	"berth/ecs"
)

// MaxLength is how many characters an expression may have. ECS: features.md C20.
const MaxLength = 2000

// Host is what an instance is. It changes only when its record does, so the outcome of an expression that is not Dynamic can be
// kept with the record.
type Host interface {
	// Attribute returns the value of a named attribute; ok is false when there is none. An attribute may have an empty value.
	Attribute(name string) (value string, ok bool)
	AgentConnected() bool
	// AgentVersion is "" when it is not known.
	AgentVersion() string
	// EC2InstanceID is "" for a host outside EC2.
	EC2InstanceID() string
	// RegisteredAt is zero when it is not known.
	RegisteredAt() ecs.Time
}

// Load is what runs on an instance. Only Dynamic expressions ask for it.
type Load interface {
	// RunningTasksCount is the number ECS shows under this name: tasks that are RUNNING and meant to be.
	RunningTasksCount() int
	// HasGroup reports whether a task of the group, such as "service:web", is on the instance and not on its way out.
	HasGroup(group string) bool
	// AnyGroup reports whether match is true of the group of such a task.
	AnyGroup(match func(group string) bool) bool
}

// Subject is the instance an expression is asked about. An implementation should be a pointer, or Eval's caller allocates.
type Subject interface {
	Host
	Load
}

// Instance makes the Host part of a Subject of a record; callers embed it and add a Load.
type Instance struct{ *ecs.Instance }

// AgentConnected implements Host.
func (i Instance) AgentConnected() bool { return i.Instance.AgentConnected }

// AgentVersion implements Host.
func (i Instance) AgentVersion() string { return i.VersionInfo.AgentVersion }

// EC2InstanceID implements Host.
func (i Instance) EC2InstanceID() string { return i.Instance.EC2InstanceID }

// RegisteredAt implements Host.
func (i Instance) RegisteredAt() ecs.Time { return i.Instance.RegisteredAt }

// Error says where an expression cannot be read and what was expected there.
type Error struct {
	// Pos is the column of the first character that is wrong, counted in characters from 1. Where the text ends too soon it is one
	// past the last character.
	Pos int
	Msg string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Pos, e.Msg) }

func errorf(pos int, format string, args ...any) *Error {
	return &Error{Pos: pos, Msg: fmt.Sprintf(format, args...)}
}

// Expr is an expression that was read. It is immutable.
type Expr struct {
	root    node
	dynamic bool
	text    string
}

// Parse reads an expression. An error is always an *Error.
func Parse(text string) (*Expr, error) {
	p, err := newParser(text)
	if err != nil {
		return nil, err
	}
	root, err := p.whole()
	if err != nil {
		return nil, err
	}
	return newExpr(root), nil
}

func newExpr(root node) *Expr {
	return &Expr{root: root, dynamic: root.dynamic(), text: canonical(root)}
}

// Eval reports whether the instance matches. It does not allocate.
func (e *Expr) Eval(s Subject) bool { return e.root.eval(s) }

// Dynamic reports whether the outcome depends on what runs on the instance (runningTasksCount, task:group). Without it, it depends
// on Host alone.
func (e *Expr) Dynamic() bool { return e.dynamic }

// String is the canonical form: operators as symbols, brackets and quotes only where they are needed. Expressions that mean the same
// may still have different forms. It is never longer than MaxLength characters.
func (e *Expr) String() string { return e.text }

// Explain says in a few words why the instance does not match, such as `attribute:stack is "test", not "prod"`: the first leaf that
// fails, or where no alternative of an "or" holds, what fails of each. It is "" when the instance matches.
func (e *Expr) Explain(s Subject) string {
	if e.root.eval(s) {
		return ""
	}
	return cut(e.root.explain(s, true), maxExplanation)
}

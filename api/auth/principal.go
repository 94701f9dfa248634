package auth

import "context"

// Role is the kind of a principal.
type Role string

// The roles. Any other value, the empty one too, is denied everything.
const (
	RoleOperator Role = "operator" // a person or a tool; may do everything
	RoleAgent    Role = "agent"    // a node
	RoleTask     Role = "task"     // a running task with its role's credentials
)

// Principal is a caller whose signature verified.
type Principal struct {
	Role  Role
	KeyID string // access key id that signed
	// ARN names the caller as IAM would: the account's root, a user named like
	// the key, or an assumed role whose session is the task's id.
	ARN      string
	Root     bool   // signed with the installation's own key; Role is operator
	TaskARN  string // tasks only
	RoleType string // tasks only: RoleTypeApplication or RoleTypeExecution
}

type principalKey struct{}

// WithPrincipal puts p into the context.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// FromContext returns the principal put in by WithPrincipal. Without one it
// returns the zero Principal, which may do nothing, and false.
func FromContext(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}

package placement

import (
	"berth/ecs"
	"berth/placement/query"
)

// Constrain puts constraints into a request: those of a task definition and of a request for tasks together. All of them hold.
//
// ECS: at most ten together (features.md C18); a memberOf expression is first read when a task is to be placed (semantics.md 3.3).
// Errors are InvalidParameterException; one of an expression names the column.
func Constrain(r *Request, constraints []ecs.PlacementConstraint) error {
	if len(constraints) > ecs.MaxPlacementConstraints {
		return ecs.InvalidParameterf("placementConstraints can have at most %d items, those of the task definition included.",
			ecs.MaxPlacementConstraints)
	}
	for _, c := range constraints {
		switch c.Type {
		case "distinctInstance":
			r.DistinctInstance = true
		case "memberOf":
			x, err := query.Parse(c.Expression)
			if err != nil {
				return ecs.InvalidParameterf("The memberOf expression '%s' is invalid: %v", c.Expression, err)
			}
			r.MemberOf = append(r.MemberOf, x)
		default:
			return ecs.InvalidParameterf("Placement constraints of type '%s' do not exist.", c.Type)
		}
	}
	return nil
}

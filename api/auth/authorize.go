package auth

// Names by which the two agent websockets are authorized, after the actions
// that guard them in IAM.
const (
	OperationPoll           = "Poll"                  // ACS
	OperationStartTelemetry = "StartTelemetrySession" // TCS
)

const serviceECS = "ecs"

// agentOperations is what a node calls (agent-protocol.md 3). CreateCluster is
// among them because an agent without a cluster name makes `default` itself.
var agentOperations = map[string]bool{
	"RegisterContainerInstance":     true,
	"DeregisterContainerInstance":   true,
	"DiscoverPollEndpoint":          true,
	"SubmitTaskStateChange":         true,
	"SubmitContainerStateChange":    true,
	"SubmitAttachmentStateChanges":  true,
	"UpdateContainerInstancesState": true,
	"CreateCluster":                 true,
	"ListTagsForResource":           true,
	OperationPoll:                   true,
	OperationStartTelemetry:         true,
}

// taskOperations is what a task's containers call, through their agent.
var taskOperations = map[string]bool{
	"GetTaskProtection":    true,
	"UpdateTaskProtection": true,
}

// Authorize says whether p may call the operation of a service ("ecs") on
// anything at all: nil, or an AccessDeniedException for resource "*". Callers
// still check that the resource is the agent's or the task's own.
func Authorize(p Principal, service, operation string) error {
	if allowed(p, service, operation) {
		return nil
	}
	return Denied(p, service, operation, "*")
}

func allowed(p Principal, service, operation string) bool {
	switch p.Role {
	case RoleOperator:
		return true
	case RoleAgent:
		return service == serviceECS && agentOperations[operation]
	case RoleTask:
		// The execution role is for pulling and logging, not for the task's code.
		return service == serviceECS && p.RoleType == RoleTypeApplication && taskOperations[operation]
	}
	return false
}

// Denied is the AccessDeniedException for a resource, "*" when it is not known.
// Its sentence is ECS's.
func Denied(p Principal, service, operation, resource string) *Error {
	return &Error{CodeAccessDenied, "User: " + p.ARN + " is not authorized to perform: " +
		service + ":" + operation + " on resource: " + resource}
}

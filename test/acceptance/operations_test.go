//go:build acceptance

package acceptance

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"berth/api/ecs/wire"
)

// built are the operations that have their full behaviour. Whoever builds another one adds it here, with checks of its own.
var built = []string{
	"CreateCluster", "DescribeClusters", "ListClusters", "DeleteCluster", "RegisterTaskDefinition", "DescribeTaskDefinition",
	"ListTaskDefinitions", "ListTaskDefinitionFamilies", "DeregisterTaskDefinition", "RunTask", "StartTask", "StopTask", "DescribeTasks",
	"ListTasks", "RegisterContainerInstance", "DeregisterContainerInstance", "DescribeContainerInstances", "ListContainerInstances",
	"UpdateContainerInstancesState", "DiscoverPollEndpoint", "SubmitTaskStateChange", "SubmitContainerStateChange", "SubmitAttachmentStateChanges",
	"PutAttributes", "DeleteAttributes", "ListAttributes", "CreateCapacityProvider", "UpdateCapacityProvider", "DeleteCapacityProvider",
	"DescribeCapacityProviders", "PutClusterCapacityProviders",
}

func TestUnbuiltOperations(t *testing.T) {
	c := begin(t, "A-api-unbuilt", "each of the 55 operations is known; one that is not built says so, naming itself")
	a := c.server().api(c) // of its own: an empty CreateCluster makes default
	operations := slices.Sorted(maps.Keys(wire.Operations))
	c.equal("operations", len(operations), 55)
	for _, operation := range operations {
		_, err := a.try(operation, obj{})
		name := code(err)
		c.check(name != "UnknownOperationException" && name != "ServerException" && name != "not an answer", "%s {}: %v", operation, err)
		if slices.Contains(built, operation) {
			c.check(name != "UnsupportedFeatureException", "%s is not built: %v", operation, err)
			continue
		}
		c.refusal(err, "UnsupportedFeatureException", operation, operation)
	}
	if !slices.Contains(built, "CreateService") {
		a.awsRefused("UnsupportedFeatureException", "CreateService", "create-service", "--service-name", "x", "--task-definition", "y", "--desired-count", "1")
	}
}

func TestAgentReports(t *testing.T) {
	c := begin(t, "A-session-reports", "container and attachment reports are taken; those of unknown things are no error")
	k := c.emptyCluster(c.dev())
	node := k.as(k.newKey("agent"))
	instance := str(node.call("RegisterContainerInstance", registration(k)), "containerInstance.containerInstanceArn")
	unknown := "arn:aws:ecs:" + region + ":" + account + ":task/" + k.name + "/" + strings.Repeat("0", 32)
	node.aws("submit-container-state-change", "--cluster", k.name, "--task", unknown, "--container-name", "main", "--status", "STOPPED", "--exit-code", "1")
	node.aws("submit-task-state-change", "--cluster", k.name, "--task", unknown, "--status", "STOPPED", "--reason", "gone")
	node.aws("submit-attachment-state-changes", "--cluster", k.name, "--attachments", "attachmentArn="+unknown+",status=ATTACHED")
	out := k.aws("describe-tasks", "--cluster", k.name, "--tasks", unknown)
	c.equal("reason of the unknown task", str(out, "failures.0.reason"), "MISSING")
	k.aws("deregister-container-instance", "--cluster", k.name, "--container-instance", instance)
}

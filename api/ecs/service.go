package ecs

import (
	"context"

	"berth/api/auth"
	"berth/api/awsjson"
	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

// Store is what the handlers need of the store: the last published snapshot and a way to run a command durably.
type Store interface {
	Snapshot() *state.Snapshot
	Do(ctx context.Context, fn func(tx *state.Tx) error) error
}

// Config is what the handlers work with.
type Config struct {
	Store Store
	Realm ecs.Realm
	// AgentEndpoint returns the base URL under which agents reach the websockets, for a given request's host.
	AgentEndpoint func(ctx context.Context) string
}

// Service holds the handlers of the ECS API.
type Service struct {
	Config
}

// New makes the handlers. Register adds them to a mux.
func New(c Config) *Service { return &Service{c} }

// Operations is the target table of all 55 operations.
func Operations() []awsjson.Operation {
	out := make([]awsjson.Operation, 0, len(wire.Operations))
	for name, op := range wire.Operations {
		out = append(out, awsjson.Operation{Name: name, NewInput: op.Input})
	}
	return out
}

// Register adds every operation that is built to the mux; the others answer UnsupportedFeatureException by themselves.
func (s *Service) Register(m *awsjson.Mux) {
	awsjson.Handle(m, "CreateCluster", s.createCluster)
	awsjson.Handle(m, "DescribeClusters", s.describeClusters)
	awsjson.Handle(m, "ListClusters", s.listClusters)
	awsjson.Handle(m, "DeleteCluster", s.deleteCluster)

	awsjson.Handle(m, "CreateCapacityProvider", s.createCapacityProvider)
	awsjson.Handle(m, "UpdateCapacityProvider", s.updateCapacityProvider)
	awsjson.Handle(m, "DeleteCapacityProvider", s.deleteCapacityProvider)
	awsjson.Handle(m, "DescribeCapacityProviders", s.describeCapacityProviders)
	awsjson.Handle(m, "PutClusterCapacityProviders", s.putClusterCapacityProviders)

	awsjson.Handle(m, "PutAttributes", s.putAttributes)
	awsjson.Handle(m, "DeleteAttributes", s.deleteAttributes)
	awsjson.Handle(m, "ListAttributes", s.listAttributes)

	awsjson.Handle(m, "RegisterTaskDefinition", s.registerTaskDefinition)
	awsjson.Handle(m, "DescribeTaskDefinition", s.describeTaskDefinition)
	awsjson.Handle(m, "ListTaskDefinitions", s.listTaskDefinitions)
	awsjson.Handle(m, "ListTaskDefinitionFamilies", s.listTaskDefinitionFamilies)
	awsjson.Handle(m, "DeregisterTaskDefinition", s.deregisterTaskDefinition)

	awsjson.Handle(m, "RunTask", s.runTask)
	awsjson.Handle(m, "StartTask", s.startTask)
	awsjson.Handle(m, "StopTask", s.stopTask)
	awsjson.Handle(m, "DescribeTasks", s.describeTasks)
	awsjson.Handle(m, "ListTasks", s.listTasks)

	awsjson.Handle(m, "RegisterContainerInstance", s.registerContainerInstance)
	awsjson.Handle(m, "DeregisterContainerInstance", s.deregisterContainerInstance)
	awsjson.Handle(m, "DescribeContainerInstances", s.describeContainerInstances)
	awsjson.Handle(m, "ListContainerInstances", s.listContainerInstances)
	awsjson.Handle(m, "UpdateContainerInstancesState", s.updateContainerInstancesState)

	awsjson.Handle(m, "DiscoverPollEndpoint", s.discoverPollEndpoint)
	awsjson.Handle(m, "SubmitTaskStateChange", s.submitTaskStateChange)
	awsjson.Handle(m, "SubmitContainerStateChange", s.submitContainerStateChange)
	awsjson.Handle(m, "SubmitAttachmentStateChanges", s.submitAttachmentStateChanges)
}

// do runs a command and keeps its result.
func do[T any](ctx context.Context, s *Service, fn func(tx *state.Tx) (T, error)) (T, error) {
	var out T
	err := s.Store.Do(ctx, func(tx *state.Tx) error {
		var err error
		out, err = fn(tx)
		return err
	})
	return out, err
}

// caller says for whom a command runs.
func caller(ctx context.Context) command.Caller {
	p, _ := auth.FromContext(ctx)
	return command.Caller{KeyID: p.KeyID, Agent: p.Role == auth.RoleAgent, ARN: p.ARN}
}

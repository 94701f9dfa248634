package ecs

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

// maxDefinitionBytes is the greatest length of a definition's JSON (semantics.md 3.1).
const maxDefinitionBytes = 65536

func (s *Service) registerTaskDefinition(
	ctx context.Context, in *wire.RegisterTaskDefinitionInput,
) (*wire.RegisterTaskDefinitionOutput, error) {
	if err := checkDefinitionTags(in.Tags); err != nil {
		return nil, err
	}
	def, err := taskDefinitionFromWire(in)
	if err != nil {
		return nil, err
	}
	if err := checkDefinitionLength(in); err != nil {
		return nil, err
	}
	by := caller(ctx)
	def, err = do(ctx, s, func(tx *state.Tx) (*ecs.TaskDefinition, error) {
		return command.RegisterTaskDefinition(tx, def, by)
	})
	if err != nil {
		return nil, err
	}
	out := &wire.RegisterTaskDefinitionOutput{TaskDefinition: s.taskDefinitionToWire(def)}
	if len(def.Tags) > 0 {
		out.Tags = tagsToWire(def.Tags) // ECS: absent unless some were given (semantics.md 11.14)
	}
	return out, nil
}

// checkDefinitionTags: the same rules and texts as everywhere, as ClientException (semantics.md 11.12).
func checkDefinitionTags(tags []wire.Tag) error {
	err := checkTags(tags)
	var e *ecs.Error
	if errors.As(err, &e) {
		return ecs.ClientErrorf("%s", e.Message)
	}
	return err
}

func checkDefinitionLength(in *wire.RegisterTaskDefinitionInput) error {
	b, err := json.Marshal(in)
	if err != nil {
		return ecs.InvalidParameterf("The task definition cannot be read: %v", err)
	}
	if len(b) > maxDefinitionBytes {
		return ecs.ClientErrorf("Actual length: '%d'. Max allowed length is '%d' bytes.", len(b), maxDefinitionBytes)
	}
	return nil
}

func (s *Service) describeTaskDefinition(
	_ context.Context, in *wire.DescribeTaskDefinitionInput,
) (*wire.DescribeTaskDefinitionOutput, error) {
	family, revision, err := s.taskDefinitionRef(value(in.TaskDefinition))
	if err != nil {
		return nil, err
	}
	def, err := command.FindTaskDefinition(s.Store.Snapshot(), family, revision)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeTaskDefinitionOutput{TaskDefinition: s.taskDefinitionToWire(def), Tags: []wire.Tag{}}
	if included(in.Include, "TAGS") {
		out.Tags = tagsToWire(def.Tags)
	}
	return out, nil
}

func (s *Service) deregisterTaskDefinition(
	ctx context.Context, in *wire.DeregisterTaskDefinitionInput,
) (*wire.DeregisterTaskDefinitionOutput, error) {
	family, revision, err := s.taskDefinitionRef(value(in.TaskDefinition))
	if err != nil {
		return nil, err
	}
	if revision == 0 {
		return nil, ecs.InvalidParameterf("Revision is missing")
	}
	def, err := do(ctx, s, func(tx *state.Tx) (*ecs.TaskDefinition, error) {
		return command.DeregisterTaskDefinition(tx, family, revision)
	})
	if err != nil {
		return nil, err
	}
	return &wire.DeregisterTaskDefinitionOutput{TaskDefinition: s.taskDefinitionToWire(def)}, nil
}

// taskDefinitionRef reads a family, family:revision or an ARN (features.md A3). Revision 0 means that none was given.
func (s *Service) taskDefinitionRef(arg string) (family string, revision int32, err error) {
	ref, err := s.Realm.ParseRef("task-definition", arg)
	if err != nil {
		return "", 0, err
	}
	family, number, found := strings.Cut(ref.ID, ":")
	switch {
	case ref.Cluster != "" || strings.ContainsAny(number, ":/"):
		return "", 0, ecs.InvalidParameterf("Unexpected number of separators")
	case family == "":
		return "", 0, ecs.InvalidParameterf("TaskDefinition can not be blank.")
	case !found:
		return family, 0, nil
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n < 1 {
		return "", 0, ecs.InvalidParameterf("Invalid revision number. Number: %s", number)
	}
	return family, int32(n), nil
}

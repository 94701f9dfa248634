package ecs

import (
	"regexp"
	"strings"

	"berth/api/ecs/wire"
	"berth/ecs"
)

// value is what a pointer points to; absent is the zero value.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// given is a pointer to a value, or nil for the zero value: what is not there is absent in the answer.
func given[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// at is a time of the answer, absent when it is not set.
func at(t ecs.Time) *wire.Timestamp {
	if t == 0 {
		return nil
	}
	return new(wire.Timestamp(t))
}

// clusterName resolves a cluster argument: absent and empty mean `default`, an ARN is cut to its name (features.md A1).
func (s *Service) clusterName(arg *string) (string, error) {
	if value(arg) == "" {
		return ecs.DefaultCluster, nil
	}
	ref, err := s.Realm.ParseRef("cluster", *arg)
	return ref.ID, err
}

var hexID = regexp.MustCompile(`^[0-9a-fA-F-]+$`)

// taskID resolves a task argument within a cluster. A task of another cluster's ARN is not found there: its id is returned with
// that cluster, so that the caller can report it as it was asked for.
//
// ECS: an id is 32 hex digits, or a UUID of 36 characters in the old form (semantics.md 1.3).
func (s *Service) taskID(cluster, arg string) (ecs.TaskID, string, error) {
	ref, err := s.Realm.ParseRef("task", arg)
	if err != nil {
		return "", "", err
	}
	if n := len(ref.ID); n != 32 && n != 36 {
		return "", "", ecs.InvalidParameterf("taskId length should be one of [32,36]")
	}
	if !hexID.MatchString(ref.ID) {
		return "", "", ecs.InvalidParameterf("Invalid identifier: Identifier is for a task, but contains illegal characters.")
	}
	if ref.Cluster == "" {
		ref.Cluster = cluster
	}
	return ecs.TaskID(ref.ID), ref.Cluster, nil
}

// instanceID resolves a container instance argument within a cluster.
func (s *Service) instanceID(cluster, arg string) (ecs.InstanceID, string, error) {
	ref, err := s.Realm.ParseRef("container-instance", arg)
	if err != nil {
		return "", "", err
	}
	if ref.Cluster == "" {
		ref.Cluster = cluster
	}
	return ecs.InstanceID(ref.ID), ref.Cluster, nil
}

// missing is the failure of something that is not there; the reason is matched by waiters (features.md H1).
func missing(arn string) wire.Failure { return wire.Failure{Arn: &arn, Reason: new("MISSING")} }

func tagsFromWire(tags []wire.Tag) []ecs.Tag {
	var out []ecs.Tag
	for _, t := range tags {
		out = append(out, ecs.Tag{Key: value(t.Key), Value: value(t.Value)})
	}
	return out
}

func tagsToWire(tags []ecs.Tag) []wire.Tag {
	out := make([]wire.Tag, 0, len(tags))
	for _, t := range tags {
		out = append(out, wire.Tag{Key: &t.Key, Value: &t.Value})
	}
	return out
}

var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// checkTags refuses what ECS refuses (features.md A.2): more than 50, a key twice, lengths, characters and the reserved prefix.
func checkTags(tags []wire.Tag) error {
	if len(tags) > 50 {
		return ecs.InvalidParameterf("tags can have at most 50 items.")
	}
	seen := make(map[string]bool, len(tags))
	for _, t := range tags {
		key := value(t.Key)
		switch {
		case t.Key == nil || key == "":
			return ecs.InvalidParameterf("Tag key can not be null.")
		case t.Value == nil:
			return ecs.InvalidParameterf("Tag value can not be null.")
		case len([]rune(key)) > 128:
			return ecs.InvalidParameterf("Tag key can have at most 128 characters.")
		case len([]rune(*t.Value)) > 256:
			return ecs.InvalidParameterf("Tag value can have at most 256 characters.")
		case len(key) >= 4 && strings.EqualFold(key[:4], "aws:"):
			return ecs.InvalidParameterf("Tag key can not begin with the reserved prefix aws:.")
		case !tagText.MatchString(key) || !tagText.MatchString(*t.Value):
			return ecs.InvalidParameterf("Tag %s contains invalid characters.", key)
		case seen[key]:
			return ecs.InvalidParameterf("Tag key %s is given more than once.", key)
		}
		seen[key] = true
	}
	return nil
}

var name255 = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// checkText refuses a value that is too long or has characters ECS does not allow.
func checkText(member string, v *string, limit int, allowed *regexp.Regexp) error {
	if v == nil {
		return nil
	}
	if len([]rune(*v)) > limit {
		return ecs.InvalidParameterf("%s can have at most %d characters.", member, limit)
	}
	if allowed != nil && !allowed.MatchString(*v) {
		return ecs.InvalidParameterf("%s contains invalid characters.", member)
	}
	return nil
}

// included reports whether the answer was asked to carry something more.
func included(include []string, what string) bool {
	for _, i := range include {
		if i == what {
			return true
		}
	}
	return false
}

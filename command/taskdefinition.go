package command

import (
	"berth/ecs"
	"berth/state"
)

// maxRevisions of one family. ECS: semantics.md 3.1.
const maxRevisions = 1_000_000

// RegisterTaskDefinition completes and checks def, gives it the family's next number and makes it ACTIVE. def is the caller's own
// copy and becomes the record.
//
// ECS: numbers begin at 1 and grow by one, also after deregistrations; a registration that fails uses none (features.md C39).
// It is not idempotent: the same definition again is a new revision (semantics.md 1.8).
func RegisterTaskDefinition(tx *state.Tx, def *ecs.TaskDefinition, by Caller) (*ecs.TaskDefinition, error) {
	if err := ecs.CompleteTaskDefinition(def); err != nil {
		return nil, err
	}
	family := ecs.Family{Name: def.Family}
	if known := tx.Family(def.Family); known != nil {
		family = *known
	}
	if family.LastRevision >= maxRevisions {
		return nil, ecs.ClientErrorf("The family %s has reached the limit of %d revisions.", def.Family, maxRevisions)
	}
	family.LastRevision++
	def.Revision, def.Status = family.LastRevision, ecs.TaskDefinitionActive
	def.RegisteredAt, def.DeregisteredAt, def.RegisteredBy = tx.Now(), 0, by.ARN
	tx.PutFamily(&family)
	tx.PutTaskDefinition(def)
	return def, nil
}

// DeregisterTaskDefinition makes a revision INACTIVE: what runs on it goes on, nothing new may name it (semantics.md 3.5).
//
// ECS: the first answer has no deregisteredAt, every later one has; repeating it succeeds (semantics.md 11.25, 11.26).
func DeregisterTaskDefinition(tx *state.Tx, family string, revision int32) (*ecs.TaskDefinition, error) {
	def := tx.TaskDefinition(family, revision)
	if def == nil {
		return nil, ecs.ClientErrorf("Unable to deregister task definition.")
	}
	if def.Status == ecs.TaskDefinitionInactive {
		return def, nil
	}
	shown := *def
	shown.Status = ecs.TaskDefinitionInactive
	gone := shown
	gone.DeregisteredAt = tx.Now()
	tx.PutTaskDefinition(&gone)
	return &shown, nil
}

// FindTaskDefinition returns a revision, INACTIVE ones too; revision 0 means the newest ACTIVE one.
//
// ECS: a family with none left gives the same error as one that never was (semantics.md 11.27).
func FindTaskDefinition(v *state.View, family string, revision int32) (*ecs.TaskDefinition, error) {
	def := v.LatestActive(family)
	if revision != 0 {
		def = v.TaskDefinition(family, revision)
	}
	if def == nil {
		return nil, ecs.ClientErrorf("Unable to describe task definition.")
	}
	return def, nil
}

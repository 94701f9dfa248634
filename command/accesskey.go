package command

import (
	"berth/ecs"
	"berth/state"
)

// CreateAccessKeyInput is a new key; its secret comes sealed.
type CreateAccessKeyInput struct {
	ID           string
	Name         string
	Role         ecs.KeyRole
	SealedSecret []byte
}

// CreateAccessKey stores a key. Names are for people: two keys may share one, so that a key can be rotated.
func CreateAccessKey(tx *state.Tx, in CreateAccessKeyInput) (*ecs.AccessKey, error) {
	if in.Role != ecs.KeyOperator && in.Role != ecs.KeyAgent {
		return nil, ecs.InvalidParameterf("role should be one of [operator,agent]")
	}
	if tx.AccessKey(in.ID) != nil {
		return nil, ecs.InvalidParameterf("The access key %s exists already.", in.ID)
	}
	k := &ecs.AccessKey{ID: in.ID, Name: in.Name, Role: in.Role, SealedSecret: in.SealedSecret, CreatedAt: tx.Now()}
	tx.PutAccessKey(k)
	return k, nil
}

// RevokeAccessKey ends a key; repeating it succeeds. The record stays, so that a list tells what happened.
func RevokeAccessKey(tx *state.Tx, id string) (*ecs.AccessKey, error) {
	k := tx.AccessKey(id)
	if k == nil {
		return nil, ecs.InvalidParameterf("The access key %s does not exist.", id)
	}
	if k.RevokedAt != 0 {
		return k, nil
	}
	n := *k
	n.RevokedAt, n.SealedSecret = tx.Now(), nil
	tx.PutAccessKey(&n)
	return &n, nil
}

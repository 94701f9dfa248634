package berth

import (
	"context"
	"crypto/rand"
	"regexp"
	"time"

	"berth/api/auth"
	"berth/api/awsjson"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

// Store is what the handlers need of the store.
type Store interface {
	Snapshot() *state.Snapshot
	Do(ctx context.Context, fn func(tx *state.Tx) error) error
}

// Service holds the handlers.
type Service struct {
	Store  Store
	Sealer *auth.Sealer
	// Requests, Realm and Now are for explanations; Now is the server's clock.
	Requests Requests
	Realm    ecs.Realm
	Now      func() time.Time
}

// Register adds the operations to a mux made with [TargetPrefix] and [Operations].
func (s *Service) Register(m *awsjson.Mux) {
	awsjson.Handle(m, "CreateAccessKey", s.createAccessKey)
	awsjson.Handle(m, "ListAccessKeys", s.listAccessKeys)
	awsjson.Handle(m, "RevokeAccessKey", s.revokeAccessKey)
	awsjson.Handle(m, "ExplainPlacement", s.explainPlacement)
}

var keyName = regexp.MustCompile(`^[A-Za-z0-9_.@-]{1,64}$`)

func (s *Service) createAccessKey(ctx context.Context, in *CreateAccessKeyInput) (*CreateAccessKeyOutput, error) {
	record, secret, err := s.Create(ctx, in.Name, ecs.KeyRole(in.Role))
	if err != nil {
		return nil, err
	}
	return &CreateAccessKeyOutput{AccessKey: shown(record), SecretAccessKey: secret}, nil
}

// Create makes and stores a key and returns its secret, which cannot be had again through the API. The name becomes part of the
// caller's ARN, so that it may hold only what an ARN may.
func (s *Service) Create(ctx context.Context, name string, role ecs.KeyRole) (*ecs.AccessKey, string, error) {
	if !keyName.MatchString(name) {
		return nil, "", ecs.InvalidParameterf("name should be 1 to 64 letters, digits or any of _ . @ -")
	}
	id, secret := auth.NewAccessKey(rand.Reader)
	var record *ecs.AccessKey
	err := s.Store.Do(ctx, func(tx *state.Tx) error {
		var err error
		record, err = command.CreateAccessKey(tx, command.CreateAccessKeyInput{
			ID: id, Name: name, Role: role, SealedSecret: s.Sealer.Seal([]byte(secret), []byte(id)),
		})
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return record, secret, nil
}

func (s *Service) listAccessKeys(context.Context, *ListAccessKeysInput) (*ListAccessKeysOutput, error) {
	out := &ListAccessKeysOutput{AccessKeys: []AccessKey{}}
	s.Store.Snapshot().ScanAccessKeys(func(k *ecs.AccessKey) bool {
		out.AccessKeys = append(out.AccessKeys, shown(k))
		return true
	})
	return out, nil
}

func (s *Service) revokeAccessKey(ctx context.Context, in *RevokeAccessKeyInput) (*RevokeAccessKeyOutput, error) {
	var record *ecs.AccessKey
	err := s.Store.Do(ctx, func(tx *state.Tx) error {
		var err error
		record, err = command.RevokeAccessKey(tx, in.AccessKeyID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &RevokeAccessKeyOutput{AccessKey: shown(record)}, nil
}

func shown(k *ecs.AccessKey) AccessKey {
	return AccessKey{
		AccessKeyID: k.ID, Name: k.Name, Role: string(k.Role),
		CreatedAt: float64(k.CreatedAt) / 1000, RevokedAt: float64(k.RevokedAt) / 1000,
	}
}

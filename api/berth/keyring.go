package berth

import (
	"sync"

	"berth/api/auth"
	"berth/ecs"
	"berth/state"
)

// KeyRing finds access keys in the published state and opens their secrets. Opened secrets are kept in memory while their key is
// good; a revoked key is seen at once because its record is read for every request.
type KeyRing struct {
	Snapshot func() *state.Snapshot
	Sealer   *auth.Sealer

	mu     sync.RWMutex
	opened map[string]string // guarded by mu: key id to secret
}

// LookupKey implements [auth.KeySource].
func (k *KeyRing) LookupKey(id string) (auth.Key, bool) {
	record := k.Snapshot().AccessKey(id)
	if record == nil {
		return auth.Key{}, false
	}
	key := auth.Key{ID: id, Role: role(record.Role), Name: record.Name, Revoked: record.RevokedAt != 0}
	if key.Revoked {
		k.forget(id)
		return key, true
	}
	secret, err := k.secret(record)
	if err != nil {
		return auth.Key{}, false
	}
	key.Secret = secret
	return key, true
}

func role(r ecs.KeyRole) auth.Role {
	if r == ecs.KeyAgent {
		return auth.RoleAgent
	}
	return auth.RoleOperator
}

func (k *KeyRing) forget(id string) {
	k.mu.RLock()
	_, known := k.opened[id]
	k.mu.RUnlock()
	if known {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.opened, id)
	}
}

func (k *KeyRing) secret(record *ecs.AccessKey) (string, error) {
	k.mu.RLock()
	secret, ok := k.opened[record.ID]
	k.mu.RUnlock()
	if ok {
		return secret, nil
	}
	plain, err := k.Sealer.Open(record.SealedSecret, []byte(record.ID))
	if err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.opened == nil {
		k.opened = make(map[string]string)
	}
	k.opened[record.ID] = string(plain)
	return string(plain), nil
}

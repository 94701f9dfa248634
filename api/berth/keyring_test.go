package berth

import (
	"path/filepath"
	"testing"

	"berth/api/auth"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

func TestKeyRing(t *testing.T) {
	h := newHouse(t)
	if key, ok := h.ring.LookupKey("AKIAX"); ok || key != (auth.Key{}) {
		t.Errorf("an unknown key: %+v", key)
	}
	for role, want := range map[ecs.KeyRole]auth.Role{ecs.KeyAgent: auth.RoleAgent, ecs.KeyOperator: auth.RoleOperator} {
		record, secret, err := h.service.Create(t.Context(), "n", role)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // opened, then remembered
			if key, ok := h.ring.LookupKey(record.ID); !ok || key != (auth.Key{ID: record.ID, Secret: secret, Role: want, Name: "n"}) {
				t.Errorf("%s: %+v, %v", role, key, ok)
			}
		}
		if err := h.store.Do(t.Context(), func(tx *state.Tx) error { _, err := command.RevokeAccessKey(tx, record.ID); return err }); err != nil {
			t.Fatal(err)
		}
		if key, ok := h.ring.LookupKey(record.ID); !ok || key != (auth.Key{ID: record.ID, Role: want, Name: "n", Revoked: true}) {
			t.Errorf("revoked: %+v, %v", key, ok)
		}
		if len(h.ring.opened) != 0 {
			t.Error("the secret of a revoked key stays in memory")
		}
	}
}

// With another key file the stored keys are of no use, and say so by being unknown.
func TestKeyRingOfAnotherKeyFile(t *testing.T) {
	h := newHouse(t)
	record, _, err := h.service.Create(t.Context(), "n", ecs.KeyAgent)
	if err != nil {
		t.Fatal(err)
	}
	other, err := auth.LoadOrCreateKeyFile(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	ring := &KeyRing{Snapshot: h.store.Snapshot, Sealer: other}
	if key, ok := ring.LookupKey(record.ID); ok || key != (auth.Key{}) {
		t.Errorf("%+v", key)
	}
}

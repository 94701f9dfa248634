package command

import (
	"reflect"
	"testing"

	"berth/ecs"
	"berth/state"
)

func TestAccessKeys(t *testing.T) {
	w := newWorld(t)
	create := func(in CreateAccessKeyInput) func(*state.Tx) (*ecs.AccessKey, error) {
		return func(tx *state.Tx) (*ecs.AccessKey, error) { return CreateAccessKey(tx, in) }
	}
	revoke := func(id string) func(*state.Tx) (*ecs.AccessKey, error) {
		return func(tx *state.Tx) (*ecs.AccessKey, error) { return RevokeAccessKey(tx, id) }
	}
	in := CreateAccessKeyInput{ID: "A", Name: "n", Role: ecs.KeyAgent, SealedSecret: []byte("sealed")}
	got := do(w, create(in))
	want := &ecs.AccessKey{ID: "A", Name: "n", Role: ecs.KeyAgent, SealedSecret: []byte("sealed"), CreatedAt: w.now}
	if !reflect.DeepEqual(got, want) || w.view.AccessKey("A") != got {
		t.Errorf("%+v", got)
	}
	w.refused("InvalidParameterException", "The access key A exists already.", fails(create(in)))
	in.ID = "B"
	do(w, create(in)) // the same name again
	for _, role := range []ecs.KeyRole{"", "task", "root"} {
		w.refused("InvalidParameterException", "role should be one of [operator,agent]", fails(create(CreateAccessKeyInput{ID: "C", Role: role})))
	}
	w.now += second
	gone := do(w, revoke("A"))
	if gone.RevokedAt != w.now || gone.SealedSecret != nil || gone.Name != "n" || gone.CreatedAt != want.CreatedAt {
		t.Errorf("%+v", gone)
	}
	if got.SealedSecret == nil || w.view.AccessKey("B").RevokedAt != 0 {
		t.Error("another record changed")
	}
	w.now += second
	if again := do(w, revoke("A")); again != gone {
		t.Errorf("a repetition changed it: %+v", again)
	}
	w.refused("InvalidParameterException", "The access key X does not exist.", fails(revoke("X")))
}

package store_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"berth/ecs"
	"berth/state"
	"berth/store"
	"berth/store/engines/memory"
)

func open(t *testing.T, e store.Engine) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Config{Engine: e, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func putCluster(name string) func(*state.Tx) error {
	return func(tx *state.Tx) error {
		tx.PutCluster(&ecs.Cluster{Name: name, Status: ecs.ClusterActive, CreatedAt: tx.Now()})
		return nil
	}
}

func TestACommandIsVisibleWhenItReturnsAndAfterAnotherOpen(t *testing.T) {
	b := memory.NewBacking()
	s := open(t, b.Engine())
	if err := s.Do(t.Context(), putCluster("a")); err != nil {
		t.Fatal(err)
	}
	if s.Snapshot().Cluster("a") == nil {
		t.Fatal("the answered command is not in the snapshot")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, b.Engine())
	if again.Snapshot().Cluster("a") == nil || again.Snapshot().Revision() != s.Snapshot().Revision() {
		t.Fatal("the reopened store differs")
	}
}

func TestAFailedCommandLeavesNothingAndKeepsItsError(t *testing.T) {
	s := open(t, memory.New())
	refused := errors.New("refused")
	err := s.Do(t.Context(), func(tx *state.Tx) error {
		tx.PutCluster(&ecs.Cluster{Name: "half"})
		return refused
	})
	if err != refused { //nolint:errorlint // unchanged means identical
		t.Fatalf("got %v, want the command's own error", err)
	}
	err = s.Do(t.Context(), func(tx *state.Tx) error {
		if tx.Cluster("half") != nil {
			t.Error("a refused command left its record on the tip")
		}
		return nil
	})
	if err != nil || s.Snapshot().Revision() != 0 {
		t.Fatalf("err %v, revision %d; want neither", err, s.Snapshot().Revision())
	}
}

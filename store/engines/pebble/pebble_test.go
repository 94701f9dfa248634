package pebble_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"berth/store"
	"berth/store/engines/pebble"
	"berth/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Options{Fresh: func(t testing.TB) storetest.Opener {
		dir := t.TempDir()
		return func(t testing.TB) store.Engine { return open(t, dir) }
	}})
}

func open(t testing.TB, dir string) *pebble.Engine {
	t.Helper()
	e, err := pebble.Open(dir, pebble.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestADirectoryHasOneServer(t *testing.T) {
	dir := t.TempDir()
	e := open(t, dir)
	if _, err := pebble.Open(dir, pebble.Options{}); !errors.Is(err, pebble.ErrInUse) {
		t.Fatalf("a second server got %v, want ErrInUse", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestANewerLayoutIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	marker := filepath.Join(dir, "berth-format")
	if err := os.WriteFile(marker, []byte("2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pebble.Open(dir, pebble.Options{}); !errors.Is(err, pebble.ErrNewer) {
		t.Fatalf("a newer layout gave %v, want ErrNewer", err)
	}
	if err := os.Remove(marker); err != nil {
		t.Fatal(err)
	}
	if _, err := pebble.Open(dir, pebble.Options{}); !errors.Is(err, pebble.ErrForeign) {
		t.Fatalf("a database without its marker gave %v, want ErrForeign", err)
	}
}

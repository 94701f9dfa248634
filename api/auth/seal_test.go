package auth

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestSealRoundTrip(t *testing.T) {
	s, other := testSealer(t, 1), testSealer(t, 2)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		aad := rapid.SliceOf(rapid.Byte()).Draw(t, "aad")
		sealed := s.Seal(plain, aad)
		if got, err := s.Open(sealed, aad); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %q, %v", got, err)
		}
		if bytes.Equal(sealed, s.Seal(plain, aad)) {
			t.Fatalf("sealing twice gave the same bytes")
		}
		if len(plain) >= 8 && bytes.Contains(sealed, plain) {
			t.Fatalf("plain text shows")
		}
		damaged := bytes.Clone(sealed)
		damaged[rapid.IntRange(0, len(sealed)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		for name, open := range map[string]func() ([]byte, error){
			"damaged":       func() ([]byte, error) { return s.Open(damaged, aad) },
			"other context": func() ([]byte, error) { return s.Open(sealed, append([]byte{'x'}, aad...)) },
			"other key":     func() ([]byte, error) { return other.Open(sealed, aad) },
			"cut":           func() ([]byte, error) { return s.Open(sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")], aad) },
		} {
			if got, err := open(); !errors.Is(err, ErrSealed) || got != nil {
				t.Fatalf("%s: opened to %q, %v", name, got, err)
			}
		}
	})
}

func TestKeyFileIsMadeOnceAndPrivate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	first, err := LoadOrCreateKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Fatalf("file: %v, %v", info, err)
	}
	second, err := LoadOrCreateKeyFile(path)
	if err != nil || second.master != first.master {
		t.Fatalf("loading again gave another key, %v", err)
	}
	if first.master == ([32]byte{}) {
		t.Fatal("key is all zero")
	}
	third, err := LoadOrCreateKeyFile(filepath.Join(dir, "other"))
	if err != nil || third.master == first.master {
		t.Fatalf("two files hold one key, %v", err)
	}
	assertFiles(t, dir, 2)
}

func TestKeyFileRace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	sealers := make([]*Sealer, 16)
	var wg sync.WaitGroup
	for i := range sealers {
		wg.Go(func() {
			var err error
			if sealers[i], err = LoadOrCreateKeyFile(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, s := range sealers {
		if s == nil || s.master != sealers[0].master {
			t.Fatalf("sealer %d has another key", i)
		}
	}
	assertFiles(t, dir, 1)
}

// assertFiles fails when temporary files were left behind.
func assertFiles(t *testing.T, dir string, want int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != want {
		t.Errorf("%d files in the folder, want %d: %v, %v", len(entries), want, entries, err)
	}
}

func TestKeyFileErrors(t *testing.T) {
	write := func(size int, mode os.FileMode) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, tt := range map[string]struct {
		prepare func(*testing.T, string)
		want    string
	}{
		"short":       {write(31, 0o600), "has 31 bytes instead of 32"},
		"long":        {write(33, 0o600), "has 33 bytes instead of 32"},
		"empty":       {write(0, 0o600), "has 0 bytes instead of 32"},
		"group reads": {write(32, 0o640), "is open to others (mode 0640); make it private with: chmod 600"},
		"others read": {write(32, 0o604), "is open to others (mode 0604)"},
		"folder": {func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is not a regular file"},
	} {
		path := filepath.Join(t.TempDir(), "key")
		tt.prepare(t, path)
		s, err := LoadOrCreateKeyFile(path)
		if err == nil || s != nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	if _, err := LoadOrCreateKeyFile(filepath.Join(t.TempDir(), "no", "key")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
}

package pebble_test

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"berth/ecs"
	"berth/state"
	"berth/store"
	"berth/store/engines/pebble"
)

// sick is a disk that fails operations on some files once it is told to.
type sick struct {
	disk    *vfs.MemFS
	failing atomic.Bool
	ops     map[errorfs.OpKind]bool
	files   string // pattern of base names
	err     error
}

var writes = map[errorfs.OpKind]bool{errorfs.OpFileWrite: true, errorfs.OpFileWriteAt: true, errorfs.OpCreate: true, errorfs.OpReuseForWrite: true}

var creations = map[errorfs.OpKind]bool{errorfs.OpCreate: true, errorfs.OpReuseForWrite: true}

var syncs = map[errorfs.OpKind]bool{errorfs.OpFileSync: true, errorfs.OpFileSyncData: true, errorfs.OpFileSyncTo: true, errorfs.OpFileFlush: true}

func (s *sick) fs() vfs.FS {
	return errorfs.Wrap(s.disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if match, _ := filepath.Match(s.files, filepath.Base(op.Path)); match && s.failing.Load() && s.ops[op.Kind] {
			return s.err
		}
		return nil
	}))
}

func openOn(t *testing.T, fs vfs.FS) *store.Store {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	e, err := pebble.Open("data", pebble.Options{Logger: log, FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Config{Engine: e, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestADiskErrorStopsTheStoreNotTheProcess fails each kind of file in turn, writes until the store stops, and opens what is left
// with a healthy disk.
func TestADiskErrorStopsTheStoreNotTheProcess(t *testing.T) {
	tests := []struct {
		name string
		sick sick
	}{
		{"log full", sick{files: "*.log", ops: writes, err: syscall.ENOSPC}},
		{"log not synced", sick{files: "*.log", ops: syncs, err: syscall.EIO}},
		{"log not made", sick{files: "*.log", ops: creations, err: syscall.ENOSPC}},
		{"table full", sick{files: "*.sst", ops: writes, err: syscall.ENOSPC}},
		{"manifest full", sick{files: "MANIFEST-*", ops: writes, err: syscall.ENOSPC}},
		{"everything full", sick{files: "*", ops: writes, err: syscall.ENOSPC}},
	}
	for i := range tests {
		test := &tests[i]
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := &test.sick
			d.disk = vfs.NewMem()
			s := openOn(t, d.fs())
			put := func(n int) error {
				return s.Do(t.Context(), func(tx *state.Tx) error {
					tx.PutCluster(&ecs.Cluster{Name: fmt.Sprint(n), Request: strings.Repeat("x", 1<<20)})
					return nil
				})
			}
			if err := put(0); err != nil {
				t.Fatal(err)
			}
			d.failing.Store(true)
			n := 1
			var err error
			for ; err == nil && n < 200; n++ {
				err = put(n)
			}
			<-s.Done()
			for _, err := range []error{err, s.Err()} {
				if !errors.Is(err, store.ErrFailed) || !errors.Is(err, d.err) {
					t.Fatalf("got %v, want ErrFailed because of %v", err, d.err)
				}
				if full := strings.Contains(err.Error(), "data is full"); full != errors.Is(d.err, syscall.ENOSPC) {
					t.Fatalf("the error does not say what is wrong: %v", err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			d.failing.Store(false)
			again := openOn(t, d.disk) // beside what is left of the pebble that failed
			for i := range n - 1 {
				if again.Snapshot().Cluster(fmt.Sprint(i)) == nil {
					t.Errorf("acknowledged command %d of %d is lost", i, n-1)
				}
			}
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestOpenOnAFullDiskSaysSo(t *testing.T) {
	d := &sick{disk: vfs.NewMem(), files: "*", ops: writes, err: syscall.ENOSPC}
	d.failing.Store(true)
	_, err := pebble.Open("data", pebble.Options{Logger: slog.New(slog.DiscardHandler), FS: d.fs()})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "is full") {
		t.Fatalf("got %v", err)
	}
	d.failing.Store(false)
	if err := openOn(t, d.fs()).Close(); err != nil {
		t.Fatal(err)
	}
}

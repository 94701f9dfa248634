package pebble

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// layout is the version of what this package writes. A change that an older server could misread takes the next number.
const layout = 1

// pebbleFormat is pebble's own. It is pinned: following pebble's newest would bar the way back to an older server with an update
// of a dependency.
const pebbleFormat = pebble.FormatValueSeparation

const markerFile = "berth-format"

var (
	formatKey   = []byte("\x00format")
	revisionKey = []byte("\x00revision")
	firstRecord = []byte{1}
)

// Errors of a directory that cannot be opened.
var (
	// ErrInUse means that another server runs on the directory.
	ErrInUse = errors.New("another berth server uses this data directory")
	// ErrNewer means that a newer version wrote the directory.
	ErrNewer = errors.New("the data directory was written by a newer version of berth")
	// ErrForeign means that the directory holds a database that berth did not make.
	ErrForeign = errors.New("the data directory holds a database that is not berth's")
)

// claim reads the marker file, or writes it in a directory without a database. The caller holds the lock.
func claim(fsys vfs.FS, dir string) error {
	path := fsys.PathJoin(dir, markerFile)
	text, err := readFile(fsys, path)
	if err == nil {
		return checkLayout(text)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	desc, err := pebble.Peek(dir, fsys)
	if err != nil {
		return fmt.Errorf("look for a database: %w", err)
	}
	if desc.Exists {
		return ErrForeign
	}
	return writeMarker(fsys, dir, path)
}

func checkLayout(text string) error {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 1 {
		return fmt.Errorf("%w: its format is %q", ErrForeign, text)
	}
	if n > layout {
		return fmt.Errorf("%w: its format is %d, this version knows up to %d", ErrNewer, n, layout)
	}
	return nil
}

func readFile(fsys vfs.FS, path string) (string, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(f)
	return string(b), errors.Join(err, f.Close())
}

// writeMarker makes the marker appear whole or not at all.
func writeMarker(fsys vfs.FS, dir, path string) error {
	f, err := fsys.Create(path+".new", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d\n", layout)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := fsys.Rename(path+".new", path); err != nil {
		return err
	}
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// verify holds the format key against this version, writes it into an empty database, and returns the last revision.
func verify(db *pebble.DB) (uint64, error) {
	text, err := get(db, formatKey)
	if err != nil {
		return 0, err
	}
	if text == nil {
		return 0, initialize(db)
	}
	if err := checkLayout(string(text)); err != nil {
		return 0, err
	}
	return readRevision(db)
}

func initialize(db *pebble.DB) error {
	it, err := db.NewIter(nil)
	if err != nil {
		return err
	}
	used := it.First()
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		return err
	}
	if used {
		return ErrForeign
	}
	return db.Set(formatKey, []byte(strconv.Itoa(layout)), pebble.Sync)
}

func readRevision(r pebble.Reader) (uint64, error) {
	b, err := get(r, revisionKey)
	if err != nil || b == nil {
		return 0, err
	}
	if len(b) != 8 {
		return 0, fmt.Errorf("the stored revision has %d bytes, not 8", len(b))
	}
	return binary.BigEndian.Uint64(b), nil
}

// get returns a copy of a value, nil when there is none.
func get(r pebble.Reader, key []byte) ([]byte, error) {
	v, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return append([]byte{}, v...), closer.Close()
}

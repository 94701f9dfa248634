package pebble

import (
	"errors"
	"io"
	"io/fs"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// valve is the file system that pebble gets. It passes everything through until the first write, sync or rename fails; then the
// engine has failed, and the goroutine that met the error stands still for good.
//
// Pebble cannot be told of such an error: a log that cannot be made or closed ends the process there (it unlocks a mutex twice
// while panicking), other errors it logs as fatal, others it retries forever while writers wait. And once the valve is shut, no
// leftover of that pebble can touch the directory, so that it can be opened anew in the same process.
type valve struct {
	vfs.FS
	health *health

	mu   sync.RWMutex // held for reading during each change of the directory, for writing by cut
	shut bool
}

// cut shuts the valve once the changes under way are over.
func (v *valve) cut() {
	v.mu.Lock()
	v.shut = true
	v.mu.Unlock()
}

// change makes one change of the directory. An error of it does not return.
func (v *valve) change(op func() error) {
	if err := v.try(op); err != nil {
		v.health.fail(err)
		select {}
	}
}

// try makes one change of the directory, or stands still when the valve is shut.
func (v *valve) try(op func() error) error {
	v.mu.RLock()
	if v.shut {
		v.mu.RUnlock()
		select {}
	}
	defer v.mu.RUnlock()
	return op()
}

func (v *valve) open(op func() (vfs.File, error)) (f vfs.File, _ error) {
	v.change(func() (err error) { f, err = op(); return err })
	return &valveFile{f, v}, nil
}

func (v *valve) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return v.open(func() (vfs.File, error) { return v.FS.Create(name, category) })
}

func (v *valve) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return v.open(func() (vfs.File, error) { return v.FS.OpenReadWrite(name, category, opts...) })
}

func (v *valve) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return v.open(func() (vfs.File, error) { return v.FS.ReuseForWrite(oldname, newname, category) })
}

// OpenDir is for syncing the directory; a directory that is not there is an answer, not a failure.
func (v *valve) OpenDir(name string) (vfs.File, error) {
	f, err := v.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &valveFile{f, v}, nil
}

func (v *valve) Rename(oldname, newname string) error {
	v.change(func() error { return v.FS.Rename(oldname, newname) })
	return nil
}

func (v *valve) Link(oldname, newname string) error {
	v.change(func() error { return v.FS.Link(oldname, newname) })
	return nil
}

func (v *valve) MkdirAll(dir string, perm fs.FileMode) error {
	v.change(func() error { return v.FS.MkdirAll(dir, perm) })
	return nil
}

// Remove may fail: pebble tries again, and a file too many harms nobody.
func (v *valve) Remove(name string) error {
	return v.try(func() error { return v.FS.Remove(name) })
}

func (v *valve) RemoveAll(name string) error {
	return v.try(func() error { return v.FS.RemoveAll(name) })
}

// Lock does nothing: the engine holds the lock itself, because pebble's would outlive a shut valve.
func (v *valve) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

func (v *valve) Unwrap() vfs.FS { return v.FS }

// valveFile is a file that may be written.
type valveFile struct {
	vfs.File
	valve *valve
}

func (f *valveFile) Write(b []byte) (n int, _ error) {
	f.valve.change(func() (err error) { n, err = f.File.Write(b); return err })
	return n, nil
}

func (f *valveFile) WriteAt(b []byte, offset int64) (n int, _ error) {
	f.valve.change(func() (err error) { n, err = f.File.WriteAt(b, offset); return err })
	return n, nil
}

func (f *valveFile) Sync() error {
	f.valve.change(f.File.Sync)
	return nil
}

func (f *valveFile) SyncData() error {
	f.valve.change(f.File.SyncData)
	return nil
}

func (f *valveFile) SyncTo(length int64) (full bool, _ error) {
	f.valve.change(func() (err error) { full, err = f.File.SyncTo(length); return err })
	return full, nil
}

// Preallocate may be refused by a file system that cannot do it; a full disk shows with the write that follows.
func (f *valveFile) Preallocate(offset, length int64) error {
	err := f.valve.try(func() error { return f.File.Preallocate(offset, length) })
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

func (f *valveFile) Close() error {
	f.valve.change(f.File.Close)
	return nil
}

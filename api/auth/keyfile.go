package auth

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// LoadOrCreateKeyFile reads the key file at path, or makes one of 32 random
// bytes that only its owner may read. A new file appears complete or not at
// all, is on disk before this returns, and of several processes that create it
// at once one wins and all use its key. The folder must exist. A file of
// another size, or one that others may open, is an error: a key that leaked or
// was cut must be noticed, not used.
func LoadOrCreateKeyFile(path string) (*Sealer, error) {
	master, err := readKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = createKeyFile(path); err == nil {
			master, err = readKeyFile(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	return newSealer(master)
}

func readKeyFile(path string) (master [masterBytes]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return master, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return master, err
	}
	switch {
	case !info.Mode().IsRegular():
		return master, fmt.Errorf("%s is not a regular file", path)
	case info.Mode().Perm()&0o077 != 0:
		return master, fmt.Errorf("%s is open to others (mode %04o); make it private with: chmod 600 %s",
			path, info.Mode().Perm(), path)
	case info.Size() != masterBytes:
		return master, fmt.Errorf("%s has %d bytes instead of %d: damaged, or not a key file", path, info.Size(), masterBytes)
	}
	if _, err := io.ReadFull(f, master[:]); err != nil {
		return master, fmt.Errorf("read %s: %w", path, err)
	}
	return master, nil
}

// createKeyFile links a finished temporary file to path. A rename was rejected:
// it would replace the key of a process that was faster.
func createKeyFile(path string) error {
	dir := filepath.Dir(path)
	temp, err := writeTempKey(dir)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	if err := os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

// writeTempKey writes random bytes to a private file in dir and flushes them.
func writeTempKey(dir string) (name string, err error) {
	f, err := os.CreateTemp(dir, ".key-*") // made with mode 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	var master [masterBytes]byte
	if _, err := rand.Read(master[:]); err != nil {
		return "", err
	}
	if _, err := f.Write(master[:]); err != nil {
		return "", err
	}
	return f.Name(), f.Sync()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

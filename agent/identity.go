package agent

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/go-json-experiment/json"
)

// Files of the data directory.
const (
	lockFile     = "agent.lock"
	identityFile = "identity.json"
	sequenceFile = "sequence"
)

// identity is who this instance is. ClientToken is written before the first registration, so that one whose answer was
// lost is not made twice.
type identity struct {
	Cluster     string `json:"cluster"`
	InstanceARN string `json:"containerInstanceArn,omitzero"`
	ClientToken string `json:"clientToken"`
}

// dataDir is the data directory of a running agent; it is locked against a second one.
type dataDir struct {
	path string
	lock *os.File

	mu      sync.Mutex
	highest int64 // guarded by mu
}

// openDataDir makes the directory if needed and locks it.
func openDataDir(path string) (*dataDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another agent is running with the data directory %s: give each agent its own", path)
		}
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	d := &dataDir{path: path, lock: lock}
	d.highest = d.readSequence()
	return d, nil
}

// close unlocks the directory.
func (d *dataDir) close() error { return d.lock.Close() }

// identity reads who the instance is, and begins a new life in cluster when there is nothing to read, or only that the host once
// tried to join another cluster and never did.
func (d *dataDir) identity(cluster string) (identity, error) {
	fresh := identity{Cluster: cluster, ClientToken: rand.Text()}
	text, err := os.ReadFile(filepath.Join(d.path, identityFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, d.save(fresh)
	}
	if err != nil {
		return identity{}, fmt.Errorf("read identity: %w", err)
	}
	var own identity
	if err := json.Unmarshal(text, &own); err != nil || own.ClientToken == "" {
		return identity{}, fmt.Errorf("%s in the data directory %s cannot be read; remove it to join as a new container instance", identityFile, d.path)
	}
	if clusterName(own.Cluster) != clusterName(cluster) {
		if own.InstanceARN == "" {
			return fresh, d.save(fresh)
		}
		return identity{}, fmt.Errorf("the data directory %s belongs to cluster %q, the agent is to join %q: use another data directory, or remove %s to join as a new container instance",
			d.path, clusterName(own.Cluster), clusterName(cluster), identityFile)
	}
	return own, nil
}

// clusterName is the name in a name or an ARN.
func clusterName(cluster string) string { return cluster[strings.LastIndexByte(cluster, '/')+1:] }

// save replaces the identity; it is on disk when save returns.
func (d *dataDir) save(own identity) error {
	text, err := json.Marshal(own)
	if err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	if err := d.replace(identityFile, text, true); err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	return nil
}

// replace writes a file anew without a moment in which it is half written.
func (d *dataDir) replace(name string, text []byte, sync bool) error {
	path := filepath.Join(d.path, name)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil && sync {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil || !sync {
		return err
	}
	dir, err := os.Open(d.path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// Highest implements session.Sequence.
func (d *dataDir) Highest() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.highest
}

// Raise implements session.Sequence. It does not wait for the disk: a number lost with the machine's power only means
// that an old manifest would be looked at once more, and a manifest alone stops nothing.
func (d *dataDir) Raise(n int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n <= d.highest {
		return nil
	}
	d.highest = n
	return d.replace(sequenceFile, strconv.AppendInt(nil, n, 10), false)
}

// readSequence is 0 when there is nothing to read: everything is new then.
func (d *dataDir) readSequence() int64 {
	text, err := os.ReadFile(filepath.Join(d.path, sequenceFile))
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

package store

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"berth/state"
)

// Config is what a Store is made of. Only Engine is required.
type Config struct {
	// Engine is the store's from [Open] on: Close closes it, and so does an Open that fails.
	Engine Engine
	// Clock is read once for each command; nil means time.Now.
	Clock func() time.Time
	// NewID returns a fresh identifier of 32 lower-case hex digits; nil means a cryptographic source.
	NewID func() string
	// Logger gets what the owner of the data should know; nil means slog.Default.
	Logger *slog.Logger
	// GroupCommands and GroupBytes bound one group commit; 0 means 256 commands and 4 MiB.
	GroupCommands, GroupBytes int
	// Attach, when set, is given the loaded view before the first command is decided on it; what it puts beside the view is then of
	// the deciding goroutine alone.
	Attach func(*state.View)
	// WatchLag is the number of changes a watcher may be behind before it is cut off; 0 means 65536.
	WatchLag int
}

func (c Config) withDefaults() Config {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.NewID == nil {
		c.NewID = (&idSource{}).next
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.GroupCommands == 0 {
		c.GroupCommands = 256
	}
	if c.GroupBytes == 0 {
		c.GroupBytes = 4 << 20
	}
	if c.WatchLag == 0 {
		c.WatchLag = 1 << 16
	}
	return c
}

// idSource makes identifiers from random bytes read in bulk: one system call for 256 of them.
type idSource struct {
	mu   sync.Mutex // guards buf and rest
	buf  [256 * 16]byte
	rest []byte
}

func (s *idSource) next() string {
	var id [32]byte
	s.mu.Lock()
	if len(s.rest) == 0 {
		_, _ = rand.Read(s.buf[:]) // never fails: it ends the process instead
		s.rest = s.buf[:]
	}
	hex.Encode(id[:], s.rest[:16])
	s.rest = s.rest[16:]
	s.mu.Unlock()
	return string(id[:])
}

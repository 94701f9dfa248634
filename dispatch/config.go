package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"berth/api/auth"
	"berth/ecs"
	"berth/state"
	"berth/store"
)

// Store is what a dispatcher needs of a store.Store.
type Store interface {
	Do(ctx context.Context, fn func(tx *state.Tx) error) error
	Snapshot() *state.Snapshot
	Watch() *store.Watcher
}

// Authenticator verifies signatures; auth.Authenticator is one.
type Authenticator interface {
	AuthenticateHandshake(r *http.Request) (auth.Principal, error)
	AuthenticateFrame(handshake *url.URL, frame []byte) (auth.Principal, []byte, error)
}

// Metrics counts what happens on the websockets. Its methods are called from many goroutines and must not block.
type Metrics interface {
	// SessionOpened and SessionClosed tell of a websocket of a kind, "acs" or "tcs".
	SessionOpened(kind string)
	SessionClosed(kind string)
	// HandshakeRefused tells of a refusal and its exception.
	HandshakeRefused(kind, code string)
	// PayloadSent tells of a payload with so many tasks; repeated when one of them was sent before.
	PayloadSent(tasks int, repeated bool)
	// PayloadAcked tells how long an agent took to acknowledge a payload.
	PayloadAcked(after time.Duration)
}

// Config is what a Dispatcher is made of. Store, Auth and Realm are required.
type Config struct {
	Store Store
	Realm ecs.Realm
	Auth  Authenticator
	// Credentials vends for task roles; nil leaves tasks without credentials.
	Credentials CredentialVendor
	Clock       Clock        // nil: the system's
	Logger      *slog.Logger // nil: slog.Default
	Metrics     Metrics      // nil: nothing is counted
	// HeartbeatInterval is the time between heartbeats; 0 means 30 s. An agent that answers nothing for two of them is dropped.
	// Amazon's agent leaves by itself after 60 s without one (agent-protocol.md 6).
	HeartbeatInterval time.Duration
}

func (c Config) withDefaults() (Config, error) {
	if c.Store == nil || c.Auth == nil || c.Realm == (ecs.Realm{}) {
		return c, errors.New("dispatch: store, authenticator and realm are required")
	}
	if c.Clock == nil {
		c.Clock = systemClock{}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Metrics == nil {
		c.Metrics = uncounted{}
	}
	if c.HeartbeatInterval == 0 {
		c.HeartbeatInterval = 30 * time.Second
	}
	return c, nil
}

type uncounted struct{}

func (uncounted) SessionOpened(string)            {}
func (uncounted) SessionClosed(string)            {}
func (uncounted) HandshakeRefused(string, string) {}
func (uncounted) PayloadSent(int, bool)           {}
func (uncounted) PayloadAcked(time.Duration)      {}

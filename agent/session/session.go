package session

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"berth/api/acs"
	"berth/api/sigv4"
)

// Engine does what the server asks for. Its methods are called by one goroutine per websocket and must not block for
// long.
type Engine interface {
	// Apply carries out the tasks of a payload, those to stop first.
	Apply(tasks []acs.Task)
	// Manifest compares the server's list of tasks with what is here and returns what runs here unwanted.
	Manifest(listed []acs.TaskIdentifier) []acs.TaskIdentifier
	// Health is the verdict on every container with a health check; Metrics the use since the last call.
	Health() []acs.TaskHealth
	Metrics() []acs.TaskMetric
	// Status tells whether the container engine answers.
	Status(ctx context.Context) bool
}

// Sequence keeps the highest number seen in payloads and manifests (agent-protocol.md 8).
type Sequence interface {
	Highest() int64
	// Raise stores a higher number; a lower one changes nothing.
	Raise(n int64) error
}

// Config sets up a Session. Members without a default are required.
type Config struct {
	// Cluster is what the agent was configured with, name or ARN.
	Cluster     string
	InstanceARN string
	Region      string
	Credentials sigv4.Credentials
	// Endpoints is asked before every connection.
	Endpoints func(ctx context.Context, instanceARN string) (Endpoints, error)
	Engine    Engine
	Sequence  Sequence

	AgentVersion, AgentHash, DockerVersion string

	// HTTP makes the handshakes; nil is http.DefaultClient.
	HTTP *http.Client
	// MetricsEvery is the pause between publications; 0 is 20 s.
	MetricsEvery time.Duration
	// PingEvery is the pause between pings of the peer; 0 is 30 s.
	PingEvery time.Duration
	// Silence is how long a connection may bring no message before it is given up; 0 is 60 to 120 s, at random.
	Silence time.Duration
	// InactivePause is the pause after the server said that the instance was deregistered; 0 is one hour, as Amazon's
	// agent has it.
	InactivePause time.Duration
	// Retry is the first pause after a failed connection; 0 is 250 ms.
	Retry  time.Duration
	Logger *slog.Logger
}

// Session is one agent's connection to the control plane.
type Session struct {
	config Config
	log    *slog.Logger

	// connectedOnce: the credentials of running tasks have been asked for.
	connectedOnce atomic.Bool
	// connected: the ACS websocket is open.
	connected atomic.Bool
	// healthBell and statusBell ask the TCS side to publish.
	healthBell, statusBell chan struct{}
	// first is closed, once, when the ACS websocket stood for the first time.
	first     chan struct{}
	openFirst sync.Once

	mu           sync.Mutex
	verification string    // message id of the manifest that awaits a confirmation; guarded by mu
	pausedUntil  time.Time // guarded by mu
}

// New makes a Session. Run connects it.
func New(config Config) *Session {
	if config.HTTP == nil {
		config.HTTP = http.DefaultClient
	}
	if config.MetricsEvery == 0 {
		config.MetricsEvery = 20 * time.Second
	}
	if config.PingEvery == 0 {
		config.PingEvery = 30 * time.Second
	}
	if config.InactivePause == 0 {
		config.InactivePause = time.Hour
	}
	if config.Retry == 0 {
		config.Retry = 250 * time.Millisecond
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Session{config: config, log: config.Logger, healthBell: make(chan struct{}, 1), statusBell: make(chan struct{}, 1), first: make(chan struct{})}
}

// Run keeps both websockets connected until ctx ends; it returns ctx's error, or one that is [ErrRefused]. The TCS websocket follows
// the first ACS one: an agent that is not let in has nothing to tell.
func (s *Session) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var both sync.WaitGroup
	both.Go(func() {
		if err := s.acsLink().run(ctx); err != nil {
			cancel(err)
		}
	})
	both.Go(func() {
		select {
		case <-ctx.Done():
		case <-s.first:
			_ = s.tcsLink().run(ctx) // TCS alone never ends a session
		}
	})
	both.Wait()
	return context.Cause(ctx)
}

// Connected tells whether the ACS websocket is open.
func (s *Session) Connected() bool { return s.connected.Load() }

// HealthChanged asks to publish the verdicts at once. It never blocks.
func (s *Session) HealthChanged() { ring(s.healthBell) }

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// pause notes that the instance is not wanted any more.
func (s *Session) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pausedUntil = time.Now().Add(s.config.InactivePause)
}

// paused is how long neither websocket shall connect.
func (s *Session) paused() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Until(s.pausedUntil)
}

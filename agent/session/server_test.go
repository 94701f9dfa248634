package session

import (
	"context"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"berth/api/acs"
	"berth/api/sigv4"
)

const (
	instance = "arn:aws:ecs:test:000000000000:container-instance/test/i"
	cluster  = "arn:aws:ecs:test:000000000000:cluster/test"
	patience = 20 * time.Second
)

var credentials = sigv4.Credentials{AccessKeyID: "AKIDTEST", SecretAccessKey: "secret"}

// peer is the server's end of one websocket.
type peer struct {
	t     *testing.T
	ws    *websocket.Conn
	query map[string][]string
	up    chan acs.Message // what the agent sent; closed at the end
	ended chan struct{}
}

// send writes a message down.
func (p *peer) send(m acs.Message) {
	p.t.Helper()
	frame, err := acs.Encode(m)
	if err != nil {
		p.t.Fatal(err)
	}
	p.sendText(string(frame))
}

func (p *peer) sendText(frame string) {
	p.t.Helper()
	if err := p.ws.Write(p.t.Context(), websocket.MessageText, []byte(frame)); err != nil {
		p.t.Fatal(err)
	}
}

// receive waits for the next message of type T, skipping others.
func receive[T acs.Message](p *peer) T {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case m, ok := <-p.up:
			if !ok {
				p.t.Fatalf("the connection ended before a %T came", *new(T))
			}
			if got, ok := m.(T); ok {
				return got
			}
		case <-deadline:
			p.t.Fatalf("no %T came", *new(T))
		}
	}
}

// server is a control plane that does what the test says.
type server struct {
	t        *testing.T
	http     *httptest.Server
	acs, tcs chan *peer

	mu      sync.Mutex
	refusal *acs.Refusal      // guarded by mu
	refused int               // guarded by mu
	answers map[string]string // API answers by operation; guarded by mu
	bodies  map[string]string // last API request by operation; guarded by mu
	status  int               // of API answers; guarded by mu
}

func newServer(t *testing.T) *server {
	s := &server{t: t, acs: make(chan *peer, 10), tcs: make(chan *peer, 10), answers: map[string]string{}, bodies: map[string]string{}, status: 200}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.http.Close)
	s.answers["DiscoverPollEndpoint"] = `{"endpoint":"` + s.http.URL + `/poll","telemetryEndpoint":"` + s.http.URL + `/telemetry/"}`
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	signature, err := sigv4.Parse(r)
	if err == nil {
		err = signature.Verify(r, credentials.SecretAccessKey, sha256.Sum256(body), time.Now())
	}
	if err != nil {
		s.t.Errorf("signature of %s %s: %v", r.Method, r.URL, err)
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	switch r.URL.Path {
	case "/poll/ws":
		s.socket(w, r, s.acs, nil)
	case "/telemetry/ws":
		s.socket(w, r, s.tcs, signature)
	default:
		operation := r.Header.Get("X-Amz-Target")[strings.LastIndexByte(r.Header.Get("X-Amz-Target"), '.')+1:]
		s.mu.Lock()
		s.bodies[operation] = string(body)
		answer, status := s.answers[operation], s.status
		s.mu.Unlock()
		w.WriteHeader(status)
		io.WriteString(w, answer)
	}
}

// socket serves one websocket until either side ends it. Frames of telemetry are verified.
func (s *server) socket(w http.ResponseWriter, r *http.Request, to chan *peer, signature *sigv4.Signature) {
	s.mu.Lock()
	refusal := s.refusal
	if refusal != nil {
		s.refused++
	}
	s.mu.Unlock()
	if refusal != nil {
		w.WriteHeader(http.StatusForbidden)
		w.Write(refusal.Body())
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer ws.CloseNow()
	ws.SetReadLimit(acs.MaxFrameBytes)
	p := &peer{t: s.t, ws: ws, query: r.URL.Query(), up: make(chan acs.Message, 100), ended: make(chan struct{})}
	defer close(p.ended)
	defer close(p.up)
	to <- p
	for {
		_, frame, err := ws.Read(context.WithoutCancel(r.Context()))
		if err != nil {
			return
		}
		if signature != nil {
			frame = s.verify(r, frame)
		}
		m, err := acs.Decode(frame)
		if err != nil {
			s.t.Errorf("frame %q: %v", frame, err)
			return
		}
		p.up <- m
	}
}

func (s *server) verify(r *http.Request, frame []byte) []byte {
	split, err := sigv4.SplitFrame(frame)
	if err != nil {
		s.t.Errorf("telemetry frame: %v", err)
		return nil
	}
	signature, err := split.Parse()
	if err != nil {
		s.t.Errorf("telemetry frame: %v", err)
		return nil
	}
	u := *r.URL
	u.Scheme, u.Host = "http", r.Host
	if err := signature.VerifyFrame(split, &u, credentials.SecretAccessKey, time.Now()); err != nil {
		s.t.Errorf("telemetry frame: %v", err)
	}
	return split.Payload
}

func (s *server) refuse(r *acs.Refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = r
}

func (s *server) refusals() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// next waits for a connection.
func next(t *testing.T, from chan *peer) *peer {
	t.Helper()
	select {
	case p := <-from:
		return p
	case <-time.After(patience):
		t.Fatal("the agent did not connect")
		return nil
	}
}

// host is an Engine that notes what it is told.
type host struct {
	applied    chan []acs.Task
	candidates []acs.TaskIdentifier

	mu      sync.Mutex
	health  []acs.TaskHealth // guarded by mu
	metrics []acs.TaskMetric // guarded by mu
}

func (h *host) Apply(tasks []acs.Task) { h.applied <- tasks }
func (h *host) Manifest([]acs.TaskIdentifier) []acs.TaskIdentifier {
	return h.candidates
}
func (h *host) Health() []acs.TaskHealth {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.health
}
func (h *host) Metrics() []acs.TaskMetric {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.metrics
}
func (h *host) Status(context.Context) bool { return true }

func (h *host) wait(t *testing.T) []acs.Task {
	t.Helper()
	select {
	case tasks := <-h.applied:
		return tasks
	case <-time.After(patience):
		t.Fatal("nothing was applied")
		return nil
	}
}

// memorySequence is a Sequence in memory.
type memorySequence struct {
	mu sync.Mutex
	n  int64 // guarded by mu
}

func (m *memorySequence) Highest() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.n
}

func (m *memorySequence) Raise(n int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n = max(m.n, n)
	return nil
}

// connect runs a session against the server until the test ends.
func connect(t *testing.T, s *server, set func(*Config)) (*Session, *host) {
	t.Helper()
	h := &host{applied: make(chan []acs.Task, 10)}
	client := NewClient(s.http.URL, "test", "eu-test-1", credentials, nil)
	config := Config{
		Cluster: "test", InstanceARN: instance, Region: "eu-test-1", Credentials: credentials,
		Endpoints: client.Endpoints, Engine: h, Sequence: &memorySequence{},
		AgentVersion: "9.9", AgentHash: "abc", DockerVersion: "20.10", Retry: 5 * time.Millisecond,
		Logger: slog.New(slog.DiscardHandler),
	}
	if set != nil {
		set(&config)
	}
	session := New(config)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		session.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(patience):
			t.Error("the session does not end")
		}
	})
	return session, h
}

package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"berth/controller"
	"berth/state"
)

// server is the control plane over its generations.
type server struct {
	cfg     ServerConfig
	metrics *metrics
	groups  map[string]controller.MachineGroup
	current atomic.Pointer[generation]
	opened  chan struct{} // closed when the first generation serves
	url     string
}

func newServer(cfg ServerConfig) (*server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	groups, err := cfg.Scaling.groups()
	if err != nil {
		return nil, err
	}
	s := &server{cfg: cfg, groups: groups, opened: make(chan struct{})}
	s.metrics = newMetrics(func() *state.Snapshot {
		if g := s.current.Load(); g != nil {
			return g.store.Snapshot()
		}
		return nil
	})
	return s, nil
}

func (s *server) now() time.Time { return time.Now().Add(s.cfg.ClockOffset) }

// RunServer serves until ctx ends.
func RunServer(ctx context.Context, cfg ServerConfig) error {
	s, err := newServer(cfg)
	if err != nil {
		return err
	}
	return s.run(ctx)
}

// run listens, then opens generation after generation. It returns nil when ctx ended.
func (s *server) run(ctx context.Context) error {
	listener, err := net.Listen("tcp", s.cfg.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w (is another berth running there? --listen takes another port)", err)
	}
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	s.url = "http://" + openHost(listener.Addr().String())
	web := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	err = s.generations(ctx)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if web.Shutdown(stopping) != nil {
		_ = web.Close() // websockets and slow clients are cut off
	}
	if werr := <-served; !errors.Is(werr, http.ErrServerClosed) {
		err = errors.Join(err, werr)
	}
	return err
}

// retryOpen is how long a failed store rests before it is opened again.
const retryOpen = time.Second

// generations opens the store, serves until it fails, and opens it again. An error of the very first opening is returned: it is
// the operator's to mend.
func (s *server) generations(ctx context.Context) error {
	for first := true; ; {
		g, err := s.open(ctx)
		switch {
		case ctx.Err() != nil:
			if err == nil {
				return g.stop()
			}
			return nil
		case err != nil && first:
			return err
		case err != nil:
			s.cfg.Logger.Error("the store cannot be opened; trying again", "error", err)
			wait(ctx, retryOpen)
			continue
		}
		s.current.Store(g)
		if first {
			close(s.opened)
			first = false
		}
		s.cfg.Logger.Info("serving", "url", s.url, "revision", g.store.Snapshot().Revision(), "tasks", g.store.Snapshot().TaskCount())
		select {
		case <-ctx.Done():
			s.current.Store(nil)
			return g.stop()
		case <-g.store.Done():
			s.current.Store(nil)
			s.cfg.Logger.Error("the store failed; nothing is served until it is opened again", "error", g.store.Err())
			_ = g.stop() // its error is the one just logged
			wait(ctx, retryOpen)
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// ServeHTTP answers /healthz to everybody and everything else through the present generation, which wants a signature.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := s.current.Load()
	switch {
	case r.URL.Path == "/healthz":
		s.healthz(w, g)
	case g == nil:
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, `{"__type":"ServiceUnavailableException","message":"The store is not open; see the server's log."}`)
	default:
		g.handler.ServeHTTP(w, r)
	}
}

func (s *server) healthz(w http.ResponseWriter, g *generation) {
	if g == nil {
		http.Error(w, "the store is not open", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

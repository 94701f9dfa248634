package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"berth/api/auth"
	"berth/api/awsjson"
	apiberth "berth/api/berth"
	apiecs "berth/api/ecs"
	"berth/api/ecs/wire"
	"berth/controller"
	"berth/dispatch"
	"berth/placement"
	"berth/store"
	"berth/store/engines/memory"
	"berth/store/engines/pebble"
)

// generation is a server between two openings of the store.
type generation struct {
	store   *store.Store
	keys    *apiberth.Service
	ring    *apiberth.KeyRing
	handler http.Handler

	cancel context.CancelFunc
	wait   sync.WaitGroup
}

// engine opens the engine a configuration names.
func (s *server) engine() (store.Engine, error) {
	switch s.cfg.Store {
	case "memory":
		return memory.New(), nil
	case "pebble", "":
		return pebble.Open(filepath.Join(s.cfg.Data, "store"), pebble.Options{Logger: s.cfg.Logger})
	}
	return nil, fmt.Errorf("--store %q is neither pebble nor memory", s.cfg.Store)
}

// open starts a generation: everything durable is loaded and every instance counts as disconnected until its agent is back.
func (s *server) open(ctx context.Context) (*generation, error) {
	sealer, err := s.sealer()
	if err != nil {
		return nil, err
	}
	e, err := s.engine()
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, store.Config{Engine: e, Clock: s.now, Logger: s.cfg.Logger, Attach: placement.Attach})
	if err != nil {
		return nil, err
	}
	g := &generation{
		store: st,
		keys:  &apiberth.Service{Store: st, Sealer: sealer},
		ring:  &apiberth.KeyRing{Snapshot: st.Snapshot, Sealer: sealer},
	}
	vendor := auth.NewTaskCredentials(sealer)
	authenticator := auth.NewAuthenticator(auth.Config{
		Account: s.cfg.Account, Root: s.cfg.Root, Keys: g.ring, Vendor: vendor,
	})
	d, err := dispatch.New(dispatch.Config{
		Store: st, Realm: s.cfg.realm(), Auth: authenticator, Credentials: vendor, Clock: dispatch.ShiftedClock{Offset: s.cfg.ClockOffset},
		Logger: s.cfg.Logger, Metrics: s.metrics,
	})
	if err != nil {
		return nil, closing(st, err)
	}
	g.handler = s.routes(g, authenticator, d)
	g.start(ctx, s, d)
	select {
	case <-d.Ready():
		return g, nil
	case <-st.Done():
		return nil, errors.Join(st.Err(), g.stop())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), g.stop())
	}
}

func closing(st *store.Store, err error) error {
	_ = st.Close() // the first error tells more
	return err
}

func (s *server) sealer() (*auth.Sealer, error) {
	if err := os.MkdirAll(s.cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	return auth.LoadOrCreateKeyFile(filepath.Join(s.cfg.Data, "berth.key"))
}

// start runs what works in the background until stop.
func (g *generation) start(ctx context.Context, s *server, d *dispatch.Dispatcher) {
	ctx, g.cancel = context.WithCancel(context.WithoutCancel(ctx))
	g.wait.Go(func() {
		if err := d.Run(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Error("the dispatcher ended", "error", err)
		}
	})
	retention := &controller.Retention{
		Store: g.store, Clock: s.now, Tasks: s.cfg.KeepStopped, Instances: time.Hour, Logger: s.cfg.Logger,
	}
	g.wait.Go(func() { retention.Run(ctx) })
	provisioning := &controller.Provisioning{Store: g.store, Clock: s.now, Timeout: s.cfg.ProvisioningTimeout, Logger: s.cfg.Logger}
	g.wait.Go(func() { provisioning.Run(ctx) })
	scaling := s.scaling(g)
	g.wait.Go(func() { scaling.Run(ctx) })
}

// stop ends a generation. Sessions are closed, commands that were begun finish.
func (g *generation) stop() error {
	g.cancel()
	g.wait.Wait()
	return g.store.Close()
}

// routes builds the handlers of a generation: the API by X-Amz-Target, the agents' websockets by path.
func (s *server) routes(g *generation, a *auth.Authenticator, d *dispatch.Dispatcher) http.Handler {
	front := awsjson.New(s.frontConfig(wire.TargetPrefix, "ecs", apiecs.Operations(), a))
	handlers := apiecs.New(apiecs.Config{Store: g.store, Realm: s.cfg.realm(), AgentEndpoint: agentEndpoint})
	handlers.Register(front)
	g.keys.Requests, g.keys.Realm, g.keys.Now = handlers, s.cfg.realm(), s.now
	own := awsjson.New(s.frontConfig(apiberth.TargetPrefix, "berth", apiberth.Operations(), a))
	g.keys.Register(own)

	mux := http.NewServeMux()
	mux.Handle("/metrics", withRequestID(s.guarded(a, g.ring, s.metrics.handler())))
	mux.Handle("/acs/ws", withRequestID(d.ACS()))
	mux.Handle("/tcs/ws", withRequestID(d.TCS()))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), apiberth.TargetPrefix+".") {
			own.ServeHTTP(w, r)
			return
		}
		front.ServeHTTP(w, r)
	})
	return mux
}

func (s *server) frontConfig(prefix, service string, operations []awsjson.Operation, a *auth.Authenticator) awsjson.Config {
	return awsjson.Config{
		TargetPrefix: prefix, Operations: operations, Logger: s.cfg.Logger, Observe: s.metrics.observe,
		Authenticate: func(r *http.Request, body []byte) (context.Context, error) {
			p, err := a.Authenticate(r, body)
			if err != nil {
				return nil, err
			}
			awsjson.SetPrincipal(r.Context(), p.ARN)
			return auth.WithPrincipal(s.withEndpoint(r), p), nil
		},
		Authorize: func(ctx context.Context, operation string) error {
			p, _ := auth.FromContext(ctx)
			return auth.Authorize(p, service, operation)
		},
	}
}

type endpointKey struct{}

// withEndpoint remembers how the caller reached this server: an agent that could call the API can open its websockets there too.
func (s *server) withEndpoint(r *http.Request) context.Context {
	base := s.cfg.PublicURL
	if base == "" {
		base = "http://" + r.Host
	}
	return context.WithValue(r.Context(), endpointKey{}, strings.TrimSuffix(base, "/"))
}

func agentEndpoint(ctx context.Context) string {
	base, _ := ctx.Value(endpointKey{}).(string)
	return base
}

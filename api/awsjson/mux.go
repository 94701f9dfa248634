package awsjson

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"time"
)

// Defaults of Config.
const (
	DefaultMaxBody      = 1 << 20
	DefaultBodyTimeout  = 10 * time.Second
	DefaultWriteTimeout = 30 * time.Second
)

// Operation is one line of the target table.
type Operation struct {
	Name     string
	NewInput func() any // a pointer to a new, empty input structure
}

// Handler is the behaviour of an operation. in is what NewInput made, decoded and validated; out is encoded as it is,
// nil as an empty object. Errors: see the package comment.
type Handler func(ctx context.Context, in any) (out any, err error)

// Config says what a Mux serves and whom it asks. Only TargetPrefix and Operations are needed.
type Config struct {
	TargetPrefix string // what stands before the dot in X-Amz-Target
	Operations   []Operation

	MaxBody      int64         // bytes; 0 means DefaultMaxBody
	BodyTimeout  time.Duration // for the whole body to arrive; 0 means DefaultBodyTimeout
	WriteTimeout time.Duration // for the client to take the answer; 0 means DefaultWriteTimeout

	// Authenticate finds out who calls and returns the context for the rest of the way, derived from r.Context(). It is
	// called for every request whose body arrived, before the target is looked at. r.Body is spent, body has it; body
	// must not be kept. nil lets everyone in.
	Authenticate func(r *http.Request, body []byte) (context.Context, error)
	// Authorize decides whether the caller may use the operation, before its input is decoded. nil allows everything.
	Authorize func(ctx context.Context, operation string) error
	// Observe is told every finished request, for metrics. operation is "" if the target named none of the table;
	// code is "" on success.
	Observe func(operation, code string, elapsed time.Duration)
	// Logger gets one line a request: Info, or Error with the cause for what is the server's fault. nil logs nothing.
	Logger *slog.Logger
}

// Mux routes requests to handlers. It is an http.Handler for the path "/".
type Mux struct {
	config   Config
	prefix   string // with the dot
	newInput map[string]func() any
	handlers map[string]Handler
}

// New makes a mux without handlers. It panics if an operation is listed twice.
func New(config Config) *Mux {
	config.MaxBody = orDefault(config.MaxBody, DefaultMaxBody)
	config.BodyTimeout = orDefault(config.BodyTimeout, DefaultBodyTimeout)
	config.WriteTimeout = orDefault(config.WriteTimeout, DefaultWriteTimeout)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	m := &Mux{
		config: config, prefix: config.TargetPrefix + ".",
		newInput: make(map[string]func() any, len(config.Operations)),
		handlers: map[string]Handler{},
	}
	for _, op := range config.Operations {
		if m.newInput[op.Name] != nil {
			panic("awsjson: operation " + op.Name + " is listed twice")
		}
		m.newInput[op.Name] = op.NewInput
	}
	return m
}

func orDefault[T int64 | time.Duration](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

// Register sets the handler of an operation. It panics, as wiring is wrong, if the table has no such operation or it
// has a handler already.
func (m *Mux) Register(operation string, handler Handler) {
	if m.newInput[operation] == nil {
		panic("awsjson: no operation " + operation)
	}
	if m.handlers[operation] != nil {
		panic("awsjson: operation " + operation + " has two handlers")
	}
	m.handlers[operation] = handler
}

// Registered says whether an operation has a handler.
func (m *Mux) Registered(operation string) bool { return m.handlers[operation] != nil }

// Handle registers a handler with its own input and output types. It panics like Register, and if the operation's input
// is not *In.
func Handle[In, Out any](m *Mux, operation string, handler func(ctx context.Context, in *In) (*Out, error)) {
	m.Register(operation, func(ctx context.Context, in any) (any, error) {
		out, err := handler(ctx, in.(*In))
		if err != nil || out == nil {
			return nil, err
		}
		return out, nil
	})
	if made := m.newInput[operation](); reflect.TypeOf(made) != reflect.TypeFor[*In]() {
		panic(fmt.Sprintf("awsjson: operation %s takes %T, its handler %v", operation, made, reflect.TypeFor[*In]()))
	}
}

package pebble

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"syscall"
)

// health is where pebble's complaints become the engine's failure.
type health struct {
	dir    string
	log    *slog.Logger
	once   sync.Once
	failed chan struct{} // closed by fail
	err    error         // written before failed is closed
}

func newHealth(dir string, log *slog.Logger) *health {
	return &health{dir: dir, log: log, failed: make(chan struct{})}
}

func (h *health) fail(err error) {
	h.once.Do(func() {
		h.err = h.explain(err)
		close(h.failed)
	})
}

// explain says what an operator can act on.
func (h *health) explain(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("the disk of the data directory %s is full: %w", h.dir, err)
	}
	return fmt.Errorf("data directory %s: %w", h.dir, err)
}

// Infof implements pebble.Logger.
func (h *health) Infof(format string, args ...any) {
	if h.log.Enabled(context.Background(), slog.LevelDebug) {
		h.log.Debug(fmt.Sprintf(format, args...))
	}
}

// Errorf implements pebble.Logger.
func (h *health) Errorf(format string, args ...any) {
	h.log.Error(fmt.Sprintf(format, args...))
}

// Fatalf implements pebble.Logger. Pebble relies on it not to return: going on would acknowledge what is lost. Ending the process
// is for the owner to decide, so the goroutine stops here for good, with whatever it locked; unwinding it instead would release
// those locks over a half-made change.
func (h *health) Fatalf(format string, args ...any) {
	err := &fatalError{text: fmt.Sprintf(format, args...)}
	for _, a := range args {
		if cause, ok := a.(error); ok {
			err.cause = cause
		}
	}
	h.log.Error(err.text)
	h.fail(err)
	select {}
}

// fatalError keeps the error that pebble formatted into its text, so that a full disk can be told from a broken one.
type fatalError struct {
	text  string
	cause error
}

func (e *fatalError) Error() string { return e.text }
func (e *fatalError) Unwrap() error { return e.cause }

package awsjson

import (
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// outcome is how a request ended.
type outcome struct {
	status  int
	code    string // "" on success
	err     error
	bytes   int // of the answer's body
	elapsed time.Duration
}

// log writes the one line of a request. What is the server's fault is told with its cause; a handler that stopped
// because the client went away is not.
func (m *Mux) log(r *http.Request, c *call, o outcome) {
	level := slog.LevelInfo
	ours := o.status >= http.StatusInternalServerError && r.Context().Err() == nil
	if ours {
		level = slog.LevelError
	}
	ctx := r.Context()
	if !m.config.Logger.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs,
		slog.String("request_id", c.requestID),
		slog.String("operation", c.operation),
		slog.Int("status", o.status),
		slog.Duration("duration", o.elapsed),
		slog.Int("bytes", o.bytes))
	if c.principal != "" {
		attrs = append(attrs, slog.String("principal", c.principal))
	}
	if c.target != "" {
		attrs = append(attrs, slog.String("target", printable(c.target)))
	}
	if o.code != "" {
		attrs = append(attrs, slog.String("code", o.code))
	}
	if ours {
		attrs = append(attrs, slog.Any("error", o.err))
	}
	if panicked := (*panicError)(nil); errors.As(o.err, &panicked) {
		attrs = append(attrs, slog.String("stack", string(panicked.stack)))
	}
	m.config.Logger.LogAttrs(ctx, level, "api call", attrs...)
}

package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coder/websocket"

	"berth/api/acs"
)

const (
	kindACS = "acs"
	kindTCS = "tcs"

	// writeTimeout bounds one write: an agent that does not read for so long is gone.
	writeTimeout = 10 * time.Second
	// maxControlFrame bounds what an agent may send on ACS; its largest message lists stop candidates.
	maxControlFrame = 1 << 20
	// maxTelemetryFrame is twice what an agent fills a frame with (agent-protocol.md 10).
	maxTelemetryFrame = 2 << 20
)

// closing is how and why the server closes a websocket. After 1000, 1001 and 1011 an agent comes back at once, after any other
// code it waits longer each time (agent-protocol.md 6).
type closing struct {
	code   websocket.StatusCode
	reason string // at most 123 bytes
}

var serverStops = closing{websocket.StatusServiceRestart, "the server is stopping"}

// socket is one websocket and the order to close it.
type socket struct {
	conn *websocket.Conn
	// ended takes the first order to close; its reader is the socket's loop.
	ended chan closing
}

func newSocket(conn *websocket.Conn, limit int64) socket {
	conn.SetReadLimit(limit)
	return socket{conn: conn, ended: make(chan closing, 1)}
}

// end asks the loop to close the socket. It never blocks; only the first order counts.
func (s *socket) end(c closing) {
	select {
	case s.ended <- c:
	default:
	}
}

// write sends one message.
func (s *socket) write(ctx context.Context, m acs.Message) error {
	frame, err := acs.Encode(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, frame); err != nil {
		return fmt.Errorf("send %s: %w", m.MessageType(), err)
	}
	return nil
}

// errEnded carries an order to close out of a loop.
type errEnded struct{ closing }

// Error implements error.
func (e errEnded) Error() string { return e.reason }

// finish closes the socket as the error that ended its loop demands.
func (s *socket) finish(ctx context.Context, err error) {
	var ended errEnded
	switch {
	case errors.As(err, &ended):
		_ = s.conn.Close(ended.code, ended.reason) // the peer may be gone already
	case ctx.Err() != nil:
		_ = s.conn.Close(serverStops.code, serverStops.reason)
	default:
		_ = s.conn.CloseNow()
	}
}

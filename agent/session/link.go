package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/coder/websocket"

	"berth/api/acs"
	"berth/api/sigv4"
)

const (
	maxRetry    = 30 * time.Second
	retryFactor = 1.5
	// lived is how long a connection must last for its end to be no failure: a server that accepts and closes at once
	// would otherwise be called without pause.
	lived = 10 * time.Second
	// spread keeps the agents of a cluster from coming back in the same instant.
	spread       = 250 * time.Millisecond
	dialTimeout  = time.Minute
	writeTimeout = 3 * time.Minute
	refusalBytes = 1024
)

// link keeps one websocket connected.
type link struct {
	s    *Session
	name string
	// address is the websocket's URL, asked for before each connection.
	address func(ctx context.Context) (*url.URL, error)
	// signFrames: every frame up carries a signed header block.
	signFrames bool
	// opened is called when the connection stands; it may start work that ends with ctx, and returns what waits for
	// its end.
	opened func(ctx context.Context, c *conn) (wait func())
	// message handles one message; an error ends the connection.
	message func(ctx context.Context, c *conn, m acs.Message) error
	log     *slog.Logger
}

// ErrRefused ends a Session whose instance belongs to another agent: the server refused its first connections with
// AccessDeniedException. One that was connected before goes on trying.
var ErrRefused = errors.New("the server refuses this agent")

// maxDenied is how many first connections may be denied before the agent gives up: the predecessor of a restarted agent
// may need a moment to be seen as gone.
const maxDenied = 3

// run connects, serves and connects again until ctx ends; its error is ErrRefused or nil.
func (l *link) run(ctx context.Context) error {
	pause := l.s.config.Retry
	denied := 0
	for {
		if wait := l.s.paused(); wait > 0 && !sleep(ctx, wait) {
			return nil
		}
		began := time.Now()
		err := l.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		var refusal *acs.Refusal
		switch {
		case errors.As(err, &refusal) && refusal.Code == acs.InactiveInstance:
			l.s.pause()
			l.log.Error("this container instance was deregistered; the agent pauses. To join anew, remove the identity in the data directory and restart",
				"pause", l.s.config.InactivePause, "error", err)
			continue
		case errors.As(err, &refusal) && refusal.Code == acs.AccessDenied && !l.s.connectedOnce.Load():
			if denied++; denied == maxDenied {
				return fmt.Errorf("%w: %s", ErrRefused, refusal.Text)
			}
		case time.Since(began) > lived && orderly(err):
			pause = l.s.config.Retry
			l.log.Info("connection ended, connecting again", "reason", err)
			if !sleep(ctx, time.Duration(rand.Int64N(int64(spread)))) {
				return nil
			}
			continue
		case time.Since(began) > lived:
			pause = l.s.config.Retry
		}
		l.log.Warn("no connection to the server, will try again", "in", pause, "error", err)
		if !sleep(ctx, time.Duration(float64(pause)*(0.8+0.4*rand.Float64()))) {
			return nil
		}
		pause = min(time.Duration(float64(pause)*retryFactor), maxRetry)
	}
}

// orderly tells an end the server meant, or a connection that broke (agent-protocol.md 6).
func orderly(err error) bool {
	switch websocket.CloseStatus(err) {
	case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusInternalError:
		return true
	case -1:
		return true
	}
	return false
}

// sleep waits; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// once makes one connection and serves it to its end.
func (l *link) once(ctx context.Context) error {
	c, err := l.dial(ctx)
	if err != nil {
		return err
	}
	defer c.ws.CloseNow()
	inner, cancel := context.WithCancel(ctx)
	wait := l.opened(inner, c)
	pinged := make(chan struct{})
	go func() {
		defer close(pinged)
		l.ping(inner, c)
	}()
	defer func() {
		cancel()
		if wait != nil {
			wait()
		}
		<-pinged
	}()
	for {
		msg, err := l.read(inner, c)
		if err != nil {
			if ctx.Err() != nil {
				c.ws.Close(websocket.StatusNormalClosure, "agent stops")
			}
			return err
		}
		if msg == nil {
			continue
		}
		if err := l.message(inner, c, msg); err != nil {
			return err
		}
	}
}

// dial makes the signed handshake. A refusal with a known body is an *acs.Refusal.
func (l *link) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	address, err := l.address(ctx)
	if err != nil {
		return nil, err
	}
	config := l.s.config
	header, err := sigv4.SignHandshake(address, config.Credentials, config.Region, service, time.Now())
	if err != nil {
		return nil, fmt.Errorf("sign handshake: %w", err)
	}
	ws, response, err := websocket.Dial(ctx, address.String(), &websocket.DialOptions{HTTPClient: config.HTTP, HTTPHeader: header})
	if err != nil {
		if response != nil && response.Body != nil {
			body, _ := io.ReadAll(io.LimitReader(response.Body, refusalBytes))
			response.Body.Close()
			if refusal, parseErr := acs.ParseRefusal(body); parseErr == nil {
				return nil, fmt.Errorf("%s handshake refused with status %d: %w", l.name, response.StatusCode, refusal)
			}
		}
		return nil, fmt.Errorf("%s handshake: %w", l.name, err)
	}
	ws.SetReadLimit(acs.MaxFrameBytes)
	return &conn{ws: ws, link: l, address: address}, nil
}

// read returns the next message; nil for a frame that is none. It fails after a silence.
func (l *link) read(ctx context.Context, c *conn) (acs.Message, error) {
	silence := l.s.config.Silence
	if silence == 0 {
		silence = time.Minute + time.Duration(rand.Int64N(int64(time.Minute)))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, silence, fmt.Errorf("nothing heard from the server for %s", silence.Round(time.Second)))
	defer cancel()
	_, frame, err := c.ws.Read(ctx)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}
	msg, err := acs.Decode(frame)
	if err != nil {
		l.log.Error("frame from the server cannot be read, dropped", "error", err)
		return nil, nil
	}
	return msg, nil
}

// ping notices a peer that is gone without a word.
func (l *link) ping(ctx context.Context, c *conn) {
	for sleep(ctx, l.s.config.PingEvery) {
		bounded, cancel := context.WithTimeout(ctx, l.s.config.PingEvery)
		err := c.ws.Ping(bounded)
		cancel()
		if err != nil && ctx.Err() == nil {
			l.log.Warn("server does not answer a ping, connection given up", "error", err)
			c.ws.CloseNow()
			return
		}
	}
}

// conn is one open websocket. send may be called by several goroutines.
type conn struct {
	ws      *websocket.Conn
	link    *link
	address *url.URL
}

// send writes one message.
func (c *conn) send(ctx context.Context, m acs.Message) error {
	frame, err := acs.Encode(m)
	if err != nil {
		return err
	}
	if c.link.signFrames {
		config := c.link.s.config
		if frame, err = sigv4.SignFrame(c.address, frame, config.Credentials, config.Region, service, time.Now()); err != nil {
			return fmt.Errorf("sign %s: %w", m.MessageType(), err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageText, frame); err != nil {
		return fmt.Errorf("send %s: %w", m.MessageType(), err)
	}
	return nil
}

// websocketURL is the endpoint's path followed by ws and the query.
func websocketURL(endpoint string, query url.Values) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("endpoint %q is no http or https address", endpoint)
	}
	u = u.JoinPath("ws")
	u.RawQuery = query.Encode()
	return u, nil
}

package awsjson

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// drainFactor bounds how much of an oversized body is read and thrown away, in multiples of the limit. A client that
// writes its whole body before it reads (as botocore does) would otherwise get a reset connection instead of the error.
const drainFactor = 16

// readBody reads the body within its size and time. All errors close the connection, as the rest of the body is unread.
func (m *Mux) readBody(w http.ResponseWriter, r *http.Request, body *bytes.Buffer) error {
	controller := http.NewResponseController(w)
	_ = controller.SetReadDeadline(time.Now().Add(m.config.BodyTimeout)) // a recorder has none
	tooLarge := r.ContentLength > m.config.MaxBody
	var err error
	if !tooLarge {
		tooLarge, err = readLimited(body, r.Body, m.config.MaxBody)
	}
	if tooLarge {
		m.drain(r)
		return &Error{Code: CodeTooLarge, Message: "The request body is too large.", closeConnection: true}
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &Error{Code: CodeTimeout, Message: "The request body did not arrive in time.", closeConnection: true}
	case err != nil:
		return &Error{Code: CodeSerialization, Message: "The request body is incomplete.", closeConnection: true}
	}
	// Else a handler that works longer than BodyTimeout would see its context end.
	_ = controller.SetReadDeadline(time.Time{})
	return nil
}

// drain throws the rest of the body away, still under the body's deadline. A client that waits for permission to send
// (Expect: 100-continue) has not sent anything yet.
func (m *Mux) drain(r *http.Request) {
	if r.Header.Get("Expect") == "" && r.ContentLength <= drainFactor*m.config.MaxBody {
		_, _ = io.CopyN(io.Discard, r.Body, drainFactor*m.config.MaxBody)
	}
}

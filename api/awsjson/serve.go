package awsjson

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
)

const contentType = "application/x-amz-json-1.1"

// requestIDHeader is written with this capitalisation, as ECS does; net/http's canonical form differs.
const requestIDHeader = "x-amzn-RequestId"

// buffers serves bodies and answers. A buffer that has grown large is left to the collector.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const keepBuffer = 64 << 10

func borrow() *bytes.Buffer { return buffers.Get().(*bytes.Buffer) }

func giveBack(buffer *bytes.Buffer) {
	if buffer.Cap() <= keepBuffer {
		buffer.Reset()
		buffers.Put(buffer)
	}
}

// panicError is a panic on the way of a request.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// validator is an input that can check itself.
type validator interface{ Validate() error }

// ServeHTTP answers one request, see the package comment.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	c := newCall()
	answer := borrow()
	defer giveBack(answer)

	status, code := http.StatusOK, ""
	err := m.serve(w, r.WithContext(c.in(r.Context())), answer)
	if err != nil {
		f := describe(err)
		status, code = f.status, f.code
		f.encode(answer)
		if f.closeConnection {
			w.Header().Set("Connection", "close")
		}
	}
	m.write(w, c.requestID, status, answer.Bytes())
	elapsed := time.Since(began)
	m.log(r, c, outcome{status: status, code: code, err: err, bytes: answer.Len(), elapsed: elapsed})
	if m.config.Observe != nil {
		m.config.Observe(c.operation, code, elapsed)
	}
}

// encode replaces what is in the buffer. Details that cannot be encoded are left out rather than costing the error.
func (f failure) encode(answer *bytes.Buffer) {
	answer.Reset()
	if Encode(answer, f.body()) != nil {
		answer.Reset()
		f.details = nil
		_ = Encode(answer, f.body()) // two strings cannot fail
	}
}

func (m *Mux) write(w http.ResponseWriter, requestID string, status int, body []byte) {
	header := w.Header()
	header[requestIDHeader] = []string{requestID}
	header["Content-Type"] = []string{contentType}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	if status == http.StatusMethodNotAllowed {
		header["Allow"] = []string{http.MethodPost}
	}
	// A recorder or a wrapper may not know deadlines; the server's own timeouts hold then. The deadline is cleared after
	// the flush, because the connection may go on to serve something long-lived.
	controller := http.NewResponseController(w)
	_ = controller.SetWriteDeadline(time.Now().Add(m.config.WriteTimeout))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone: nobody left to tell
	_ = controller.Flush()
	_ = controller.SetWriteDeadline(time.Time{})
}

// serve takes the request all the way to the encoded answer.
func (m *Mux) serve(w http.ResponseWriter, r *http.Request, answer *bytes.Buffer) (err error) {
	defer func() {
		value := recover()
		if value == http.ErrAbortHandler {
			panic(value)
		}
		if value != nil {
			err = &panicError{value: value, stack: debug.Stack()}
		}
	}()
	if err := onlyPostToRoot(r); err != nil {
		return err
	}
	ctx, handler, in, err := m.receive(w, r)
	if err != nil {
		return err
	}
	out, err := handler(ctx, in)
	if err != nil {
		return err
	}
	if out == nil {
		out = struct{}{}
	}
	if err := Encode(answer, out); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return nil
}

// receive does everything up to the handler, so that the body's buffer is free while the handler works.
func (m *Mux) receive(w http.ResponseWriter, r *http.Request) (context.Context, Handler, any, error) {
	body := borrow()
	defer giveBack(body)
	if err := m.readBody(w, r, body); err != nil {
		return nil, nil, nil, err
	}
	ctx := r.Context()
	if m.config.Authenticate != nil {
		known, err := m.config.Authenticate(r, body.Bytes())
		if err != nil {
			return nil, nil, nil, err
		}
		ctx = known
	}
	operation, err := m.route(r)
	if err != nil {
		return nil, nil, nil, err
	}
	callOf(r.Context()).operation = operation
	if m.config.Authorize != nil {
		if err := m.config.Authorize(ctx, operation); err != nil {
			return nil, nil, nil, err
		}
	}
	handler := m.handlers[operation]
	if handler == nil {
		return nil, nil, nil, &Error{Code: CodeUnsupportedFeature,
			Message: "The operation " + operation + " is not built in this version of Berth."}
	}
	in, err := m.input(operation, body.Bytes())
	return ctx, handler, in, err
}

func (m *Mux) input(operation string, body []byte) (any, error) {
	in := m.newInput[operation]()
	if err := Decode(body, in); err != nil {
		return nil, err
	}
	if v, ok := in.(validator); ok {
		if err := v.Validate(); err != nil {
			return nil, err
		}
	}
	return in, nil
}

func onlyPostToRoot(r *http.Request) error {
	switch {
	case r.URL.Path != "/" && r.URL.Path != "":
		return &Error{Code: CodeUnknownOperation, Message: "Requests go to the path /.", Status: http.StatusNotFound}
	case r.Method != http.MethodPost:
		return &Error{Code: CodeUnknownOperation, Message: "Requests are made with POST.", Status: http.StatusMethodNotAllowed}
	}
	return nil
}

// route finds the operation the target names.
func (m *Mux) route(r *http.Request) (string, error) {
	target := r.Header.Get("X-Amz-Target")
	operation, ok := strings.CutPrefix(target, m.prefix)
	if ok && m.newInput[operation] != nil {
		return operation, nil
	}
	callOf(r.Context()).target = target
	if target == "" {
		return "", &Error{Code: CodeUnknownOperation, Message: "The request has no X-Amz-Target header."}
	}
	return "", &Error{Code: CodeUnknownOperation, Message: "There is no operation " + printable(target) + "."}
}

package awsjson

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestClient(t *testing.T) {
	server := serve(t, nil)
	signed := 0
	client := &Client{Endpoint: server.URL, TargetPrefix: "Test_1", HTTP: server.Client(),
		Sign: func(r *http.Request, body []byte) error {
			signed++
			if r.Header.Get("X-Amz-Target") == "" || !strings.HasPrefix(string(body), "{") {
				t.Errorf("signing %v with body %q", r.Header, body)
			}
			return nil
		}}
	text := "grüße"
	var out echoOut
	if err := client.Call(t.Context(), "Echo", &echoIn{Text: &text}, &out); err != nil || out.Text == nil || *out.Text != text {
		t.Errorf("echo: %v %v", out.Text, err)
	}
	if err := client.Call(t.Context(), "Echo", nil, nil); err != nil {
		t.Errorf("nil in and out: %v", err)
	}
	var told *Error
	err := client.Call(t.Context(), "Wrapped", nil, &out)
	if !errors.As(err, &told) || told.Code != "ServiceNotFoundException" || told.Status != 400 || uuid.Validate(told.RequestID) != nil {
		t.Errorf("error answer: %#v", err)
	}
	if signed != 3 {
		t.Errorf("signed %d times", signed)
	}
}

func TestClientReadsOtherErrorBodies(t *testing.T) {
	for _, tt := range []struct {
		body, code, message string
		status              int
	}{
		{`{"__type":"com.amazonaws.ecs#ClientException","Message":"m"}`, "ClientException", "m", 400},
		{`{"__type":"ServerException"}`, "ServerException", "", 500},
		{`<html>`, "UnknownError", "HTTP status 502 Bad Gateway", 502},
		{``, "UnknownError", "HTTP status 503 Service Unavailable", 503},
		{`{"message":"m"}`, "UnknownError", "HTTP status 404 Not Found", 404},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		}))
		var told *Error
		err := (&Client{Endpoint: server.URL + "/"}).Call(t.Context(), "Echo", nil, nil)
		if !errors.As(err, &told) || told.Code != tt.code || told.Message != tt.message || told.Status != tt.status {
			t.Errorf("%s: got %#v", tt.body, err)
		}
		server.Close()
	}
}

func TestClientFailuresAreNotAnswers(t *testing.T) {
	garbage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "nonsense") }))
	defer garbage.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	refuse := errors.New("no key")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"garbage":     func() error { return (&Client{Endpoint: garbage.URL}).Call(t.Context(), "Echo", nil, new(echoOut)) },
		"nobody":      func() error { return (&Client{Endpoint: gone.URL}).Call(t.Context(), "Echo", nil, nil) },
		"cancelled":   func() error { return (&Client{Endpoint: garbage.URL}).Call(cancelled, "Echo", nil, nil) },
		"unencodable": func() error { return (&Client{Endpoint: garbage.URL}).Call(t.Context(), "Echo", make(chan int), nil) },
		"unsigned": func() error {
			c := &Client{Endpoint: garbage.URL, Sign: func(*http.Request, []byte) error { return refuse }}
			err := c.Call(t.Context(), "Echo", nil, nil)
			if !errors.Is(err, refuse) {
				t.Errorf("cause lost: %v", err)
			}
			return err
		},
	} {
		var told *Error
		if err := call(); err == nil || errors.As(err, &told) || !strings.Contains(err.Error(), "Echo") {
			t.Errorf("%s: got %#v", name, err)
		}
	}
}

package session

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"berth/api/acs"
)

// An agent with the identity of another one that is connected ends with the server's words instead of trying for ever.
func TestDeniedFirstConnectionsEndTheSession(t *testing.T) {
	s := newServer(t)
	s.refuse(&acs.Refusal{Code: acs.AccessDenied, Text: "another agent answers"})
	client := NewClient(s.http.URL, "test", "eu-test-1", credentials, nil)
	session := New(Config{
		Cluster: "test", InstanceARN: instance, Region: "eu-test-1", Credentials: credentials,
		Endpoints: client.Endpoints, Engine: &host{applied: make(chan []acs.Task, 1)}, Sequence: &memorySequence{},
		Retry: time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	})
	err := session.Run(t.Context())
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "another agent answers") {
		t.Fatalf("ended with %v", err)
	}
	if n := s.refusals(); n != maxDenied {
		t.Errorf("tried %d times, want %d", n, maxDenied)
	}
	select {
	case <-s.tcs:
		t.Error("telemetry was connected by an agent that was not let in")
	default:
	}
}

// One that was let in before goes on trying.
func TestDeniedLaterConnectionsDoNot(t *testing.T) {
	s := newServer(t)
	connect(t, s, nil)
	p := next(t, s.acs)
	s.refuse(&acs.Refusal{Code: acs.AccessDenied, Text: "another agent answers"})
	p.ws.CloseNow()
	for begin := time.Now(); s.refusals() < 2*maxDenied; {
		if time.Since(begin) > patience {
			t.Fatal("the agent gave up")
		}
		<-time.After(5 * time.Millisecond)
	}
	s.refuse(nil)
	next(t, s.acs)
}

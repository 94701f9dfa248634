package controller

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// script writes a program and returns its hook.
func script(t *testing.T, body string) *ExecHook {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o700); err != nil {
		t.Fatal(err)
	}
	return &ExecHook{Path: path, Environment: []string{"PATH=" + os.Getenv("PATH"), "EXTRA=more"}}
}

func TestExecHook(t *testing.T) {
	t.Setenv("SECRET", "hidden")
	h := script(t, `echo "$@"; env | grep -e BERTH_ -e EXTRA -e SECRET | sort >&2`)
	out, err := h.Call(t.Context(), HookCall{
		Action: ScaleIn, Host: "h1", InstanceARN: "arn", Group: "g", Cluster: "c", CapacityProvider: "cp", Server: "http://s",
	})
	want := strings.Join([]string{
		"scale-in h1", "BERTH_CAPACITY_PROVIDER=cp", "BERTH_CLUSTER=c", "BERTH_GROUP=g", "BERTH_INSTANCE_ARN=arn", "BERTH_SERVER=http://s",
		"EXTRA=more",
	}, "\n")
	if err != nil || out != want {
		t.Errorf("scale-in: %v\n%s\nwant\n%s", err, out, want)
	}
	if out, err := h.Call(t.Context(), HookCall{Action: ScaleOut, Count: 3}); err != nil || !strings.HasPrefix(out, "scale-out 3\n") {
		t.Errorf("scale-out: %v, %q", err, out)
	}
}

func TestExecHookThatFails(t *testing.T) {
	out, err := script(t, "echo why; exit 3").Call(t.Context(), HookCall{Action: ScaleOut})
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || out != "why" {
		t.Errorf("got %v, %q", err, out)
	}
	if _, err := (&ExecHook{Path: filepath.Join(t.TempDir(), "none")}).Call(t.Context(), HookCall{}); err == nil {
		t.Error("a program that does not exist was run")
	}
}

func TestExecHookIsKilledInTime(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := script(t, "echo begun; exec sleep 60").Call(ctx, HookCall{}); err == nil {
		t.Error("a hook that never ends is a success")
	}
}

// What a hook starts may go on after it, holding its output.
func TestExecHookThatLeavesAProgramRunning(t *testing.T) {
	h := script(t, "sleep 60 &\necho $!")
	out, err := h.Call(t.Context(), HookCall{})
	if err != nil || out == "" {
		t.Fatalf("got %v, %q", err, out)
	}
	if end, err := script(t, "kill "+out).Call(t.Context(), HookCall{}); err != nil {
		t.Errorf("it does not run any more: %v %s", err, end)
	}
}

func TestOnlyTheEndOfTheOutputIsKept(t *testing.T) {
	var l lastBytes
	for range 100 {
		if n, err := l.Write([]byte(strings.Repeat("x", 1000))); n != 1000 || err != nil {
			t.Fatal(n, err)
		}
	}
	if _, err := l.Write([]byte("the end\n")); err != nil {
		t.Fatal(err)
	}
	if s := l.String(); !strings.HasSuffix(s, "xthe end") || len(s) != hookOutput-1 {
		t.Errorf("kept %d bytes, ending %q", len(s), s[len(s)-10:])
	}
}

func TestHTTPHook(t *testing.T) {
	want := HookCall{Action: ScaleOut, Count: 2, Group: "g", Cluster: "c", CapacityProvider: "cp", Server: "http://s"}
	status := http.StatusAccepted
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var got HookCall
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || got != want {
			t.Errorf("got %+v, %v", got, err)
		}
		if a := r.Header.Get("Authorization"); a != "Bearer secret" || r.Method != http.MethodPost || r.URL.Path != "/hook" {
			t.Errorf("%s %s with authorization %q", r.Method, r.URL, a)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("done"))
	}))
	h := &HTTPHook{URL: server.URL + "/hook", Token: "secret", Client: server.Client()}
	if out, err := h.Call(t.Context(), want); err != nil || out != "done" {
		t.Errorf("got %v, %q", err, out)
	}
	status = http.StatusBadGateway
	if out, err := h.Call(t.Context(), want); err == nil || !strings.Contains(err.Error(), "502") || out != "done" {
		t.Errorf("got %v, %q", err, out)
	}
	server.Close()
	if _, err := h.Call(t.Context(), want); err == nil {
		t.Error("a server that is gone is a success")
	}
}

func TestLanes(t *testing.T) {
	var l lanes
	hold, order := make(chan struct{}), make(chan string, 3)
	l.do("a", func() { <-hold; order <- "a1" })
	l.do("a", func() { order <- "a2" })
	l.do("b", func() { order <- "b" })
	if first := <-order; first != "b" {
		t.Errorf("%s was first though its lane is held", first)
	}
	close(hold)
	l.wait.Wait()
	if got := []string{<-order, <-order}; !slices.Equal(got, []string{"a1", "a2"}) || len(l.queues) != 0 {
		t.Errorf("order %v, %d lanes left", got, len(l.queues))
	}
}

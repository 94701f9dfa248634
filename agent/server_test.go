package agent

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"berth/agent/runtime"
	"berth/api/acs"
	"berth/api/sigv4"
)

const (
	instanceARN = "arn:aws:ecs:test:000000000000:container-instance/test/i"
	clusterARN  = "arn:aws:ecs:test:000000000000:cluster/test"
	patience    = 30 * time.Second
)

// submitted is a SubmitTaskStateChange as it came.
type submitted struct {
	Task, Status, Reason string
	Containers           []struct {
		ContainerName, Status, Reason, RuntimeID string
		ExitCode                                 *int
		NetworkBindings                          []map[string]any
	}
	at time.Time
}

// plane is a control plane small enough for tests.
type plane struct {
	t    *testing.T
	http *httptest.Server
	acs  chan *websocket.Conn
	told chan submitted

	mu        sync.Mutex
	registers []map[string]any // guarded by mu
	refuse    string           // error code for RegisterContainerInstance; guarded by mu
	seq       int64            // guarded by mu
}

func newPlane(t *testing.T) *plane {
	p := &plane{t: t, acs: make(chan *websocket.Conn, 10), told: make(chan submitted, 1000), seq: time.Now().UnixMilli()}
	p.http = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.http.Close)
	return p
}

func (p *plane) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/acs/ws":
		p.socket(w, r, p.acs)
	case r.URL.Path == "/tcs/ws":
		p.socket(w, r, nil)
	default:
		p.api(w, r)
	}
}

func (p *plane) socket(w http.ResponseWriter, r *http.Request, to chan *websocket.Conn) {
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer ws.CloseNow()
	ws.SetReadLimit(acs.MaxFrameBytes)
	if to != nil {
		to <- ws
	}
	for {
		if _, _, err := ws.Read(context.WithoutCancel(r.Context())); err != nil {
			return
		}
	}
}

func (p *plane) api(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch operation {
	case "RegisterContainerInstance":
		var in map[string]any
		json.Unmarshal(body, &in)
		p.mu.Lock()
		p.registers = append(p.registers, in)
		refuse := p.refuse
		p.mu.Unlock()
		if refuse != "" {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"__type":"`+refuse+`","message":"no"}`)
			return
		}
		io.WriteString(w, `{"containerInstance":{"containerInstanceArn":"`+instanceARN+`"}}`)
	case "DiscoverPollEndpoint":
		io.WriteString(w, `{"endpoint":"`+p.http.URL+`/acs","telemetryEndpoint":"`+p.http.URL+`/tcs"}`)
	case "SubmitTaskStateChange":
		s := submitted{at: time.Now()}
		if err := json.Unmarshal(body, &s); err != nil {
			p.t.Error(err)
		}
		p.told <- s
		io.WriteString(w, `{}`)
	default:
		p.t.Errorf("unexpected call %s", operation)
	}
}

// connected waits for the agent's ACS connection.
func (p *plane) connected() *websocket.Conn {
	p.t.Helper()
	select {
	case ws := <-p.acs:
		return ws
	case <-time.After(patience):
		p.t.Fatal("the agent did not connect")
		return nil
	}
}

// send sends tasks down and returns when.
func (p *plane) send(ws *websocket.Conn, tasks ...acs.Task) time.Time {
	p.t.Helper()
	p.mu.Lock()
	p.seq++
	m := acs.PayloadMessage{MessageID: "m", ClusterARN: clusterARN, ContainerInstanceARN: instanceARN, SeqNum: p.seq, Tasks: tasks}
	p.mu.Unlock()
	frame, err := acs.Encode(m)
	if err != nil {
		p.t.Fatal(err)
	}
	now := time.Now()
	if err := ws.Write(p.t.Context(), websocket.MessageText, frame); err != nil {
		p.t.Fatal(err)
	}
	return now
}

// wait skips reports until the task has the status.
func (p *plane) wait(task, status string) submitted {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case s := <-p.told:
			if s.Task == task && s.Status == status {
				return s
			}
			if s.Task == task && s.Status == "STOPPED" {
				p.t.Fatalf("stopped instead of %s: %+v", status, s)
			}
		case <-deadline:
			p.t.Fatalf("task %s did not become %s", task, status)
		}
	}
}

func (p *plane) config(dir string, rt runtime.Runtime) Config {
	return Config{
		Cluster: "test", ServerURL: p.http.URL, Region: "eu-test-1", DataDir: dir, Runtime: rt, Version: "1.105.1",
		Credentials: sigv4.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, Logger: slog.New(slog.DiscardHandler),
	}
}

// running is an agent in the background.
type running struct {
	stop func() error
}

func start(t *testing.T, config Config) running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, config) }()
	stop := sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patience):
			t.Error("the agent does not end")
			return nil
		}
	})
	t.Cleanup(func() { stop() })
	return running{stop}
}

package dispatch

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"berth/api/acs"
	"berth/api/auth"
	"berth/api/sigv4"
	"berth/ecs"
	"berth/state"
	"berth/store"
	"berth/store/engines/memory"
)

// patience bounds every wait of these tests; only a failing test waits so long.
const patience = 20 * time.Second

var (
	realm    = ecs.Realm{Region: "us-east-1", Account: "000000000000"}
	rootKey  = sigv4.Credentials{AccessKeyID: "AKIAROOT", SecretAccessKey: "root secret"}
	agentKey = sigv4.Credentials{AccessKeyID: "AKIAAGENT", SecretAccessKey: "agent secret"}
	otherKey = sigv4.Credentials{AccessKeyID: "AKIAOTHER", SecretAccessKey: "other secret"}
)

// world is a server with a store, a dispatcher and both websockets.
type world struct {
	t       testing.TB
	clock   *fakeClock
	backing *memory.Backing
	vendor  *auth.TaskCredentials

	store  *store.Store
	d      *Dispatcher
	server *httptest.Server
	stop   func()
}

func newWorld(t testing.TB, change ...func(*Dispatcher)) *world {
	sealer, err := auth.LoadOrCreateKeyFile(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: newFakeClock(), backing: memory.NewBacking(), vendor: auth.NewTaskCredentials(sealer)}
	w.start(change...)
	t.Cleanup(func() { w.stop() })
	return w
}

// keys is a source of the two agents' keys.
type keys struct{}

func (keys) LookupKey(id string) (auth.Key, bool) {
	for _, k := range []sigv4.Credentials{agentKey, otherKey} {
		if k.AccessKeyID == id {
			return auth.Key{ID: id, Secret: k.SecretAccessKey, Role: auth.RoleAgent, Name: id}, true
		}
	}
	return auth.Key{}, false
}

// start begins to serve; after stop it is a restart.
func (w *world) start(change ...func(*Dispatcher)) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var err error
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	if w.store, err = store.Open(ctx, store.Config{Engine: w.backing.Engine(), Clock: w.clock.Now, Logger: quiet}); err != nil {
		w.t.Fatal(err)
	}
	w.d, err = New(Config{
		Store: w.store, Realm: realm, Credentials: w.vendor, Clock: w.clock, Logger: quiet,
		Auth: auth.NewAuthenticator(auth.Config{
			Account: realm.Account, Root: rootKey, Keys: keys{}, Clock: w.clock.Now, Vendor: w.vendor,
		}),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range change {
		c(w.d)
	}
	mux := http.NewServeMux()
	mux.Handle("/acs/ws", w.d.ACS())
	mux.Handle("/tcs/ws", w.d.TCS())
	w.server = httptest.NewServer(mux)
	var running sync.WaitGroup
	running.Go(func() { _ = w.d.Run(ctx) })
	w.stop = func() {
		cancel()
		running.Wait()
		w.server.Close()
		_ = w.store.Close()
	}
	w.await(func() bool {
		_, ok := w.d.enter()
		if ok {
			w.d.leave()
		}
		return ok
	})
}

// await polls a condition that no event announces, yielding between looks.
func (w *world) await(cond func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for !cond() {
		if time.Now().After(deadline) {
			w.t.Fatal("waited too long")
		}
		select { // a pause that does not hold up the end of the test
		case <-w.t.Context().Done():
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// eventually waits until the published state fulfils a condition.
func (w *world) eventually(what string, cond func(v *state.Snapshot) bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	watch := w.store.Watch()
	defer watch.Close()
	for !cond(w.store.Snapshot()) {
		if _, err := watch.Next(ctx); err != nil {
			w.t.Fatalf("%s: %v", what, err)
		}
	}
}

// do changes records directly.
func (w *world) do(fn func(tx *state.Tx)) {
	w.t.Helper()
	err := w.store.Do(context.Background(), func(tx *state.Tx) error { fn(tx); return nil })
	if err != nil {
		w.t.Fatal(err)
	}
}

const instanceID = ecs.InstanceID("0123456789abcdef0123456789abcdef")

// instance registers the instance of the tests, with its cluster and two definitions: "web" without roles, "roles" with both.
func (w *world) instance() {
	w.t.Helper()
	w.do(func(tx *state.Tx) {
		tx.PutCluster(&ecs.Cluster{Name: "prod", Status: ecs.ClusterActive})
		tx.PutInstance(&ecs.Instance{
			ID: instanceID, Cluster: "prod", Status: ecs.InstanceActive, Version: 1, Owner: agentKey.AccessKeyID,
		})
		check := &ecs.HealthCheck{Command: []string{"CMD", "true"}}
		tx.PutTaskDefinition(&ecs.TaskDefinition{Family: "web", Revision: 1, Status: ecs.TaskDefinitionActive,
			Containers: []ecs.ContainerDefinition{{Name: "main", Image: "busybox", Essential: true, HealthCheck: check}}})
		tx.PutTaskDefinition(&ecs.TaskDefinition{Family: "roles", Revision: 1, Status: ecs.TaskDefinitionActive,
			TaskRoleARN: "arn:aws:iam::000000000000:role/app", ExecutionRoleARN: "arn:aws:iam::000000000000:role/exec",
			Containers: []ecs.ContainerDefinition{{Name: "main", Image: "busybox", Essential: true}}})
	})
}

// task puts a task of the definition "web" on the instance.
func (w *world) task(id string, desired, last ecs.Status) ecs.TaskID {
	return w.taskOf("web", id, desired, last)
}

func (w *world) taskOf(family, id string, desired, last ecs.Status) ecs.TaskID {
	w.t.Helper()
	t := &ecs.Task{ID: ecs.TaskID(id), Cluster: "prod", Family: family, Revision: 1, Instance: instanceID, Version: 1,
		DesiredStatus: desired, LastStatus: last, Containers: []ecs.Container{{Name: "main", LastStatus: ecs.StatusPending}}}
	if family == "roles" {
		t.CredentialsID, t.ExecutionCredentialsID = id+"-role", id+"-exec"
	}
	w.do(func(tx *state.Tx) { tx.PutTask(t) })
	return t.ID
}

// change replaces a task by a changed copy.
func (w *world) change(id ecs.TaskID, fn func(t *ecs.Task)) {
	w.t.Helper()
	w.do(func(tx *state.Tx) {
		t := *tx.Task("prod", id)
		fn(&t)
		tx.PutTask(&t)
	})
}

func (w *world) changeInstance(fn func(i *ecs.Instance)) {
	w.t.Helper()
	w.do(func(tx *state.Tx) {
		i := *tx.InstanceByID(instanceID)
		fn(&i)
		tx.PutInstance(&i)
	})
}

func (w *world) record() *ecs.Instance { return w.store.Snapshot().InstanceByID(instanceID) }

func (w *world) taskRecord(id ecs.TaskID) *ecs.Task { return w.store.Snapshot().Task("prod", id) }

func arnOf(id ecs.TaskID) string { return realm.TaskARN("prod", id) }

// agent is a scripted agent on one websocket.
type agent struct {
	w      *world
	conn   *websocket.Conn
	url    *url.URL
	key    sigv4.Credentials
	frames chan acs.Message
	code   websocket.StatusCode // of the close frame; valid when frames is closed
	reason string
	// mute leaves heartbeats unanswered and hands them to the test. Set before the dial.
	mute bool
}

// call is how an agent comes.
type call struct {
	path string
	key  sigv4.Credentials
	acs  acs.SessionQuery
	tcs  acs.TelemetryQuery
	mute bool
}

func (c call) url(server string) *url.URL {
	u, _ := url.Parse(server)
	u.Path = c.path
	if c.path == "/tcs/ws" {
		u.RawQuery = c.tcs.Values().Encode()
	} else {
		u.RawQuery = c.acs.Values().Encode()
	}
	return u
}

// acsCall is how Amazon's agent comes.
func acsCall() call {
	return call{path: "/acs/ws", key: agentKey, acs: acs.SessionQuery{
		Cluster: "prod", ContainerInstanceARN: realm.InstanceARN("prod", instanceID), AgentVersion: "1.105.1", AgentHash: "abc",
		DockerVersion: "DockerVersion: 20.10.24", ProtocolVersion: acs.ProtocolVersion,
	}}
}

func tcsCall() call {
	return call{path: "/tcs/ws", key: agentKey, tcs: acs.TelemetryQuery{
		Cluster: "prod", ContainerInstanceARN: realm.InstanceARN("prod", instanceID), AgentVersion: "1.105.1",
	}}
}

// dial makes a signed handshake. The refusal is nil when it succeeded.
func (w *world) dial(c call) (*agent, *acs.Refusal) {
	w.t.Helper()
	u := c.url(w.server.URL)
	header, err := sigv4.SignHandshake(u, c.key, realm.Region, "ecs", w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		if resp == nil {
			w.t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		refused, parseErr := acs.ParseRefusal(body)
		if parseErr != nil {
			w.t.Fatalf("refused with %d %q: %v", resp.StatusCode, body, parseErr)
		}
		return nil, refused
	}
	conn.SetReadLimit(acs.MaxFrameBytes)
	a := &agent{w: w, conn: conn, url: u, key: c.key, frames: make(chan acs.Message, 1024), mute: c.mute}
	var reading sync.WaitGroup
	reading.Go(a.read)
	w.t.Cleanup(func() { _ = conn.CloseNow(); reading.Wait() })
	return a, nil
}

// connect dials ACS and insists on success.
func (w *world) connect(change ...func(*call)) *agent {
	w.t.Helper()
	c := acsCall()
	for _, f := range change {
		f(&c)
	}
	a, refused := w.dial(c)
	if refused != nil {
		w.t.Fatalf("refused: %v", refused)
	}
	return a
}

func (a *agent) read() {
	defer close(a.frames)
	for {
		_, frame, err := a.conn.Read(context.Background())
		if err != nil {
			var ce websocket.CloseError
			if errors.As(err, &ce) {
				a.code, a.reason = ce.Code, ce.Reason
			}
			return
		}
		m, err := acs.Decode(frame)
		if err != nil {
			a.w.t.Errorf("server sent %q: %v", frame, err)
			return
		}
		if h, ok := m.(*acs.HeartbeatMessage); ok && !a.mute && strings.Contains(a.url.Path, "acs") {
			a.send(&acs.HeartbeatAckRequest{MessageID: h.MessageID})
			continue
		}
		a.frames <- m
	}
}

func (a *agent) send(m acs.Message) {
	frame, err := acs.Encode(m)
	if err != nil {
		a.w.t.Error(err)
		return
	}
	if strings.Contains(a.url.Path, "tcs") {
		if frame, err = sigv4.SignFrame(a.url, frame, a.key, realm.Region, "ecs", a.w.clock.Now()); err != nil {
			a.w.t.Error(err)
			return
		}
	}
	// A failed write shows in what the test expects next.
	_ = a.conn.Write(context.Background(), websocket.MessageText, frame)
}

// next waits for the next message other than answered heartbeats.
func (a *agent) next() acs.Message {
	a.w.t.Helper()
	select {
	case m, ok := <-a.frames:
		if !ok {
			a.w.t.Fatalf("the server closed with %d %q", a.code, a.reason)
		}
		return m
	case <-time.After(patience):
		a.w.t.Fatal("no message")
		return nil
	}
}

// expect waits for a message of a type.
func expect[T acs.Message](a *agent) T {
	a.w.t.Helper()
	m := a.next()
	got, ok := m.(T)
	if !ok {
		a.w.t.Fatalf("got %s %+v, want %T", m.MessageType(), m, *new(T))
	}
	return got
}

// closed waits for the server to close and returns the code.
func (a *agent) closed() websocket.StatusCode {
	a.w.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case _, ok := <-a.frames:
			if !ok {
				return a.code
			}
		case <-deadline:
			a.w.t.Fatal("the server did not close")
		}
	}
}

func (a *agent) ack(id string) {
	a.send(&acs.AckRequest{Cluster: "prod", ContainerInstance: realm.InstanceARN("prod", instanceID), MessageID: id})
}

// settle takes the manifest of an instance without work, so that what follows is increments only.
func (a *agent) settle() *acs.TaskManifestMessage {
	a.w.t.Helper()
	m := expect[*acs.TaskManifestMessage](a)
	a.ack(m.MessageID)
	a.flush()
	return m
}

// flush waits until the session has taken in everything the agent sent: a heartbeat is provoked and answered.
func (a *agent) flush() {
	a.w.t.Helper()
	answer := make(chan struct{})
	select {
	case a.w.d.lookup(instanceID).session().probes <- answer:
	case <-time.After(patience):
		a.w.t.Fatal("the session does not take a probe")
	}
	if a.mute {
		a.send(&acs.HeartbeatAckRequest{MessageID: expect[*acs.HeartbeatMessage](a).MessageID})
	}
	<-answer
}

// quiet proves that the server sends nothing on account of what it knows and what time it is. The second flush is answered after
// a full step of the session's loop.
func (a *agent) quiet() {
	a.w.t.Helper()
	a.flush()
	a.flush()
	select {
	case m := <-a.frames:
		a.w.t.Fatalf("got %s %+v, want nothing", m.MessageType(), m)
	default:
	}
}

package awsjson

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

type echoIn struct {
	Text  *string `json:"text,omitzero"`
	Count *int32  `json:"count,omitzero"`
}

func (in *echoIn) Validate() error {
	if in.Count != nil && *in.Count < 0 {
		return &Error{Code: "InvalidParameterException", Message: "count must be at least 0"}
	}
	return nil
}

type echoOut struct {
	Text *string `json:"text,omitzero"`
}

type conflict struct{}

func (conflict) Error() string        { return "conflict" }
func (conflict) ErrorCode() string    { return "ConflictException" }
func (conflict) ErrorMessage() string { return "in use" }
func (conflict) ErrorDetails() map[string]any {
	return map[string]any{"resourceIds": []string{"a", "b"}, "message": "not this"}
}

// lines collects what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newTestMux(change func(*Config)) (*Mux, *lines) {
	log := new(lines)
	config := Config{
		TargetPrefix: "Test_1",
		Logger:       slog.New(slog.NewTextHandler(log, nil)),
	}
	for _, name := range []string{"Echo", "Missing", "Panic", "Broken", "Conflict", "Server", "Throttled", "Wrapped", "Unencodable", "Empty"} {
		config.Operations = append(config.Operations, Operation{Name: name, NewInput: func() any { return new(echoIn) }})
	}
	if change != nil {
		change(&config)
	}
	m := New(config)
	Handle(m, "Echo", func(_ context.Context, in *echoIn) (*echoOut, error) { return &echoOut{Text: in.Text}, nil })
	Handle(m, "Empty", func(context.Context, *echoIn) (*echoOut, error) { return nil, nil })
	Handle(m, "Panic", func(context.Context, *echoIn) (*echoOut, error) { panic("on purpose") })
	fails := func(err error) func(context.Context, *echoIn) (*echoOut, error) {
		return func(context.Context, *echoIn) (*echoOut, error) { return nil, err }
	}
	Handle(m, "Broken", fails(errors.New("secret disk detail")))
	Handle(m, "Conflict", fails(fmt.Errorf("run: %w", conflict{})))
	Handle(m, "Server", fails(&Error{Code: CodeServer, Message: "said so"}))
	Handle(m, "Throttled", fails(&Error{Code: CodeThrottling, Message: "Rate exceeded"}))
	Handle(m, "Wrapped", fails(fmt.Errorf("a: %w", fmt.Errorf("b: %w", &Error{Code: "ServiceNotFoundException"}))))
	m.Register("Unencodable", func(context.Context, any) (any, error) { return make(chan int), nil })
	return m, log
}

func post(m http.Handler, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", target)
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	return w
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		name, target, body string
		status             int
		want               string
	}{
		{"success", "Test_1.Echo", `{"text":"hi"}`, 200, `{"text":"hi"}`},
		{"no output is an empty object", "Test_1.Empty", `{}`, 200, `{}`},
		{"empty body is an empty object", "Test_1.Echo", ``, 200, `{}`},
		{"null is absent", "Test_1.Echo", `{"text":null}`, 200, `{}`},
		{"unknown members are ignored", "Test_1.Echo", `{"volumeConfigurations":[{"a":[1]}],"text":"x"}`, 200, `{"text":"x"}`},
		{"names are case-sensitive", "Test_1.Echo", `{"Text":"hi"}`, 200, `{}`},
		{"the last duplicate counts", "Test_1.Echo", `{"text":"a","text":"b"}`, 200, `{"text":"b"}`},
		{"unknown operation", "Test_1.Nope", `{}`, 400, `{"__type":"UnknownOperationException","message":"There is no operation Test_1.Nope."}`},
		{"other prefix", "Test_2.Echo", `{}`, 400, `{"__type":"UnknownOperationException","message":"There is no operation Test_2.Echo."}`},
		{"bare operation", "Echo", `{}`, 400, `{"__type":"UnknownOperationException","message":"There is no operation Echo."}`},
		{"no target", "", `{}`, 400, `{"__type":"UnknownOperationException","message":"The request has no X-Amz-Target header."}`},
		{"no handler", "Test_1.Missing", `{}`, 400, `{"__type":"UnsupportedFeatureException","message":"The operation Missing is not built in this version of Berth."}`},
		{"bad JSON", "Test_1.Echo", `{"text":`, 400, `{"__type":"SerializationException","message":"The request body is not valid JSON."}`},
		{"two values", "Test_1.Echo", `{} {}`, 400, `{"__type":"SerializationException","message":"The request body is not valid JSON."}`},
		{"two values after a duplicate", "Test_1.Echo", `{"text":"a","text":"b"} {}`, 400, `{"__type":"SerializationException","message":"The request body is not valid JSON."}`},
		{"not an object", "Test_1.Echo", `[]`, 400, `{"__type":"SerializationException","message":"The request body has a value of the wrong type."}`},
		{"wrong type", "Test_1.Echo", `{"text":1}`, 400, `{"__type":"SerializationException","message":"The request body has a value of the wrong type at /text."}`},
		{"fraction for an integer", "Test_1.Echo", `{"count":1.5}`, 400, `{"__type":"SerializationException","message":"The request body has a value of the wrong type at /count."}`},
		{"integer out of range", "Test_1.Echo", `{"count":3000000000}`, 400, `{"__type":"SerializationException","message":"The request body has a value of the wrong type at /count."}`},
		{"broken UTF-8", "Test_1.Echo", "{\"text\":\"\xff\"}", 400, `{"__type":"SerializationException","message":"The request body is not valid JSON."}`},
		{"validation", "Test_1.Echo", `{"count":-1}`, 400, `{"__type":"InvalidParameterException","message":"count must be at least 0"}`},
		{"panic", "Test_1.Panic", `{}`, 500, `{"__type":"ServerException","message":"Service Unavailable. Please try again later."}`},
		{"foreign error", "Test_1.Broken", `{}`, 500, `{"__type":"ServerException","message":"Service Unavailable. Please try again later."}`},
		{"unencodable answer", "Test_1.Unencodable", `{}`, 500, `{"__type":"ServerException","message":"Service Unavailable. Please try again later."}`},
		{"details", "Test_1.Conflict", `{}`, 400, `{"__type":"ConflictException","message":"in use","resourceIds":["a","b"]}`},
		{"own ServerException", "Test_1.Server", `{}`, 500, `{"__type":"ServerException","message":"said so"}`},
		{"throttling is 400", "Test_1.Throttled", `{}`, 400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`},
		{"wrapped, empty text", "Test_1.Wrapped", `{}`, 400, `{"__type":"ServiceNotFoundException","message":""}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, log := newTestMux(nil)
			w := post(m, tt.target, tt.body)
			if w.Code != tt.status || w.Body.String() != tt.want {
				t.Errorf("got %d %s\nwant %d %s", w.Code, w.Body, tt.status, tt.want)
			}
			if got := w.Header().Get("Content-Type"); got != contentType {
				t.Errorf("content type %q", got)
			}
			//lint:ignore SA1008 the header goes out in this spelling
			id := w.Header()[requestIDHeader]
			if len(id) != 1 || uuid.Validate(id[0]) != nil {
				t.Fatalf("request id %q", id)
			}
			if n := strings.Count(log.String(), "\n"); n != 1 {
				t.Errorf("%d log lines:\n%s", n, log)
			}
			if !strings.Contains(log.String(), "request_id="+id[0]) {
				t.Errorf("no request id in the log: %s", log)
			}
			if (tt.status == 500) != strings.Contains(log.String(), "level=ERROR") {
				t.Errorf("wrong level: %s", log)
			}
		})
	}
}

func TestOnlyPostToRoot(t *testing.T) {
	m, _ := newTestMux(nil)
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/", 405}, {"PUT", "/", 405}, {"POST", "/x", 404}, {"GET", "/x", 404},
	} {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
		if w.Code != tt.status || !strings.Contains(w.Body.String(), `"__type":"UnknownOperationException"`) {
			t.Errorf("%s %s: got %d %s", tt.method, tt.path, w.Code, w.Body)
		}
		if (w.Code == 405) != (w.Header().Get("Allow") == "POST") {
			t.Errorf("%s %s: Allow %q", tt.method, tt.path, w.Header().Get("Allow"))
		}
	}
}

func TestCauseIsLoggedOnceAndNotTold(t *testing.T) {
	m, log := newTestMux(nil)
	if w := post(m, "Test_1.Broken", `{}`); strings.Contains(w.Body.String(), "secret") {
		t.Errorf("cause told: %s", w.Body)
	}
	if strings.Count(log.String(), "secret disk detail") != 1 {
		t.Errorf("cause not logged once: %s", log)
	}
	post(m, "Test_1.Panic", `{}`)
	if !strings.Contains(log.String(), "panic: on purpose") || !strings.Contains(log.String(), "mux_test.go") {
		t.Errorf("no cause or no stack: %s", log)
	}
}

type nameKey struct{}

func TestHooks(t *testing.T) {
	var seen []string
	var codes []string
	deny := errors.New("no decision")
	m, log := newTestMux(func(c *Config) {
		c.Authenticate = func(r *http.Request, body []byte) (context.Context, error) {
			seen = append(seen, "authenticate "+string(body))
			if RequestID(r.Context()) == "" {
				t.Error("no request id in the hook's context")
			}
			SetPrincipal(r.Context(), "alice")
			if r.Header.Get("Authorization") == "" {
				return nil, &Error{Code: "MissingAuthenticationTokenException", Message: "Missing Authentication Token"}
			}
			return context.WithValue(r.Context(), nameKey{}, "alice"), nil
		}
		c.Authorize = func(ctx context.Context, operation string) error {
			seen = append(seen, fmt.Sprintf("authorize %s for %v", operation, ctx.Value(nameKey{})))
			if operation == "Empty" {
				return &Error{Code: CodeAccessDenied, Message: "no"}
			}
			if operation == "Panic" {
				return deny
			}
			return nil
		}
		c.Observe = func(operation, code string, elapsed time.Duration) {
			codes = append(codes, operation+"/"+code)
			if elapsed <= 0 {
				t.Errorf("%s took %v", operation, elapsed)
			}
		}
	})
	signed := func(target, body string) int {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", target)
		r.Header.Set("Authorization", "x")
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		return w.Code
	}
	post(m, "Test_1.Nope", `{"a":1}`) // refused before the target is looked at
	if got := signed("Test_1.Echo", `{}`); got != 200 {
		t.Errorf("echo: %d", got)
	}
	signed("Test_1.Empty", `not JSON`) // refused before the input is decoded
	if got := signed("Test_1.Panic", `{}`); got != 500 {
		t.Errorf("failing Authorize: %d", got)
	}
	signed("Test_1.Nope", `{}`)
	want := "authenticate {\"a\":1}|authenticate {}|authorize Echo for alice|authenticate not JSON|authorize Empty for alice|" +
		"authenticate {}|authorize Panic for alice|authenticate {}"
	if got := strings.Join(seen, "|"); got != want {
		t.Errorf("hooks:\n got %s\nwant %s", got, want)
	}
	want = "/MissingAuthenticationTokenException Echo/ Empty/AccessDeniedException Panic/ServerException /UnknownOperationException"
	if got := strings.Join(codes, " "); got != want {
		t.Errorf("observed:\n got %s\nwant %s", got, want)
	}
	if strings.Count(log.String(), "principal=alice") != 5 {
		t.Errorf("principal missing: %s", log)
	}
}

func TestWiringMistakesPanic(t *testing.T) {
	m, _ := newTestMux(nil)
	none := func(context.Context, any) (any, error) { return nil, nil }
	for name, mistake := range map[string]func(){
		"unknown operation": func() { m.Register("Nope", none) },
		"second handler":    func() { m.Register("Echo", none) },
		"wrong input":       func() { Handle(m, "Missing", func(context.Context, *echoOut) (*echoOut, error) { return nil, nil }) },
		"listed twice":      func() { New(Config{Operations: []Operation{{"A", func() any { return nil }}, {"A", nil}}}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			mistake()
		}()
	}
}

func TestErrorBodyIsWhatClientsParse(t *testing.T) {
	m, _ := newTestMux(nil)
	var body map[string]any
	if err := json.Unmarshal(post(m, "Test_1.Nope", `{}`).Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if len(body) != 2 || body["__type"] != CodeUnknownOperation {
		t.Errorf("got %v", body)
	}
}

func FuzzEnvelope(f *testing.F) {
	f.Add("POST", "/", "Test_1.Echo", []byte(`{"text":"a","text":"b","count":1e2}`))
	f.Add("POST", "/", "Test_1.Conflict", []byte(`{"text":"\ud800"}`))
	f.Add("GET", "/x", "", []byte(``))
	f.Add("POST", "/", "Test_1.\x00", []byte(strings.Repeat("[", 200)))
	m, _ := newTestMux(func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil)) })
	own := map[string]bool{"Test_1.Panic": true, "Test_1.Broken": true, "Test_1.Server": true, "Test_1.Unencodable": true}
	f.Fuzz(func(t *testing.T, method, path, target string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(string(body)))
		r.Method, r.URL.Path = method, path
		r.Header.Set("X-Amz-Target", target)
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		if w.Code >= 500 && !own[target] {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		//lint:ignore SA1008 the header goes out in this spelling
		if len(w.Header()[requestIDHeader]) != 1 {
			t.Error("no request id")
		}
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Errorf("answer %q: %v", w.Body, err)
		}
		if (w.Code == 200) == (answer["__type"] != nil) {
			t.Errorf("status %d with %s", w.Code, w.Body)
		}
	})
}

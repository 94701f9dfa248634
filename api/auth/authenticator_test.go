package auth

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"testing"
	"time"

	"berth/api/sigv4"
)

const testAccount = "123456789012"

var (
	testTime = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	rootKey  = sigv4.Credentials{AccessKeyID: "AKIAROOT", SecretAccessKey: "root secret"}
)

type keyMap map[string]Key

func (m keyMap) LookupKey(id string) (Key, bool) {
	k, ok := m[id]
	return k, ok
}

var testKeys = keyMap{
	"AKIAOPERATOR": {ID: "AKIAOPERATOR", Secret: "operator secret", Role: RoleOperator, Name: "alice"},
	"AKIAAGENT":    {ID: "AKIAAGENT", Secret: "agent secret", Role: RoleAgent, Name: "node-1"},
	"AKIAREVOKED":  {ID: "AKIAREVOKED", Secret: "revoked secret", Role: RoleOperator, Name: "bob", Revoked: true},
	"AKIAEMPTY":    {ID: "AKIAEMPTY", Role: RoleOperator, Name: "nobody"},
}

func credentialsOf(id string) sigv4.Credentials {
	return sigv4.Credentials{AccessKeyID: id, SecretAccessKey: testKeys[id].Secret}
}

func newTestAuthenticator(t testing.TB) (*Authenticator, *TaskCredentials) {
	vendor := NewTaskCredentials(testSealer(t, 1))
	return NewAuthenticator(Config{
		Account: testAccount, Root: rootKey, Keys: testKeys, Vendor: vendor,
		Clock: func() time.Time { return testTime },
	}), vendor
}

// testSealer makes a sealer whose master key is one byte repeated.
func testSealer(t testing.TB, fill byte) *Sealer {
	s, err := newSealer([masterBytes]byte(bytes.Repeat([]byte{fill}, masterBytes)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func signed(t testing.TB, creds sigv4.Credentials, body []byte) *http.Request {
	req, err := http.NewRequest("POST", "http://127.0.0.1:8080/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListTasks")
	if err := sigv4.SignRequest(req, creds, "eu-central-1", "ecs", body, testTime); err != nil {
		t.Fatal(err)
	}
	return req
}

func asCredentials(c RoleCredentials) sigv4.Credentials {
	return sigv4.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
}

func codeOf(err error) string {
	if coded, ok := err.(interface{ ErrorCode() string }); ok {
		return coded.ErrorCode()
	}
	return ""
}

func TestAuthenticatePrincipals(t *testing.T) {
	a, vendor := newTestAuthenticator(t)
	task := vendor.Issue(testRoleARN, testTaskARN, RoleTypeApplication, testTime.Add(time.Hour))
	for name, tt := range map[string]struct {
		creds sigv4.Credentials
		want  Principal
	}{
		"root": {rootKey, Principal{Role: RoleOperator, KeyID: "AKIAROOT", ARN: "arn:aws:iam::123456789012:root", Root: true}},
		"operator": {credentialsOf("AKIAOPERATOR"),
			Principal{Role: RoleOperator, KeyID: "AKIAOPERATOR", ARN: "arn:aws:iam::123456789012:user/alice"}},
		"agent": {credentialsOf("AKIAAGENT"),
			Principal{Role: RoleAgent, KeyID: "AKIAAGENT", ARN: "arn:aws:iam::123456789012:user/node-1"}},
		"task": {asCredentials(task), Principal{
			Role: RoleTask, KeyID: task.AccessKeyID, TaskARN: testTaskARN, RoleType: RoleTypeApplication,
			ARN: "arn:aws:sts::123456789012:assumed-role/web-role/0123456789abcdef0123456789abcdef",
		}},
	} {
		body := []byte(`{"cluster":"default"}`)
		req := signed(t, tt.creds, body)
		if got, err := a.Authenticate(req, body); err != nil || got != tt.want {
			t.Errorf("%s: got %+v, %v\nwant %+v", name, got, err, tt.want)
		}
		if _, err := a.Authenticate(req, []byte("{}")); codeOf(err) != sigv4.CodeInvalidSignature {
			t.Errorf("%s with another body: %v", name, err)
		}
	}
}

func TestAuthenticateErrors(t *testing.T) {
	a, vendor := newTestAuthenticator(t)
	withToken := func(c sigv4.Credentials, token string) sigv4.Credentials {
		c.SessionToken = token
		return c
	}
	task := asCredentials(vendor.Issue(testRoleARN, testTaskARN, RoleTypeApplication, testTime.Add(time.Hour)))
	wrongSecret := task
	wrongSecret.SecretAccessKey += "x"
	foreign := NewTaskCredentials(testSealer(t, 2)).Issue(testRoleARN, testTaskARN, RoleTypeApplication, testTime.Add(time.Hour))
	for name, tt := range map[string]struct {
		creds sigv4.Credentials
		code  string
	}{
		"unknown key":          {sigv4.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}, CodeUnrecognizedClient},
		"revoked key":          {credentialsOf("AKIAREVOKED"), CodeUnrecognizedClient},
		"key without secret":   {sigv4.Credentials{AccessKeyID: "AKIAEMPTY", SecretAccessKey: "x"}, CodeUnrecognizedClient},
		"root, wrong secret":   {sigv4.Credentials{AccessKeyID: "AKIAROOT", SecretAccessKey: "x"}, sigv4.CodeInvalidSignature},
		"key, wrong secret":    {sigv4.Credentials{AccessKeyID: "AKIAAGENT", SecretAccessKey: "x"}, sigv4.CodeInvalidSignature},
		"task, wrong secret":   {wrongSecret, sigv4.CodeInvalidSignature},
		"task, no token":       {withToken(task, ""), CodeUnrecognizedClient},
		"task, garbled token":  {withToken(task, task.SessionToken[1:]), CodeUnrecognizedClient},
		"root with a token":    {withToken(rootKey, task.SessionToken), CodeUnrecognizedClient},
		"other server's token": {asCredentials(foreign), CodeUnrecognizedClient},
		"expired token":        {asCredentials(vendor.Issue(testRoleARN, testTaskARN, RoleTypeApplication, testTime)), CodeExpiredToken},
	} {
		p, err := a.Authenticate(signed(t, tt.creds, nil), nil)
		if codeOf(err) != tt.code || p != (Principal{}) {
			t.Errorf("%s: got %+v, %v, want %s", name, p, err, tt.code)
		}
	}
	req := signed(t, rootKey, nil)
	req.Header.Del("Authorization")
	if _, err := a.Authenticate(req, nil); codeOf(err) != sigv4.CodeMissingAuthenticationToken {
		t.Errorf("unsigned: %v", err)
	}
}

// An Authenticator without keys, root or vendor knows nobody; in particular an
// unset root does not answer to empty secrets.
func TestEmptyAuthenticatorKnowsNobody(t *testing.T) {
	_, vendor := newTestAuthenticator(t)
	a := NewAuthenticator(Config{Root: sigv4.Credentials{AccessKeyID: "AKIAROOT"}, Clock: func() time.Time { return testTime }})
	task := vendor.Issue(testRoleARN, testTaskARN, RoleTypeApplication, testTime.Add(time.Hour))
	for _, creds := range []sigv4.Credentials{rootKey, asCredentials(task)} {
		if _, err := a.Authenticate(signed(t, creds, nil), nil); codeOf(err) != CodeUnrecognizedClient {
			t.Errorf("%s: %v", creds.AccessKeyID, err)
		}
	}
}

func TestSystemClockIsTheDefault(t *testing.T) {
	a := NewAuthenticator(Config{Root: rootKey})
	req, _ := http.NewRequest("POST", "http://127.0.0.1/", nil)
	if err := sigv4.SignRequest(req, rootKey, "r", "ecs", nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Authenticate(req, nil); err != nil {
		t.Error(err)
	}
}

func TestAuthenticateHandshakeAndFrames(t *testing.T) {
	a, _ := newTestAuthenticator(t)
	u, _ := url.Parse("http://127.0.0.1:8080/ws?cluster=probe&dockerVersion=DockerVersion%3A+20.10.24%2Bdfsg1")
	creds := credentialsOf("AKIAAGENT")
	header, err := sigv4.SignHandshake(u, creds, "eu-central-1", "ecs", testTime)
	if err != nil {
		t.Fatal(err)
	}
	req := &http.Request{Method: "GET", URL: u, Host: u.Host, Header: header}
	if p, err := a.AuthenticateHandshake(req); err != nil || p.Role != RoleAgent {
		t.Fatalf("handshake: %+v, %v", p, err)
	}
	frame, err := sigv4.SignFrame(u, []byte(`{"type":"PublishMetricsRequest"}`), creds, "eu-central-1", "ecs", testTime)
	if err != nil {
		t.Fatal(err)
	}
	p, payload, err := a.AuthenticateFrame(req.URL, frame)
	if err != nil || p.KeyID != "AKIAAGENT" || string(payload) != `{"type":"PublishMetricsRequest"}` {
		t.Fatalf("frame: %+v, %q, %v", p, payload, err)
	}

	stranger := sigv4.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}
	unknown, _ := sigv4.SignFrame(u, nil, stranger, "eu-central-1", "ecs", testTime)
	for name, tt := range map[string]struct {
		frame []byte
		code  string
	}{
		"bare JSON":     {payload, sigv4.CodeMissingAuthenticationToken},
		"no signature":  {[]byte("Host: x\r\n\r\n{}"), sigv4.CodeMissingAuthenticationToken},
		"unknown key":   {unknown, CodeUnrecognizedClient},
		"other payload": {append(frame[:len(frame):len(frame)], ' '), sigv4.CodeInvalidSignature},
	} {
		p, payload, err := a.AuthenticateFrame(req.URL, tt.frame)
		if codeOf(err) != tt.code || p != (Principal{}) || payload != nil {
			t.Errorf("%s: got %+v, %q, %v, want %s", name, p, payload, err, tt.code)
		}
	}
}

func TestPrincipalInContext(t *testing.T) {
	if p, ok := FromContext(context.Background()); ok || p != (Principal{}) {
		t.Errorf("empty context holds %+v", p)
	}
	want := Principal{Role: RoleAgent, KeyID: "k"}
	if got, ok := FromContext(WithPrincipal(context.Background(), want)); !ok || got != want {
		t.Errorf("got %+v, %v", got, ok)
	}
}

func TestNewAccessKey(t *testing.T) {
	seen := map[string]bool{}
	for range 50 {
		id, secret := NewAccessKey(rand.Reader)
		if len(id) != 20 || id[:4] != "AKIA" || len(secret) != 40 || seen[id] || seen[secret] {
			t.Fatalf("bad or repeated key %s %s", id, secret)
		}
		seen[id], seen[secret] = true, true
	}
	defer func() {
		if recover() == nil {
			t.Error("a dry random source went unnoticed")
		}
	}()
	NewAccessKey(bytes.NewReader(nil))
}

func BenchmarkAuthenticate(b *testing.B) {
	a, vendor := newTestAuthenticator(b)
	body := []byte(`{"cluster":"default","taskDefinition":"web:1","count":1}`)
	task := vendor.Issue(testRoleARN, testTaskARN, RoleTypeApplication, testTime.Add(time.Hour))
	for name, creds := range map[string]sigv4.Credentials{
		"key": credentialsOf("AKIAOPERATOR"), "root": rootKey, "task": asCredentials(task),
	} {
		b.Run(name, func(b *testing.B) {
			req := signed(b, creds, body)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := a.Authenticate(req, body); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

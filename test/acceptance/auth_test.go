//go:build acceptance

package acceptance

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// listRequest is a signed, harmless request, to be spoilt.
func (a *api) listRequest(at time.Time) *http.Request {
	a.c.Helper()
	body := []byte("{}")
	r := a.request(context.Background(), "ListClusters", body)
	a.c.must(a.sign(r, body, at), "sign")
	return r
}

// verdict sends a request and returns its exception, "" for success.
func (a *api) verdict(r *http.Request) (status int, name, message string) {
	a.c.Helper()
	got, err := send(r)
	a.c.must(err, "send")
	a.c.check(got.header.Get("x-amzn-RequestId") != "", "no x-amzn-RequestId on status %d", got.status)
	f, _ := got.failure().(*failure)
	if f == nil {
		return got.status, "", ""
	}
	return f.Status, f.Code, f.Message
}

func TestAuthSignatures(t *testing.T) {
	c := begin(t, "A-auth-signature", "unsigned, wrong key, wrong signature, skewed clock, missing header: each has its own error")
	a := c.dev()
	now := time.Now()
	if _, name, message := a.verdict(a.listRequest(now)); name != "" {
		c.Fatalf("the signed request itself is refused: %s %s", name, message)
	}
	cases := []struct {
		what, code, text string
		spoil            func() *http.Request
	}{
		{"unsigned", "MissingAuthenticationTokenException", "", func() *http.Request { return a.request(context.Background(), "ListClusters", []byte("{}")) }},
		{"wrong key", "UnrecognizedClientException", "", func() *http.Request { return a.as("AKIANOBODY", rootSecret).listRequest(now) }},
		{"wrong secret", "InvalidSignatureException", "does not match", func() *http.Request { return a.as(rootKey, "not it").listRequest(now) }},
		{"old clock", "InvalidSignatureException|RequestExpired", "expired", func() *http.Request { return a.listRequest(now.Add(-time.Hour)) }},
		{"fast clock", "InvalidSignatureException|RequestExpired", "not yet", func() *http.Request { return a.listRequest(now.Add(time.Hour)) }},
		{"no date", "IncompleteSignatureException", "date", func() *http.Request {
			r := a.listRequest(now)
			r.Header.Del("X-Amz-Date")
			return r
		}},
		{"no signed headers", "IncompleteSignatureException", "SignedHeaders", func() *http.Request {
			r := a.listRequest(now)
			r.Header.Set("Authorization", regexp.MustCompile(`SignedHeaders=[^,]*, ?`).ReplaceAllString(r.Header.Get("Authorization"), ""))
			return r
		}},
		{"another body", "InvalidSignatureException", "does not match", func() *http.Request {
			r := a.listRequest(now)
			other := a.request(context.Background(), "ListClusters", []byte(`{"maxResults":1}`))
			other.Header = r.Header
			return other
		}},
		{"another operation", "InvalidSignatureException", "does not match", func() *http.Request {
			r := a.listRequest(now)
			r.Header.Set("X-Amz-Target", targetPrefix+"DeleteCluster")
			return r
		}},
	}
	seen := map[string]string{}
	for _, try := range cases {
		status, name, message := a.verdict(try.spoil())
		c.refusal(&failure{Code: name, Message: message, Status: status}, try.code, try.text, try.what)
		c.check(status >= 400 && status < 500, "%s: status %d", try.what, status)
		if try.text != "does not match" {
			c.check(seen[message] == "", "%s and %s have the same message %q", try.what, seen[message], message)
		}
		seen[message] = try.what
	}
	// The CLI prints these errors.
	a.as("AKIANOBODY", "x").awsRefused("UnrecognizedClientException", "", "list-clusters")
	a.as(rootKey, "x").awsRefused("InvalidSignatureException", "", "list-clusters")
}

func TestAuthNothingUnsigned(t *testing.T) {
	c := begin(t, "A-auth-unsigned", "nothing is served unsigned except /healthz")
	a := c.dev()
	for _, path := range []string{"/", "/metrics", "/keys", "/berth", "/debug/pprof/", "/v1/", "/ws", "/acs/ws", "/tcs/ws", "/healthz/more"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r, err := http.NewRequest(method, a.url+path, nil)
			c.must(err, "build a request")
			got, err := send(r)
			c.must(err, "send")
			c.check(got.status >= 400, "%s %s unsigned answers %d: %.200s", method, path, got.status, got.text)
		}
	}
	r, err := http.NewRequest(http.MethodGet, a.url+"/healthz", nil)
	c.must(err, "build a request")
	got, err := send(r)
	c.must(err, "send")
	c.equal("/healthz", got.status, 200)

	r, err = http.NewRequest(http.MethodGet, a.url+"/metrics", nil)
	c.must(err, "build a request")
	c.must(a.sign(r, nil, time.Now()), "sign")
	got, err = send(r)
	c.must(err, "send")
	c.check(got.status == 200 && strings.Contains(got.text, "# TYPE"), "/metrics signed answers %d: %.200s", got.status, got.text)
}

func TestAuthKeys(t *testing.T) {
	c := begin(t, "A-auth-keys", "berth keys create, list, revoke; an agent key cannot run tasks; secrets are not readable at rest")
	s := c.server()
	a := s.api(c)
	operatorKey, operatorSecret := a.newKey("operator")
	agentKey, agentSecret := a.newKey("agent")
	operator, node := a.as(operatorKey, operatorSecret), a.as(agentKey, agentSecret)
	k := &cluster{api: operator, name: c.name("cluster")}
	operator.aws("create-cluster", "--cluster-name", k.name)
	td := operator.define(container("main", sleeps, nil))

	for _, args := range [][]string{
		{"run-task", "--cluster", k.name, "--task-definition", td}, {"delete-cluster", "--cluster", k.name}, {"list-tasks", "--cluster", k.name},
		{"stop-task", "--cluster", k.name, "--task", strings.Repeat("0", 32)}, {"register-task-definition", "--family", "x", "--container-definitions", "[]"},
	} {
		node.awsRefused("AccessDeniedException", "", args...)
	}
	mine := str(node.call("RegisterContainerInstance", registration(k)), "containerInstance.containerInstanceArn")
	otherKey, otherSecret := a.newKey("agent")
	other := a.as(otherKey, otherSecret)
	other.refused("AccessDeniedException", "", "RegisterContainerInstance", with(registration(k), obj{"containerInstanceArn": mine}))
	other.call("RegisterContainerInstance", registration(k))
	other.refused("AccessDeniedException", "", "DiscoverPollEndpoint", obj{"cluster": k.name, "containerInstance": mine})
	node.call("DiscoverPollEndpoint", obj{"cluster": k.name, "containerInstance": mine})
	if out, err := node.berth("keys", "create", "--server", s.url, "--role", "operator"); err == nil {
		c.Errorf("an agent key made an operator key:\n%s", out)
	}

	out, err := a.berth("keys", "list", "--server", s.url)
	c.must(err, "berth keys list: %s", out)
	for _, key := range []string{operatorKey, agentKey, otherKey} {
		c.check(strings.Contains(out, key), "the list does not show %s:\n%s", key, out)
	}
	for _, secret := range []string{operatorSecret, agentSecret, otherSecret} {
		c.check(!strings.Contains(out, secret), "the list shows a secret")
		c.notInFiles(s.data, secret)
		c.check(!strings.Contains(s.output(), secret), "the log shows a secret")
	}
	out, err = a.berth("keys", "revoke", "--server", s.url, operatorKey)
	c.must(err, "berth keys revoke: %s", out)
	operator.awsRefused("UnrecognizedClientException", "", "list-clusters")
	s.kill()
	s.restart(c)
	operator.awsRefused("UnrecognizedClientException", "", "list-clusters")
	node.call("DiscoverPollEndpoint", obj{"cluster": k.name, "containerInstance": mine}) // the others are still good
}

// notInFiles checks that no file below a folder contains a text.
func (c *C) notInFiles(dir, text string) {
	c.Helper()
	c.must(filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		c.check(!strings.Contains(string(data), text), "%s contains a secret", path)
		return err
	}), "read %s", dir)
}

func TestRequestID(t *testing.T) {
	c := begin(t, "A-api-request-id", "x-amzn-RequestId stands on every answer and in the log")
	a := c.dev()
	var ids []string
	for operation, body := range map[string]any{"ListClusters": obj{}, "DescribeTasks": obj{}, "NoSuchOperation": obj{}, "CreateCluster": []byte("{")} {
		got, _ := a.try(operation, body)
		if got == nil {
			c.Fatalf("%s: no answer", operation)
		}
		id := got.header.Get("x-amzn-RequestId")
		c.check(regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id), "%s: request id %q", operation, id)
		ids = append(ids, id)
	}
	c.eventually(5*time.Second, "the log shows the request ids", func() error {
		log := a.server.output()
		for _, id := range ids {
			if !strings.Contains(log, id) {
				return notYet("no %s", id)
			}
		}
		return nil
	})
	_, err := a.try("NoSuchOperation", obj{})
	c.refusal(err, "UnknownOperationException", "", "an unknown operation")
	_, err = a.try("CreateCluster", []byte("{"))
	c.refusal(err, "SerializationException", "", "half a JSON object")
}

func TestUnknownMembers(t *testing.T) {
	c := begin(t, "A-api-unknown-members", "members of newer SDKs and nulls are ignored, on every level")
	k := c.defaults()
	def := c.definition(obj{"enableFaultInjection": true, "someNewThing": obj{"deep": []int{1}}, "taskRoleArn": nil, "volumes": nil},
		container("main", sleeps, obj{"restartPolicyOfTomorrow": obj{"enabled": true}, "environment": nil}))
	td := str(k.call("RegisterTaskDefinition", def), "taskDefinition.taskDefinitionArn")
	out := k.call("RunTask", obj{"cluster": k.name, "taskDefinition": td, "volumeConfigurations": []any{}, "tomorrow": "x", "overrides": nil})
	arn := str(out, "tasks.0.taskArn")
	k.stopAtEnd(arn)
	k.running(arn)
	c.equal("State.Running", get(c.real(arn, "main"), "State.Running"), true)
	text, err := json.Marshal(k.call("DescribeTasks", obj{"cluster": k.name, "tasks": []string{arn}, "include": []any{}}))
	c.must(err, "encode")
	c.check(!strings.Contains(string(text), "null"), "an answer contains null: %s", text)
}

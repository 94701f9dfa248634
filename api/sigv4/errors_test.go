package sigv4

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// signedRequest is a request that verifies at testTime with an empty payload.
func signedRequest(t testing.TB) *http.Request {
	req, err := http.NewRequest("POST", "http://127.0.0.1:8080/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListTasks")
	if err := SignRequest(req, testCreds, testRegion, "ecs", nil, testTime); err != nil {
		t.Fatal(err)
	}
	return req
}

// editAuth replaces text in the Authorization header and fails if it is not there.
func editAuth(t *testing.T, r *http.Request, old, with string) {
	t.Helper()
	auth := r.Header.Get("Authorization")
	if !strings.Contains(auth, old) {
		t.Fatalf("%q is not in %q", old, auth)
	}
	r.Header.Set("Authorization", strings.Replace(auth, old, with, 1))
}

func TestErrors(t *testing.T) {
	auth := func(old, with string) func(*testing.T, *http.Request) {
		return func(t *testing.T, r *http.Request) { editAuth(t, r, old, with) }
	}
	const mismatch = "The request signature we calculated does not match"
	tests := []struct {
		name    string
		edit    func(*testing.T, *http.Request)
		now     time.Time
		code    string
		message string // what the message begins with
	}{
		{"no authorization", func(_ *testing.T, r *http.Request) { r.Header.Del("Authorization") }, testTime,
			CodeMissingAuthenticationToken, "Missing Authentication Token"},
		{"empty authorization", func(_ *testing.T, r *http.Request) { r.Header.Set("Authorization", "") }, testTime,
			CodeMissingAuthenticationToken, "Missing Authentication Token"},
		{"two authorizations", func(_ *testing.T, r *http.Request) { r.Header.Add("Authorization", "x") }, testTime,
			CodeIncompleteSignature, "There can be only one Authorization header, got 2."},
		{"other scheme", func(_ *testing.T, r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, testTime,
			CodeIncompleteSignature, "Unsupported AWS 'algorithm': 'Bearer'."},
		{"no equal sign", auth("Signature=", "Signature"), testTime,
			CodeIncompleteSignature, "'Signature"},
		{"no credential", auth("Credential=", "Nothing="), testTime,
			CodeIncompleteSignature, "Authorization header requires 'Credential' parameter. Authorization=AWS4-HMAC-SHA256 Nothing="},
		{"no signature", auth("Signature=", "Nothing="), testTime,
			CodeIncompleteSignature, "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256 "},
		{"no signed headers", auth("SignedHeaders=", "Nothing="), testTime,
			CodeIncompleteSignature, "Authorization header requires 'SignedHeaders' parameter. Authorization="},
		{"nothing but the scheme", func(_ *testing.T, r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256")
			r.Header.Del("X-Amz-Date")
		}, testTime, CodeIncompleteSignature, "Authorization header requires 'Credential' parameter. " +
			"Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. " +
			"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256"},
		{"no date", func(_ *testing.T, r *http.Request) { r.Header.Del("X-Amz-Date") }, testTime,
			CodeIncompleteSignature, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization="},
		{"bad date", func(_ *testing.T, r *http.Request) { r.Header.Set("X-Amz-Date", "today") }, testTime,
			CodeIncompleteSignature, "Date must be in ISO-8601 'basic format'. Got 'today'."},
		{"fractional date", func(_ *testing.T, r *http.Request) { r.Header.Set("X-Amz-Date", "20261120T123600.5Z") }, testTime,
			CodeIncompleteSignature, "Date must be in ISO-8601 'basic format'."},
		{"repeated parameter", auth("SignedHeaders=", "Signature=1, SignedHeaders="), testTime,
			CodeIncompleteSignature, "Authorization header has more than one 'Signature' parameter."},
		{"short scope", auth("/ecs/", "/"), testTime,
			CodeIncompleteSignature, "Credential must have exactly 5 slash-delimited elements"},
		{"long scope", auth("/ecs/", "/ecs/x/"), testTime,
			CodeIncompleteSignature, "Credential must have exactly 5 slash-delimited elements"},
		{"empty region", auth("/"+testRegion+"/", "//"), testTime,
			CodeIncompleteSignature, "Credential must have exactly 5 slash-delimited elements"},
		{"scope end", auth("aws4_request", "aws5_request"), testTime,
			CodeInvalidSignature, "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."},
		{"scope date", auth("/20261120/", "/20261119/"), testTime,
			CodeInvalidSignature, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
				"'20261119' != '20261120', from '20261120T123600Z'."},
		{"unsorted headers", auth("content-type;host", "host;content-type"), testTime,
			CodeIncompleteSignature, "SignedHeaders must be sorted"},
		{"repeated header", auth("content-type;host", "content-type;host;host"), testTime,
			CodeIncompleteSignature, "SignedHeaders must be sorted"},
		{"endless headers", auth("content-type", strings.Repeat("a", maxSignedHeaders)), testTime,
			CodeIncompleteSignature, "SignedHeaders must not be longer"},
		{"short signature", auth("Signature=", "Signature=00, x="), testTime, CodeInvalidSignature, mismatch},
		{"signature not hex", auth("Signature=", "Signature="+strings.Repeat("g", 64)+", x="), testTime, CodeInvalidSignature, mismatch},
		{"host not signed", auth("content-type;host;", "content-type;"), testTime,
			CodeInvalidSignature, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"date not signed", auth("x-amz-date;", ""), testTime,
			CodeInvalidSignature, "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization."},
		{"target not signed", auth(";x-amz-target", ""), testTime,
			CodeInvalidSignature, "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."},
		{"late", func(*testing.T, *http.Request) {}, testTime.Add(MaxSkew + time.Second), CodeInvalidSignature,
			"Signature expired: 20261120T123600Z is now earlier than 20261120T123601Z (20261120T124101Z - 5 min.)"},
		{"early", func(*testing.T, *http.Request) {}, testTime.Add(-MaxSkew - time.Second), CodeInvalidSignature,
			"Signature not yet current: 20261120T123600Z is still later than 20261120T123559Z (20261120T123059Z + 5 min.)"},
		{"other type", func(_ *testing.T, r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, testTime,
			CodeInvalidSignature, mismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := signedRequest(t)
			if err := check(req, testCreds.SecretAccessKey, nil, testTime); err != nil {
				t.Fatalf("before the edit: %v", err)
			}
			tt.edit(t, req)
			err := check(req, testCreds.SecretAccessKey, nil, tt.now)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want *Error", err)
			}
			if e.ErrorCode() != tt.code || !strings.HasPrefix(e.ErrorMessage(), tt.message) {
				t.Errorf("got  %s: %s\nwant %s: %s", e.Code, e.Message, tt.code, tt.message)
			}
		})
	}
}

func TestErrorsEchoLittle(t *testing.T) {
	req := signedRequest(t)
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=\xff"+strings.Repeat("x", 1<<20))
	_, err := Parse(req)
	var e *Error
	if !errors.As(err, &e) || len(e.Message) > 2*maxEcho || strings.Contains(e.Message, "\xff") {
		t.Errorf("message of %d bytes", len(e.Message))
	}
}

// The Date header serves when there is no X-Amz-Date, in HTTP's format too.
func TestDateHeader(t *testing.T) {
	for _, text := range []string{testTime.Format(timeLayout), testTime.Format(http.TimeFormat)} {
		req, _ := http.NewRequest("GET", "http://example.com/", nil)
		req.Header.Set("Date", text)
		claim := Signature{
			AccessKeyID: "K", SignedHeaders: "date;host", amzDate: testTime.Format(timeLayout),
			scope: "20261120/r/ecs/aws4_request",
		}
		v := requestView(req)
		key, _ := derivedKeys.get(keyID{testCreds.SecretAccessKey, "20261120", "r", "ecs"})
		mem := new(scratch)
		sum := emptySum
		req.Header.Set("Authorization", claim.authorization(mem.signature(&v, key, &claim, &sum)))
		if err := check(req, testCreds.SecretAccessKey, nil, testTime); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		editAuth(t, req, "date;host", "host")
		err := check(req, testCreds.SecretAccessKey, nil, testTime)
		if err == nil || !strings.Contains(err.Error(), "'date' must be a 'SignedHeader'") {
			t.Errorf("unsigned date: %v", err)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	ok := testCreds
	for name, tt := range map[string]struct {
		creds Credentials
		url   string
	}{
		"no key id":   {Credentials{SecretAccessKey: "s"}, "http://h/"},
		"no secret":   {Credentials{AccessKeyID: "k"}, "http://h/"},
		"slash in id": {Credentials{AccessKeyID: "k/k", SecretAccessKey: "s"}, "http://h/"},
		"no host":     {ok, "/path"},
		"opaque":      {ok, "http:opaque"},
	} {
		req, err := http.NewRequest("GET", tt.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if name == "opaque" {
			req.Host = "h"
		}
		if err := SignRequest(req, tt.creds, "r", "ecs", nil, testTime); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

package sigv4

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"
)

// The SDK's signer is the oracle: it was written by others and is what clients
// really use.

var (
	testTime  = time.Date(2026, 11, 20, 12, 36, 0, 0, time.UTC)
	testCreds = Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
)

func oracleSign(t require, req *http.Request, creds Credentials, region, service string, payload []byte, now time.Time) {
	t.Helper()
	sum := sha256.Sum256(payload)
	err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{
		AccessKeyID: creds.AccessKeyID, SecretAccessKey: creds.SecretAccessKey, SessionToken: creds.SessionToken,
	}, req, hex.EncodeToString(sum[:]), service, region, now)
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
}

// require is what both *testing.T and *rapid.T offer.
type require interface {
	Helper()
	Fatalf(string, ...any)
}

// overTheWire serialises a client request and reads it back as a server does.
func overTheWire(t require, req *http.Request) *http.Request {
	t.Helper()
	var wire bytes.Buffer
	if err := req.Write(&wire); err != nil {
		t.Fatalf("write: %v", err)
	}
	got, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return got
}

type draw struct {
	req     *http.Request
	payload []byte
	creds   Credentials
	region  string
	service string
}

func drawCreds(t *rapid.T) Credentials {
	c := Credentials{
		AccessKeyID:     rapid.StringMatching(`[A-Z0-9]{3,20}`).Draw(t, "keyID"),
		SecretAccessKey: rapid.StringMatching(`[A-Za-z0-9/+]{1,40}`).Draw(t, "secret"),
	}
	if rapid.Bool().Draw(t, "session") {
		c.SessionToken = rapid.StringMatching(`[A-Za-z0-9/+=]{1,80}`).Draw(t, "token")
	}
	return c
}

func drawURL(t *rapid.T) *url.URL {
	u := &url.URL{
		Scheme: rapid.SampledFrom([]string{"http", "https"}).Draw(t, "scheme"),
		Host:   rapid.SampledFrom([]string{"example.com", "example.com:80", "127.0.0.1:8443", "localhost:443", "[::1]:9000"}).Draw(t, "host"),
		Path:   "/" + rapid.StringMatching(`([a-z0-9 %!$&'()*+,;=:@/~é._-]|ws){0,12}`).Draw(t, "path"),
	}
	if strings.HasPrefix(u.Path, "//") {
		u.Path = "/x" + u.Path
	}
	q := url.Values{}
	for range rapid.IntRange(0, 6).Draw(t, "params") {
		q.Add(rapid.StringMatching(`[a-zA-Z0-9 /+%é~._-]{1,5}`).Draw(t, "name"), rapid.StringMatching(`[a-zA-Z0-9 /+%&=;:~.-]{0,8}`).Draw(t, "value"))
	}
	u.RawQuery = q.Encode()
	return u
}

func drawRequest(t *rapid.T) draw {
	d := draw{
		payload: rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "payload"),
		creds:   drawCreds(t),
		region:  rapid.SampledFrom([]string{"eu-central-1", "us-east-1", "local"}).Draw(t, "region"),
		service: rapid.SampledFrom([]string{"ecs", "sts"}).Draw(t, "service"),
	}
	req, err := http.NewRequest(rapid.SampledFrom([]string{"GET", "POST", "PUT"}).Draw(t, "method"), drawURL(t).String(), bytes.NewReader(d.payload))
	if err != nil {
		t.Fatalf("request: %v", err)
	}
	names := []string{"Content-Type", "X-Amz-Target", "X-Amz-User-Agent", "Amz-Sdk-Request", "X-Odd", "Accept", "User-Agent"}
	for range rapid.IntRange(0, 5).Draw(t, "headers") {
		req.Header.Add(rapid.SampledFrom(names).Draw(t, "header"), rapid.StringMatching(`[ a-zA-Z0-9,;=/"-]{0,20}`).Draw(t, "headerValue"))
	}
	d.req = req
	return d
}

func TestVerifyAcceptsWhatTheSDKSigns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawRequest(t)
		d.req.Header["User-Agent"] = []string{"probe"} // one value only: Request.Write sends no second
		oracleSign(t, d.req, d.creds, d.region, d.service, d.payload, testTime)
		got := overTheWire(t, d.req)
		s, err := Parse(got)
		if err != nil {
			t.Fatalf("parse: %v", err)
		}
		if s.AccessKeyID != d.creds.AccessKeyID || s.Region != d.region || s.Service != d.service ||
			s.SessionToken != d.creds.SessionToken || !s.Time.Equal(testTime) {
			t.Fatalf("claim differs: %+v", s)
		}
		skew := time.Duration(rapid.Int64Range(-int64(MaxSkew), int64(MaxSkew)).Draw(t, "skew"))
		if err := s.Verify(got, d.creds.SecretAccessKey, sha256.Sum256(d.payload), testTime.Add(skew)); err != nil {
			t.Fatalf("verify: %v", err)
		}
	})
}

func TestSignRequestEqualsTheSDK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawRequest(t)
		// Of these the SDK signs more than we do; default ports it drops.
		for _, name := range []string{"Amz-Sdk-Request", "X-Odd", "Accept"} {
			d.req.Header.Del(name)
		}
		if bare, ok := cutDefaultPort(d.req.Host); ok {
			d.req.Host = bare
		}
		d.req.ContentLength = 0
		theirs := d.req.Clone(context.Background())
		oracleSign(t, theirs, d.creds, d.region, d.service, d.payload, testTime)
		if err := SignRequest(d.req, d.creds, d.region, d.service, d.payload, testTime); err != nil {
			t.Fatalf("sign: %v", err)
		}
		for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token"} {
			if got, want := d.req.Header.Get(name), theirs.Header.Get(name); got != want {
				t.Fatalf("%s:\n got %s\nwant %s", name, got, want)
			}
		}
	})
}

func TestHandshakeEqualsTheSDK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		creds, u := drawCreds(t), drawURL(t)
		req := &http.Request{Method: "GET", URL: u, Host: u.Host, Header: http.Header{}}
		if bare, ok := cutDefaultPort(u.Host); ok {
			u.Host, req.Host = bare, bare
		}
		header, err := SignHandshake(u, creds, "eu-west-1", "ecs", testTime)
		if err != nil {
			t.Fatalf("sign: %v", err)
		}
		oracleSign(t, req, creds, "eu-west-1", "ecs", nil, testTime)
		if got, want := header.Get("Authorization"), req.Header.Get("Authorization"); got != want {
			t.Fatalf("\n got %s\nwant %s", got, want)
		}
	})
}

// A change of any signed part must be noticed.
func TestVerifyRejectsMutations(t *testing.T) {
	mutations := map[string]func(r *http.Request, payload, secret []byte){
		"method":    func(r *http.Request, _, _ []byte) { r.Method = "PATCH" },
		"path":      func(r *http.Request, _, _ []byte) { r.URL.Path += "x"; r.URL.RawPath = "" },
		"query":     func(r *http.Request, _, _ []byte) { r.URL.RawQuery += "&added=1" },
		"bad query": func(r *http.Request, _, _ []byte) { r.URL.RawQuery += "&%zz" },
		"host":      func(r *http.Request, _, _ []byte) { r.Host = "evil." + r.Host },
		"target":    func(r *http.Request, _, _ []byte) { r.Header.Set("X-Amz-Target", "Other") },
		"appended":  func(r *http.Request, _, _ []byte) { r.Header.Add("X-Amz-Target", "Other") },
		"added":     func(r *http.Request, _, _ []byte) { r.Header.Set("X-Amz-Added", "1") },
		"payload":   func(_ *http.Request, payload, _ []byte) { payload[0] ^= 1 },
		"secret":    func(_ *http.Request, _, secret []byte) { secret[0] ^= 1 },
		"date":      func(r *http.Request, _, _ []byte) { r.Header.Set("X-Amz-Date", "20261120T123601Z") },
		"region": func(r *http.Request, _, _ []byte) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "/"+testRegion+"/", "/other/", 1))
		},
		"service": func(r *http.Request, _, _ []byte) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "/ecs/", "/ec2/", 1))
		},
		"signed headers": func(r *http.Request, _, _ []byte) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "content-length;", "", 1))
		},
		"signature": func(r *http.Request, _, _ []byte) {
			auth := []byte(r.Header.Get("Authorization"))
			if auth[len(auth)-1]++; auth[len(auth)-1] > 'f' || auth[len(auth)-1] == ':' {
				auth[len(auth)-1] = '0'
			}
			r.Header.Set("Authorization", string(auth))
		},
	}
	for name, mutate := range mutations {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				payload := rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "payload")
				req, _ := http.NewRequest("POST", drawURL(t).String(), bytes.NewReader(payload))
				req.Header.Set("X-Amz-Target", "Service.Operation")
				oracleSign(t, req, testCreds, testRegion, "ecs", payload, testTime)
				got := overTheWire(t, req)
				secret := []byte(testCreds.SecretAccessKey)
				if err := check(got, string(secret), payload, testTime); err != nil {
					t.Fatalf("before the change: %v", err)
				}
				mutate(got, payload, secret)
				if err := check(got, string(secret), payload, testTime); err == nil {
					t.Fatalf("changed request was accepted")
				}
			})
		})
	}
}

const testRegion = "eu-central-1"

// check parses and verifies in one go.
func check(r *http.Request, secret string, payload []byte, now time.Time) error {
	s, err := Parse(r)
	if err != nil {
		return err
	}
	return s.Verify(r, secret, sha256.Sum256(payload), now)
}

func TestSignedRequestThroughRealServer(t *testing.T) {
	verdicts := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		verdicts <- check(r, testCreds.SecretAccessKey, body, testTime)
	}))
	defer server.Close()
	body := []byte(`{"cluster":"default"}`)
	req, _ := http.NewRequest("POST", server.URL, bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListTasks")
	for name, sign := range map[string]func(){
		"ours": func() {
			if err := SignRequest(req, testCreds, testRegion, "ecs", body, testTime); err != nil {
				t.Fatal(err)
			}
		},
		"SDK, content-length signed": func() { oracleSign(t, req, testCreds, testRegion, "ecs", body, testTime) },
	} {
		req.Body = io.NopCloser(bytes.NewReader(body))
		sign()
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if err := <-verdicts; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package sigv4

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// FuzzParse feeds hostile headers: nothing may panic, every refusal is an
// *Error of bounded length, and nothing but the one right signature verifies.
func FuzzParse(f *testing.F) {
	good := signedRequest(f)
	f.Add(good.Header.Get("Authorization"), good.Header.Get("X-Amz-Date"), "a=b&c=%20+")
	f.Add("AWS4-HMAC-SHA256 Credential=a/b/c/d/e,SignedHeaders=;;,Signature=0", "", "%")
	f.Add("Bearer x", "20261120T123600Z", "=&&==")
	f.Fuzz(func(t *testing.T, auth, date, query string) {
		req := &http.Request{Method: "POST", Host: "h", URL: &url.URL{Path: "/", RawQuery: query}, Header: http.Header{
			"Authorization": {auth}, "X-Amz-Date": {date},
		}}
		s, err := Parse(req)
		if err != nil {
			if e, ok := err.(*Error); !ok || len(e.Message) > 4*maxEcho {
				t.Fatalf("bad error %v", err)
			}
			return
		}
		if s.AccessKeyID == "" || s.Region == "" || s.Service == "" || !strings.HasSuffix(s.scope, scopeEnd) {
			t.Fatalf("incomplete claim %+v from %q", s, auth)
		}
		if err := s.Verify(req, "a secret nobody has", sha256.Sum256(nil), s.Time); err == nil {
			t.Fatalf("forged: %q", auth)
		}
	})
}

// FuzzSplitFrame checks that a frame is cut without loss and never verifies
// unless it was signed.
func FuzzSplitFrame(f *testing.F) {
	u := &url.URL{Scheme: "http", Host: "h", Path: "/ws", RawQuery: "cluster=probe"}
	good, err := SignFrame(u, []byte(`{"type":"x"}`), testCreds, testRegion, "ecs", testTime)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("A: b\r\n\r\n\r\n\r\n"))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := SplitFrame(b)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("bad error %v", err)
			}
			return
		}
		head := len(b) - len(frame.Payload)
		if head < 4 || string(b[head-4:head]) != "\r\n\r\n" || string(b[head:]) != string(frame.Payload) {
			t.Fatalf("cut %q into payload %q", b, frame.Payload)
		}
		s, err := frame.Parse()
		if err != nil {
			return
		}
		if err := s.VerifyFrame(frame, u, "a secret nobody has", s.Time); err == nil {
			t.Fatalf("forged: %q", b)
		}
	})
}

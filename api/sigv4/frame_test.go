package sigv4

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// agentFrame makes a frame as the agent does: the SDK signs a GET of the socket
// URL with the JSON as payload, and the request's headers go before the JSON.
func agentFrame(t *rapid.T, creds Credentials, req *http.Request, payload []byte) []byte {
	oracleSign(t, req, creds, testRegion, "ecs", payload, testTime)
	req.Header.Set("Host", req.Host)
	var b bytes.Buffer
	if err := req.Header.Write(&b); err != nil {
		t.Fatalf("header: %v", err)
	}
	b.WriteString("\r\n")
	b.Write(payload)
	return b.Bytes()
}

func TestFramesOfTheAgentVerify(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		creds, u := drawCreds(t), drawURL(t)
		payload := rapid.SliceOf(rapid.Byte()).Draw(t, "payload")
		handshake := *u
		req := &http.Request{Method: "GET", URL: u, Host: u.Host, Header: http.Header{}}
		theirs := agentFrame(t, creds, req, payload)
		u.Host = req.Host // default port cut by the SDK
		ours, err := SignFrame(u, payload, creds, testRegion, "ecs", testTime)
		if err != nil {
			t.Fatalf("sign: %v", err)
		}
		if !bytes.Equal(ours, theirs) {
			t.Fatalf("frames differ:\n%q\n%q", ours, theirs)
		}
		f, err := SplitFrame(theirs)
		if err != nil || !bytes.Equal(f.Payload, payload) {
			t.Fatalf("split: %v, payload %q", err, f.Payload)
		}
		s, err := f.Parse()
		if err != nil {
			t.Fatalf("parse: %v", err)
		}
		if err := s.VerifyFrame(f, &handshake, creds.SecretAccessKey, testTime); err != nil {
			t.Fatalf("verify: %v", err)
		}
		other := handshake
		other.RawQuery += "&x=1"
		if err := s.VerifyFrame(f, &other, creds.SecretAccessKey, testTime); err == nil {
			t.Fatalf("accepted for another socket")
		}
		f.Payload = append([]byte{' '}, f.Payload...)
		if err := s.VerifyFrame(f, &handshake, creds.SecretAccessKey, testTime); err == nil {
			t.Fatalf("accepted with another payload")
		}
	})
}

func TestSplitFrameErrors(t *testing.T) {
	const missing, incomplete = CodeMissingAuthenticationToken, CodeIncompleteSignature
	for name, tt := range map[string]struct{ frame, code string }{
		"empty":             {"", missing},
		"bare JSON":         {`{"type":"PublishMetricsRequest"}`, missing},
		"unended head":      {"Authorization: x\r\n", missing},
		"endless head":      {strings.Repeat("A: b\r\n", maxFrameHead) + "\r\n", missing},
		"too many lines":    {strings.Repeat("A: b\r\n", maxFrameLines+1) + "\r\n", incomplete},
		"no colon":          {"Authorization\r\n\r\n", incomplete},
		"no name":           {": x\r\n\r\n", incomplete},
		"space in name":     {"Host : x\r\n\r\n", incomplete},
		"newline in value":  {"Host: x\ny\r\n\r\n", incomplete},
		"return in value":   {"Host: x\ry\r\n\r\n", incomplete},
		"continuation line": {"Host: x\r\n y\r\n\r\n", incomplete},
	} {
		_, err := SplitFrame([]byte(tt.frame))
		var e *Error
		if !errors.As(err, &e) || e.Code != tt.code {
			t.Errorf("%s: got %v, want %s", name, err, tt.code)
		}
	}
	f, err := SplitFrame([]byte("\r\n\r\n{}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Parse(); err == nil || err.(*Error).Code != missing {
		t.Errorf("empty head: %v", err)
	}
}

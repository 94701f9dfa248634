package sigv4

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	maxFrameHead  = 16 << 10 // bytes of header lines in a frame
	maxFrameLines = 64
)

// Frame is a telemetry frame taken apart: signed header lines above, JSON below.
type Frame struct {
	Header  http.Header
	Payload []byte // shares memory with the frame it was split from
}

// SignFrame wraps payload for the telemetry socket that was opened with u:
// header lines ended by CRLF, an empty line, then the payload as it is. The
// signature is that of a GET of u with this payload (agent-protocol.md 10).
func SignFrame(u *url.URL, payload []byte, creds Credentials, region, service string, now time.Time) ([]byte, error) {
	v := getView(u)
	if err := sign(&v, creds, region, service, payload, now); err != nil {
		return nil, err
	}
	v.header["Host"] = []string{v.host}
	names := make([]string, 0, len(v.header))
	for name := range v.header {
		names = append(names, name)
	}
	slices.Sort(names)
	b := make([]byte, 0, len(payload)+512)
	for _, name := range names {
		b = append(b, name...)
		b = append(b, ": "...)
		b = append(b, v.header[name][0]...)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	return append(b, payload...), nil
}

// SplitFrame cuts a frame at its first empty line and reads the header lines.
// Errors are *Error: MissingAuthenticationTokenException when there is no
// header block, IncompleteSignatureException when a line of it is malformed.
func SplitFrame(frame []byte) (Frame, error) {
	head, _, ok := bytes.Cut(frame[:min(len(frame), maxFrameHead)], []byte("\r\n\r\n"))
	if !ok {
		return Frame{}, errMissingToken()
	}

	f := Frame{Header: make(http.Header, 4), Payload: frame[len(head)+4:]}
	for i := 0; len(head) > 0; i++ {
		line, rest, _ := bytes.Cut(head, []byte("\r\n"))
		head = rest
		name, value, ok := splitLine(string(line))
		if !ok || i == maxFrameLines {
			return Frame{}, errIncomplete("Frame has a malformed header line: '%s'.", echo(string(line)))
		}
		f.Header[name] = append(f.Header[name], value)
	}
	return f, nil
}

// splitLine reads "Name: value". Names are tokens and values hold no control
// characters, so that no line can pose as two in the canonical request.
func splitLine(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(line, ":")
	if !ok || name == "" {
		return "", "", false
	}
	for i := range len(name) {
		if !unreserved(name[i]) {
			return "", "", false
		}
	}
	value = strings.Trim(value, " \t")
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return "", "", false
		}
	}
	return textproto.CanonicalMIMEHeaderKey(name), value, true
}

// Parse reads the signature of a frame, with the errors of the function Parse.
func (f Frame) Parse() (*Signature, error) {
	return parseHeader(f.Header)
}

// VerifyFrame proves that the holder of secret signed f for the socket opened
// with handshake, the URL of the handshake request, of which path and query
// count. The host is the one the frame names. Errors as for Verify.
func (s *Signature) VerifyFrame(f Frame, handshake *url.URL, secret string, now time.Time) error {
	v := view{
		method: http.MethodGet, url: handshake, host: f.Header.Get("Host"),
		header: f.Header, contentLength: -1,
	}
	sum := sha256.Sum256(f.Payload)
	return s.verify(&v, secret, &sum, now)
}

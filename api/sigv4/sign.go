package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Credentials sign requests. SessionToken is empty for long-term keys.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
}

// SignRequest signs req for region and service as of now: it sets X-Amz-Date,
// Authorization and, with a session token, X-Amz-Security-Token. payload is the
// whole body (nil when there is none); req.Body is not touched. Host,
// Content-Type and all X-Amz-* headers are signed; headers that proxies like to
// change are not. Sign last: a later change of a signed part breaks the
// signature. Fails when the credentials are incomplete or req has no host.
func SignRequest(req *http.Request, creds Credentials, region, service string, payload []byte, now time.Time) error {
	if req.Header == nil {
		req.Header = http.Header{}
	}
	v := requestView(req)
	return sign(&v, creds, region, service, payload, now)
}

// SignHandshake returns the headers that make a websocket handshake with u a
// signed one: Authorization, X-Amz-Date and, with a session token,
// X-Amz-Security-Token. Signed is a GET without payload over the host and those
// headers; the query is covered (agent-protocol.md 6).
func SignHandshake(u *url.URL, creds Credentials, region, service string, now time.Time) (http.Header, error) {
	v := getView(u)
	if err := sign(&v, creds, region, service, nil, now); err != nil {
		return nil, err
	}
	return v.header, nil
}

// getView is a bodiless GET of u with no headers yet.
func getView(u *url.URL) view {
	return view{method: http.MethodGet, url: u, host: strings.TrimSuffix(u.Host, ":"), header: http.Header{}, contentLength: -1}
}

// sign sets the signing headers in v.header.
func sign(v *view, creds Credentials, region, service string, payload []byte, now time.Time) error {
	switch {
	case creds.AccessKeyID == "" || creds.SecretAccessKey == "":
		return errors.New("sigv4: credentials without access key id or secret")
	case strings.Contains(creds.AccessKeyID, "/"):
		return errors.New("sigv4: access key id contains a slash")
	case v.host == "":
		return errors.New("sigv4: request has no host")
	case v.url.Opaque != "":
		return errors.New("sigv4: opaque URLs cannot be signed")
	}
	claim := Signature{AccessKeyID: creds.AccessKeyID, Region: region, Service: service, amzDate: now.UTC().Format(timeLayout)}
	date := claim.amzDate[:len(dateLayout)]
	claim.scope = date + "/" + region + "/" + service + "/" + scopeEnd

	v.header["X-Amz-Date"] = []string{claim.amzDate}
	delete(v.header, "X-Amz-Security-Token")
	if creds.SessionToken != "" {
		v.header["X-Amz-Security-Token"] = []string{creds.SessionToken}
	}
	claim.SignedHeaders = headersToSign(v.header)

	id := keyID{secret: creds.SecretAccessKey, date: date, region: region, service: service}
	key, cached := derivedKeys.get(id)
	if !cached {
		derivedKeys.put(id, key)
	}
	sum := sha256.Sum256(payload)
	mem := scratches.Get().(*scratch)
	mac := mem.signature(v, key, &claim, &sum)
	v.header["Authorization"] = []string{claim.authorization(mac)}
	mem.release()
	return nil
}

// headersToSign lists what SignRequest signs, sorted.
func headersToSign(h http.Header) string {
	names := []string{"host"}
	for name := range h {
		lower := strings.ToLower(name)
		if lower == "content-type" || strings.HasPrefix(lower, "x-amz-") {
			names = append(names, lower)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ";")
}

func (s *Signature) authorization(mac []byte) string {
	b := make([]byte, 0, 256)
	b = append(b, algorithm+" Credential="...)
	b = append(b, s.AccessKeyID...)
	b = append(b, '/')
	b = append(b, s.scope...)
	b = append(b, ", SignedHeaders="...)
	b = append(b, s.SignedHeaders...)
	b = append(b, ", Signature="...)
	return string(hex.AppendEncode(b, mac))
}

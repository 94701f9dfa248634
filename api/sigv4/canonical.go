package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	// maxPooled is the largest scratch buffer that goes back to the pool.
	maxPooled = 64 << 10
)

// view is what a canonical request is made of. Requests, handshakes and frames
// all become a view, so that there is one canonicalisation.
type view struct {
	method           string
	url              *url.URL
	host             string
	header           http.Header
	contentLength    int64    // negative when unknown
	transferEncoding []string // net/http takes it out of the header
}

func requestView(r *http.Request) view {
	host := r.Host
	if host == "" && r.URL != nil {
		host = r.URL.Host
	}
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	return view{
		method: method, url: r.URL, host: strings.TrimSuffix(host, ":"), header: r.Header,
		contentLength: r.ContentLength, transferEncoding: r.TransferEncoding,
	}
}

// scratch is the reusable memory of one signature calculation.
type scratch struct {
	buf  []byte // canonical request, then string to sign and its MAC
	name []byte // one header name in canonical MIME form
}

var scratches = sync.Pool{New: func() any { return &scratch{buf: make([]byte, 0, 2048), name: make([]byte, 0, 64)} }}

func (s *scratch) release() {
	if cap(s.buf)+cap(s.name) <= maxPooled {
		scratches.Put(s)
	}
}

// signature calculates the signature of v. The result lies in the scratch
// memory and is valid until its next use.
func (s *scratch) signature(v *view, key *signingKey, claim *Signature, payload *[sha256.Size]byte) []byte {
	s.appendCanonical(v, claim.SignedHeaders, payload)
	sum := sha256.Sum256(s.buf)
	b := append(s.buf[:0], algorithm...)
	b = append(b, '\n')
	b = append(b, claim.amzDate...)
	b = append(b, '\n')
	b = append(b, claim.scope...)
	b = append(b, '\n')
	b = hex.AppendEncode(b, sum[:])
	n := len(b)
	s.buf = key.appendMAC(b, b)
	return s.buf[n:]
}

// appendCanonical fills buf with the canonical request.
func (s *scratch) appendCanonical(v *view, signedHeaders string, payload *[sha256.Size]byte) {
	b := append(s.buf[:0], v.method...)
	b = append(b, '\n')
	b = appendCanonicalPath(b, v.url)
	b = append(b, '\n')
	b = appendCanonicalQuery(b, v.url.RawQuery)
	b = append(b, '\n')
	for name := range strings.SplitSeq(signedHeaders, ";") {
		b = append(b, name...)
		b = append(b, ':')
		b = s.appendHeader(b, v, name)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = append(b, signedHeaders...)
	b = append(b, '\n')
	s.buf = hex.AppendEncode(b, payload[:])
}

// appendHeader appends the canonical value of one signed header. A header that
// is signed but absent counts as empty.
func (s *scratch) appendHeader(b []byte, v *view, name string) []byte {
	if name == "host" {
		return appendHeaderValue(b, v.host)
	}
	s.name = appendMIMEKey(s.name[:0], name)
	values := v.header[string(s.name)]
	if len(values) == 0 {
		switch {
		case name == "content-length" && v.contentLength >= 0:
			return strconv.AppendInt(b, v.contentLength, 10)
		case name == "transfer-encoding":
			values = v.transferEncoding
		}
	}
	for i, value := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendHeaderValue(b, value)
	}
	return b
}

// appendMIMEKey writes a lower-case header name the way http.Header keys are
// written. textproto would do the same but allocates for every name it does
// not know, and it knows none of Amazon's.
func appendMIMEKey(b []byte, name string) []byte {
	upper := true
	for i := range len(name) {
		c := name[i]
		if upper && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		upper = c == '-'
		b = append(b, c)
	}
	return b
}

// appendHeaderValue trims a value and folds runs of spaces into one.
func appendHeaderValue(b []byte, value string) []byte {
	value = strings.TrimSpace(value)
	for {
		i := strings.Index(value, "  ")
		if i < 0 {
			return append(b, value...)
		}
		b = append(b, value[:i+1]...)
		value = strings.TrimLeft(value[i:], " ")
	}
}

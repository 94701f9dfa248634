package sigv4

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

const upperHex = "0123456789ABCDEF"

// unreserved says whether a byte stands for itself in a canonical URI.
func unreserved(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

func appendEscaped(b []byte, c byte) []byte {
	if unreserved(c) {
		return append(b, c)
	}
	return append(b, '%', upperHex[c>>4], upperHex[c&15])
}

// appendCanonicalPath escapes the already escaped path once more; only slashes
// stay. An empty path is "/".
func appendCanonicalPath(b []byte, u *url.URL) []byte {
	path := u.EscapedPath()
	if path == "" {
		return append(b, '/')
	}
	for i := range len(path) {
		if path[i] == '/' {
			b = append(b, '/')
		} else {
			b = appendEscaped(b, path[i])
		}
	}
	return b
}

// appendCanonicalQuery decodes, encodes and sorts the query. Sorting comes
// after encoding and compares names before values; comparing whole "name=value"
// strings would be wrong, as "=" sorts after "-".
func appendCanonicalQuery(b []byte, raw string) []byte {
	if raw == "" {
		return b
	}
	type pair struct{ name, value string }
	var space [16]pair
	pairs := space[:0]
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, pair{canonicalComponent(name), canonicalComponent(value)})
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		return cmp.Or(strings.Compare(x.name, y.name), strings.Compare(x.value, y.value))
	})
	for i, p := range pairs {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, p.name...)
		b = append(b, '=')
		b = append(b, p.value...)
	}
	return b
}

// canonicalComponent brings a query name or value into the one encoding that is
// signed. "+" is a space, as clients built on Go send it. A percent sign that
// begins no escape stands for itself: what is on the wire stays signed.
func canonicalComponent(s string) string {
	if isCanonical(s) {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '+' {
			c = ' '
		} else if d, ok := unescape(s[i:]); ok {
			c = d
			i += 2
		}
		b = appendEscaped(b, c)
	}
	return string(b)
}

func isCanonical(s string) bool {
	for i := 0; i < len(s); i++ {
		if unreserved(s[i]) {
			continue
		}
		c, ok := unescape(s[i:])
		if !ok || unreserved(c) || s[i+1] != upperHex[c>>4] || s[i+2] != upperHex[c&15] {
			return false
		}
		i += 2
	}
	return true
}

// unescape reads a percent escape at the start of s.
func unescape(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	hi, ok1 := hexDigit(s[1])
	lo, ok2 := hexDigit(s[2])
	return hi<<4 | lo, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

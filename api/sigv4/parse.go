package sigv4

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"time"
)

const (
	timeLayout = "20060102T150405Z"
	dateLayout = "20060102"
	// maxSignedHeaders bounds the SignedHeaders list, in bytes.
	maxSignedHeaders = 4096
)

// Signature is what a request claims about itself, well-formed but not proven.
// Its strings may share memory with the request's headers.
type Signature struct {
	AccessKeyID   string
	Region        string    // of the scope; whether it is acceptable is the caller's to say
	Service       string    // of the scope; likewise
	SignedHeaders string    // lower-case names joined with ";"
	SessionToken  string    // X-Amz-Security-Token, empty for long-term keys
	Time          time.Time // when it was signed, UTC, to the second

	amzDate    string // Time as it is signed
	scope      string // date/region/service/aws4_request
	dateHeader string // signed header that Time came from
	mac        [sha256.Size]byte
}

// Parse reads the Authorization header and the date of a request. It needs no
// key and checks only form: Verify does the rest. Errors are *Error:
// MissingAuthenticationTokenException without an Authorization header,
// IncompleteSignatureException for a malformed one or a missing date, and
// InvalidSignatureException for a scope that contradicts the date.
func Parse(r *http.Request) (*Signature, error) {
	return parseHeader(r.Header)
}

func parseHeader(h http.Header) (*Signature, error) {
	auth := h["Authorization"]
	if len(auth) == 0 || auth[0] == "" {
		return nil, errMissingToken()
	}
	if len(auth) > 1 {
		return nil, errIncomplete("There can be only one Authorization header, got %d.", len(auth))
	}
	params, err := parseAuthorization(auth[0])
	if err != nil {
		return nil, err
	}
	s := &Signature{SignedHeaders: params.signedHeaders, SessionToken: h.Get("X-Amz-Security-Token")}
	dateText := s.readDate(h)
	if missing := params.missing(dateText); missing != "" {
		return nil, errIncomplete("%s Authorization=%s", missing, echo(auth[0]))
	}
	if err := s.parseDate(dateText); err != nil {
		return nil, err
	}
	if err := s.parseCredential(params.credential); err != nil {
		return nil, err
	}
	if err := checkSignedHeaders(s.SignedHeaders); err != nil {
		return nil, err
	}
	if err := s.parseMAC(params.signature); err != nil {
		return nil, err
	}
	return s, nil
}

// checkSignedHeaders demands a short list in ascending order. A name repeated a
// thousand times would have us hash a large header a thousand times.
func checkSignedHeaders(list string) error {
	if len(list) > maxSignedHeaders {
		return errIncomplete("SignedHeaders must not be longer than %d characters.", maxSignedHeaders)
	}
	last := ""
	for name := range strings.SplitSeq(list, ";") {
		if name <= last {
			return errIncomplete("SignedHeaders must be sorted and name each header once, got '%s'.", echo(list))
		}
		last = name
	}
	return nil
}

func (s *Signature) parseMAC(text string) error {
	if len(text) != 2*len(s.mac) {
		return errMismatch()
	}
	for i := range s.mac {
		hi, ok1 := hexDigit(text[2*i])
		lo, ok2 := hexDigit(text[2*i+1])
		if !ok1 || !ok2 {
			return errMismatch()
		}
		s.mac[i] = hi<<4 | lo
	}
	return nil
}

// authorization holds the three parameters of the header, empty when missing.
type authorization struct {
	credential, signedHeaders, signature string
}

func parseAuthorization(header string) (p authorization, err error) {
	scheme, rest, _ := strings.Cut(header, " ")
	if scheme != algorithm {
		return p, errIncomplete("Unsupported AWS 'algorithm': '%s'.", echo(scheme))
	}
	for part := range strings.SplitSeq(rest, ",") {
		part = strings.Trim(part, " \t")
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return p, errIncomplete("'%s' not a valid key=value pair (missing equal-sign) in Authorization header: '%s'.",
				echo(part), echo(header))
		}
		var field *string
		switch name {
		case "Credential":
			field = &p.credential
		case "SignedHeaders":
			field = &p.signedHeaders
		case "Signature":
			field = &p.signature
		default:
			continue
		}
		if *field != "" {
			return p, errIncomplete("Authorization header has more than one '%s' parameter. Authorization=%s", name, echo(header))
		}
		*field = value
	}
	return p, nil
}

// missing names every absent part, one sentence each, in AWS's order.
func (p authorization) missing(date string) string {
	if p.credential != "" && p.signature != "" && p.signedHeaders != "" && date != "" {
		return ""
	}
	var sentences []string
	for _, part := range []struct{ name, value string }{
		{"Credential", p.credential}, {"Signature", p.signature}, {"SignedHeaders", p.signedHeaders},
	} {
		if part.value == "" {
			sentences = append(sentences, "Authorization header requires '"+part.name+"' parameter.")
		}
	}
	if date == "" {
		sentences = append(sentences, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	return strings.Join(sentences, " ")
}

// readDate finds the date and remembers which header it came from.
func (s *Signature) readDate(h http.Header) string {
	s.dateHeader = "x-amz-date"
	if v := h["X-Amz-Date"]; len(v) > 0 {
		return v[0]
	}
	s.dateHeader = "date"
	return h.Get("Date")
}

func (s *Signature) parseDate(text string) error {
	if t, err := time.Parse(timeLayout, text); err == nil && len(text) == len(timeLayout) {
		s.Time, s.amzDate = t, text
		return nil
	}
	if s.dateHeader == "date" {
		if t, err := http.ParseTime(text); err == nil {
			s.Time = t.UTC()
			s.amzDate = s.Time.Format(timeLayout)
			return nil
		}
	}
	return errIncomplete("Date must be in ISO-8601 'basic format'. Got '%s'.", echo(text))
}

// parseCredential reads keyid/date/region/service/aws4_request.
func (s *Signature) parseCredential(credential string) error {
	var date, end string
	parts := [...]*string{&s.AccessKeyID, &date, &s.Region, &s.Service, &end}
	n := 0
	for part := range strings.SplitSeq(credential, "/") {
		if n < len(parts) {
			*parts[n] = part
		}
		n++
	}
	if n != len(parts) || s.AccessKeyID == "" || s.Region == "" || s.Service == "" {
		return errIncomplete("Credential must have exactly 5 slash-delimited elements, "+
			"e.g. keyid/date/region/service/term, got '%s'", echo(credential))
	}
	if end != scopeEnd {
		return errInvalid("Credential should be scoped with a valid terminator: '%s', not '%s'.", scopeEnd, echo(end))
	}
	if day := s.amzDate[:len(dateLayout)]; date != day {
		return errInvalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "+
			"'%s' != '%s', from '%s'.", echo(date), day, s.amzDate)
	}
	s.scope = credential[len(s.AccessKeyID)+1:]
	return nil
}

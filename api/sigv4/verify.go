package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"strings"
	"time"
)

// MaxSkew is how far the client's clock may be from ours, either way.
const MaxSkew = 5 * time.Minute

// Verify proves that the holder of secret signed r, with a payload of the given
// SHA-256, within MaxSkew of now. r must be the request the signature was
// parsed from; its body is not read. The error is an *Error with
// InvalidSignatureException, or nil.
func (s *Signature) Verify(r *http.Request, secret string, payloadSHA256 [sha256.Size]byte, now time.Time) error {
	v := requestView(r)
	return s.verify(&v, secret, &payloadSHA256, now)
}

func (s *Signature) verify(v *view, secret string, payload *[sha256.Size]byte, now time.Time) error {
	now = now.UTC()
	if s.Time.Before(now.Add(-MaxSkew)) {
		return errExpired(s.Time, now)
	}
	if s.Time.After(now.Add(MaxSkew)) {
		return errNotYetCurrent(s.Time, now)
	}
	if err := s.checkCoverage(v.header); err != nil {
		return err
	}
	id := keyID{secret: secret, date: s.amzDate[:len(dateLayout)], region: s.Region, service: s.Service}
	key, cached := derivedKeys.get(id)
	if !s.matches(v, key, payload) {
		return errMismatch()
	}
	if !cached {
		derivedKeys.put(id, key)
	}
	return nil
}

// matches compares signatures. Some signers leave a default port out of the
// host although the client then sends it, so that form counts too.
func (s *Signature) matches(v *view, key *signingKey, payload *[sha256.Size]byte) bool {
	mem := scratches.Get().(*scratch)
	defer mem.release()
	if hmac.Equal(mem.signature(v, key, s, payload), s.mac[:]) {
		return true
	}
	bare, ok := cutDefaultPort(v.host)
	if !ok {
		return false
	}
	v.host = bare
	return hmac.Equal(mem.signature(v, key, s, payload), s.mac[:])
}

// cutDefaultPort removes :80 or :443. Which of the two is the default depends on
// the scheme, which a server behind a TLS proxy does not know.
func cutDefaultPort(host string) (string, bool) {
	bare, ok := strings.CutSuffix(host, ":80")
	if !ok {
		bare, ok = strings.CutSuffix(host, ":443")
	}
	return bare, ok
}

// checkCoverage demands that the host, the date and every X-Amz-* header are
// under the signature: an unsigned one could have been added on the way.
func (s *Signature) checkCoverage(h http.Header) error {
	if !s.signs("host") {
		return errInvalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	if !s.signs(s.dateHeader) {
		return errUnsigned(s.dateHeader)
	}
	for name := range h {
		if len(name) > 6 && strings.EqualFold(name[:6], "x-amz-") && !s.signs(name) {
			return errUnsigned(strings.ToLower(name))
		}
	}
	return nil
}

// signs says whether a header is in the list. Names in the list are lower case.
func (s *Signature) signs(name string) bool {
	for signed := range strings.SplitSeq(s.SignedHeaders, ";") {
		if strings.EqualFold(signed, name) {
			return true
		}
	}
	return false
}

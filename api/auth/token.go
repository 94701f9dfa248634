package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

const (
	grantVersion = 1
	maxToken     = 4096 // characters; clients and proxies bound headers at 8 KiB
)

// tokenEncoding is strict: a token has one spelling only.
var tokenEncoding = base64.RawURLEncoding.Strict()

// grant is what a session token says: version, expiry, then three strings, each
// after its length.
type grant struct {
	roleARN, taskARN, roleType string
	expires                    int64 // Unix seconds
}

func (g grant) expiry() time.Time { return time.Unix(g.expires, 0).UTC() }

func (g grant) encode() []byte {
	b := make([]byte, 0, 16+len(g.roleARN)+len(g.taskARN)+len(g.roleType))
	b = append(b, grantVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(g.expires))
	for _, s := range []string{g.roleARN, g.taskARN, g.roleType} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

func decodeGrant(b []byte) (g grant, ok bool) {
	if len(b) < 9 || b[0] != grantVersion {
		return grant{}, false
	}
	g.expires = int64(binary.BigEndian.Uint64(b[1:]))
	b = b[9:]
	for _, s := range []*string{&g.roleARN, &g.taskARN, &g.roleType} {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return grant{}, false
		}
		end := size + int(n)
		*s, b = string(b[size:end]), b[end:]
	}
	return g, len(b) == 0
}

func encodeToken(payload, sum []byte) string {
	return tokenEncoding.EncodeToString(append(payload[:len(payload):len(payload)], sum...))
}

func decodeToken(token string) (payload, sum []byte, ok bool) {
	if len(token) > maxToken {
		return nil, nil, false
	}
	b, err := tokenEncoding.DecodeString(token)
	// The decoder skips line ends, which would be a second spelling.
	if err != nil || len(b) <= sha256.Size || tokenEncoding.EncodedLen(len(b)) != len(token) {
		return nil, nil, false
	}
	cut := len(b) - sha256.Size
	return b[:cut], b[cut:], true
}

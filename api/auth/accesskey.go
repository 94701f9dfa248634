package auth

import (
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"io"
)

// Prefixes of access key ids, as AWS has them.
const (
	prefixLongTerm  = "AKIA"
	prefixTemporary = "ASIA"

	keyIDBytes  = 10 // 16 characters of base32
	secretBytes = 30 // 40 characters of base64
)

// NewAccessKey makes a key shaped like Amazon's: an id of 20 characters that
// begins with AKIA and a secret of 40. random must be cryptographically strong;
// a source that fails is a broken invariant and panics.
func NewAccessKey(random io.Reader) (id, secret string) {
	var b [keyIDBytes + secretBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		panic(fmt.Sprintf("auth: no random bytes for an access key: %v", err))
	}
	return formatKeyID(prefixLongTerm, b[:keyIDBytes]), formatSecret(b[keyIDBytes:])
}

func formatKeyID(prefix string, b []byte) string {
	return prefix + base32.StdEncoding.EncodeToString(b)
}

func formatSecret(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

package awsjson

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// ErrToken says that a page token was not made by EncodeToken, was changed, or belongs to other filters. Callers map it
// to the exception their operation has for that.
var ErrToken = errors.New("awsjson: invalid page token")

const tokenSum = 8 // bytes of digest in front of the cursor

// FilterHash condenses what a list call filters by. Parts are kept apart, their order counts.
func FilterHash(parts ...string) uint64 {
	digest := sha256.New()
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		digest.Write(length[:])
		digest.Write([]byte(part))
	}
	return binary.BigEndian.Uint64(digest.Sum(nil))
}

// EncodeToken makes the opaque token that leads to the page after cursor. The token survives restarts and is valid on
// every server. It is a checksum, not a signature: it catches accidents and mixed-up filters, and whoever forges one gets
// a cursor of their choice, so a cursor must not open anything the caller could not list anyway.
func EncodeToken(cursor string, filterHash uint64) string {
	return base64.RawURLEncoding.EncodeToString(append(tokenDigest(cursor, filterHash), cursor...))
}

// DecodeToken gives back the cursor of a token made with the same filterHash, or ErrToken.
func DecodeToken(token string, filterHash uint64) (cursor string, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < tokenSum || strings.ContainsAny(token, "\r\n") { // which base64 skips
		return "", ErrToken
	}
	cursor = string(raw[tokenSum:])
	if !bytes.Equal(raw[:tokenSum], tokenDigest(cursor, filterHash)) {
		return "", ErrToken
	}
	return cursor, nil
}

func tokenDigest(cursor string, filterHash uint64) []byte {
	input := binary.BigEndian.AppendUint64([]byte("berth page 1\x00"), filterHash)
	sum := sha256.Sum256(append(input, cursor...))
	return sum[:tokenSum]
}

package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

const (
	masterBytes = 32
	// sealVersion is the first byte of everything sealed, so that another
	// method can follow without guessing.
	sealVersion = 1
)

// ErrSealed is what Open answers when the bytes were not sealed with this key
// and this context, or were changed since.
var ErrSealed = errors.New("sealed data does not open: wrong key file, wrong context or damaged")

// Sealer encrypts secrets at rest with AES-256-GCM. Its master key also is the
// root of other keys, each derived for one purpose. It is safe for concurrent
// use.
type Sealer struct {
	master [masterBytes]byte
	aead   cipher.AEAD
}

func newSealer(master [masterBytes]byte) (*Sealer, error) {
	s := &Sealer{master: master}
	block, err := aes.NewCipher(s.derive("seal"))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if s.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return s, nil
}

// derive makes a key of 32 bytes for one purpose.
func (s *Sealer) derive(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, s.master[:], nil, "berth "+purpose+" v1", sha256.Size)
	if err != nil {
		panic(fmt.Sprintf("auth: derive key: %v", err)) // only for absurd lengths
	}
	return key
}

// Seal encrypts plain. aad is the context it belongs to, such as the key's id:
// it is not stored but must be the same for Open, so that sealed secrets cannot
// be swapped. Sealing the same twice gives different bytes.
func (s *Sealer) Seal(plain, aad []byte) []byte {
	return s.aead.Seal([]byte{sealVersion}, nil, plain, aad)
}

// Open decrypts what Seal made with the same aad. The error is ErrSealed.
func (s *Sealer) Open(sealed, aad []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	plain, err := s.aead.Open(nil, nil, sealed[1:], aad)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"strings"
	"sync"
)

const (
	scopeEnd = "aws4_request"
	// keyGeneration bounds one half of the key cache. A key stands for a
	// principal, day, region and service; two halves of this size hold every
	// agent and operator of the largest cluster we plan for.
	keyGeneration = 8192
)

// keyID names a signing key. It holds the secret, not the access key id, so
// that a changed secret can never meet an old key.
type keyID struct {
	secret, date, region, service string
}

// signingKey is a derived key, ready to sign. Prepared HMAC states are pooled
// because setting one up costs more than signing with it.
type signingKey struct {
	macs sync.Pool
}

// deriveKey runs the four-step key derivation.
func deriveKey(id keyID) *signingKey {
	mac := func(key []byte, data string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(data))
		return h.Sum(nil)
	}
	key := mac([]byte("AWS4"+id.secret), id.date)
	key = mac(key, id.region)
	key = mac(key, id.service)
	key = mac(key, scopeEnd)
	return &signingKey{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// appendMAC appends the HMAC-SHA256 of data to dst. data and dst may share
// memory as long as dst does not reach into data.
func (k *signingKey) appendMAC(dst, data []byte) []byte {
	h := k.macs.Get().(hash.Hash)
	h.Write(data)
	dst = h.Sum(dst)
	h.Reset()
	k.macs.Put(h)
	return dst
}

// keyCache keeps derived keys in two generations: when the young one is full
// it becomes the old one and the old one is forgotten. Keys in use move back to
// the young one, so that the cache is bounded and what is used stays. An LRU
// list was rejected: it turns every read into a write.
type keyCache struct {
	limit int // most keys in one generation

	mu         sync.RWMutex // guards young and old
	young, old map[keyID]*signingKey
}

func newKeyCache(limit int) *keyCache {
	return &keyCache{limit: limit, young: map[keyID]*signingKey{}}
}

// derivedKeys serves the whole process: keys depend on nothing but their id.
var derivedKeys = newKeyCache(keyGeneration)

// get returns the key and whether it came from the cache. A new key is not
// stored; the caller does that with put once the key has proven worth it.
func (c *keyCache) get(id keyID) (key *signingKey, cached bool) {
	c.mu.RLock()
	key, young := c.young[id]
	if !young {
		key = c.old[id]
	}
	c.mu.RUnlock()
	switch {
	case young:
		return key, true
	case key != nil:
		c.put(id, key)
		return key, true
	}
	return deriveKey(id), false
}

// put stores a key. The strings of id are copied: they are often slices of a
// request's header, which must not live as long as the cache.
func (c *keyCache) put(id keyID, key *signingKey) {
	id = keyID{strings.Clone(id.secret), strings.Clone(id.date), strings.Clone(id.region), strings.Clone(id.service)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.limit {
		c.old, c.young = c.young, make(map[keyID]*signingKey, c.limit/8)
	}
	c.young[id] = key
}

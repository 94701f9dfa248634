package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"sync"
	"testing"
)

var emptySum = sha256.Sum256(nil)

// The derivation example of Amazon's SigV4 guide.
func TestDeriveKeyKnownAnswer(t *testing.T) {
	key := deriveKey(keyID{"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam"})
	const toSign = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n" +
		"f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
	const want = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
	for range 2 { // the second run uses the pooled state
		if got := hex.EncodeToString(key.appendMAC(nil, []byte(toSign))); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestKeyCacheIsBoundedAndKeepsWhatIsUsed(t *testing.T) {
	const limit = 8
	c := newKeyCache(limit)
	hot := keyID{secret: "hot"}
	first, _ := c.get(hot)
	c.put(hot, first)
	for i := range 100 * limit {
		id := keyID{secret: strconv.Itoa(i)}
		key, cached := c.get(id)
		if cached {
			t.Fatalf("key %d was cached before it was put", i)
		}
		c.put(id, key)
		if again, cached := c.get(hot); !cached || again != first {
			t.Fatalf("key in use was lost after %d others", i)
		}
		if n := len(c.young) + len(c.old); n > 2*limit {
			t.Fatalf("%d keys, limit is 2 x %d", n, limit)
		}
	}
	if _, cached := c.get(keyID{secret: "0"}); cached {
		t.Error("oldest key is still there")
	}
}

func TestFailedVerifyCachesNothing(t *testing.T) {
	req := signedRequest(t)
	id := keyID{"never right", "20261120", testRegion, "ecs"}
	if err := check(req, id.secret, nil, testTime); err == nil {
		t.Fatal("accepted with a wrong secret")
	}
	if _, cached := derivedKeys.get(id); cached {
		t.Error("a key that proved nothing was cached")
	}
}

func TestVerifyConcurrently(t *testing.T) {
	c := newKeyCache(4)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				id := keyID{secret: strconv.Itoa((i * g) % 12)}
				key, cached := c.get(id)
				want := deriveKey(id).appendMAC(nil, []byte("x"))
				if got := key.appendMAC(nil, []byte("x")); string(got) != string(want) {
					t.Errorf("wrong key for %v", id)
				}
				if !cached {
					c.put(id, key)
				}
			}
		})
	}
	wg.Wait()
}

func benchmarkRequest(b *testing.B) (*http.Request, [32]byte) {
	body := []byte(`{"cluster":"default","taskDefinition":"web:1","count":1}`)
	req, _ := http.NewRequest("POST", "http://127.0.0.1:8080/", nil)
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.RunTask")
	req.Header.Set("X-Amz-User-Agent", "aws-sdk-go-v2/1.47.7 ua/2.1 os/linux lang/go#1.26")
	if err := SignRequest(req, testCreds, testRegion, "ecs", body, testTime); err != nil {
		b.Fatal(err)
	}
	return req, sha256.Sum256(body)
}

func BenchmarkVerify(b *testing.B) {
	req, sum := benchmarkRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		s, err := Parse(req)
		if err == nil {
			err = s.Verify(req, testCreds.SecretAccessKey, sum, testTime)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyParallel(b *testing.B) {
	req, sum := benchmarkRequest(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s, err := Parse(req)
			if err == nil {
				err = s.Verify(req, testCreds.SecretAccessKey, sum, testTime)
			}
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkSign(b *testing.B) {
	req, _ := benchmarkRequest(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := SignRequest(req, testCreds, testRegion, "ecs", nil, testTime); err != nil {
			b.Fatal(err)
		}
	}
}

package awsjson

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// discardWriter is a ResponseWriter that costs nothing itself.
type discardWriter struct{ header http.Header }

func (w discardWriter) Header() http.Header         { return w.header }
func (w discardWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w discardWriter) WriteHeader(int)             {}

func BenchmarkServe(b *testing.B) {
	m, _ := newTestMux(func(c *Config) { c.Logger = nil })
	body := strings.NewReader("")
	r, err := http.NewRequest(http.MethodPost, "/", io.NopCloser(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "Test_1.Echo")
	w := discardWriter{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(`{"text":"hello"}`)
		m.ServeHTTP(w, r)
	}
}

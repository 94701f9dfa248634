package awsjson

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// dial sends raw bytes to a server and reads the answer; the connection is closed with the test.
func dial(t *testing.T, server *httptest.Server) (*net.TCPConn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn), bufio.NewReader(conn)
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatalf("send: %v", err)
	}
}

func receive(t *testing.T, reader *bufio.Reader) (*http.Response, string) {
	t.Helper()
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("read body: %v", err)
	}
	return response, string(body)
}

func serve(t *testing.T, change func(*Config)) *httptest.Server {
	m, _ := newTestMux(change)
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	return server
}

const head = "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: Test_1.Echo\r\n"

func expectEnd(t *testing.T, reader *bufio.Reader) {
	t.Helper()
	if _, err := reader.ReadByte(); err == nil {
		t.Error("the connection goes on")
	} else if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("the connection stays open")
	}
}

func TestSlowBodyIsDropped(t *testing.T) {
	server := serve(t, func(c *Config) { c.BodyTimeout = 20 * time.Millisecond })
	conn, reader := dial(t, server)
	send(t, conn, head+"Content-Length: 100\r\n\r\n{\"text\":")
	response, body := receive(t, reader)
	if response.StatusCode != 408 || !strings.Contains(body, CodeTimeout) {
		t.Errorf("got %d %s", response.StatusCode, body)
	}
	expectEnd(t, reader)
}

func TestHalfABody(t *testing.T) {
	server := serve(t, nil)
	conn, reader := dial(t, server)
	send(t, conn, head+"Content-Length: 100\r\n\r\n{\"text\":")
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	response, body := receive(t, reader)
	if response.StatusCode != 400 || !strings.Contains(body, CodeSerialization) {
		t.Errorf("got %d %s", response.StatusCode, body)
	}
	expectEnd(t, reader)
}

func TestTenMegabytes(t *testing.T) {
	server := serve(t, nil)
	big := `{"text":"` + strings.Repeat("x", 10<<20) + `"}`
	for name, body := range map[string]io.Reader{
		"with a length": strings.NewReader(big),
		"chunked":       struct{ io.Reader }{strings.NewReader(big)},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/", body)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-Amz-Target", "Test_1.Echo")
			response, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			answer, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != 413 || !strings.Contains(string(answer), CodeTooLarge) {
				t.Errorf("got %d %s %v", response.StatusCode, answer, err)
			}
			if !response.Close || response.Header.Get(requestIDHeader) == "" {
				t.Errorf("close %v, header %v", response.Close, response.Header)
			}
		})
	}
}

func TestAnnouncedGigabyteIsNotRead(t *testing.T) {
	server := serve(t, nil)
	conn, reader := dial(t, server)
	send(t, conn, head+"Content-Length: 1073741824\r\nExpect: 100-continue\r\n\r\n")
	response, body := receive(t, reader)
	if response.StatusCode != 413 || !strings.Contains(body, CodeTooLarge) {
		t.Errorf("got %d %s", response.StatusCode, body)
	}
	expectEnd(t, reader)
}

func TestLimitIsExact(t *testing.T) {
	m, _ := newTestMux(func(c *Config) { c.MaxBody = 12 })
	if w := post(m, "Test_1.Echo", `{"text":"a"}`); w.Code != 200 {
		t.Errorf("12 bytes: %d %s", w.Code, w.Body)
	}
	if w := post(m, "Test_1.Echo", `{"text":"ab"}`); w.Code != 413 {
		t.Errorf("13 bytes: %d %s", w.Code, w.Body)
	}
}

func TestConnectionSurvivesPanicAndSlowHandler(t *testing.T) {
	release := make(chan struct{})
	server := serve(t, func(c *Config) {
		c.BodyTimeout = time.Millisecond
		c.Authorize = func(ctx context.Context, operation string) error {
			if operation != "Empty" {
				return nil
			}
			select {
			case <-release:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	conn, reader := dial(t, server)
	call := func(operation string) {
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: Test_1."+operation+"\r\nContent-Length: 2\r\n\r\n{}")
	}
	call("Panic")
	if response, _ := receive(t, reader); response.StatusCode != 500 || response.Close {
		t.Fatalf("panic: %d, close %v", response.StatusCode, response.Close)
	}
	call("Empty")
	timer := time.AfterFunc(50*time.Millisecond, func() { close(release) }) // far beyond BodyTimeout
	defer timer.Stop()
	if response, body := receive(t, reader); response.StatusCode != 200 {
		t.Fatalf("after the body's time: %d %s", response.StatusCode, body)
	}
	call("Echo")
	if response, _ := receive(t, reader); response.StatusCode != 200 {
		t.Fatalf("third call: %d", response.StatusCode)
	}
}

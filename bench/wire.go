package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"berth/api/ecs/wire"
	"berth/api/sigv4"
)

const (
	region      = "us-east-1"
	contentType = "application/x-amz-json-1.1"
	// callPatience bounds one call: a server that hangs must not hang the benchmark.
	callPatience = 30 * time.Second
)

// caller makes signed calls over one kept connection, one at a time. net/http would take as much of the processors as the server
// does, and they are shared with it; signing is done anew for each call, as clients do it.
type caller struct {
	conn    net.Conn
	reader  *bufio.Reader
	request *http.Request // holds the headers that are signed
	creds   sigv4.Credentials
	out     bytes.Buffer
	answer  []byte
}

func dial(url string, creds sigv4.Credentials) (*caller, error) {
	request, err := http.NewRequest(http.MethodPost, url+"/", nil)
	if err != nil {
		return nil, err
	}
	conn, err := net.Dial("tcp", request.URL.Host)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	return &caller{conn: conn, reader: bufio.NewReaderSize(conn, 16<<10), request: request, creds: creds}, nil
}

func (c *caller) close() { _ = c.conn.Close() }

// call sends a body and returns the answer's, which is valid until the next call. An answer that is not 200 is an error.
func (c *caller) call(operation string, body []byte) ([]byte, error) {
	answer, status, err := c.roundTrip(operation, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", operation, err)
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d: %s", operation, status, answer)
	}
	return answer, nil
}

func (c *caller) roundTrip(operation string, body []byte) (answer []byte, status int, err error) {
	c.request.Header["X-Amz-Target"] = []string{wire.TargetPrefix + "." + operation}
	now := time.Now()
	if err := sigv4.SignRequest(c.request, c.creds, region, "ecs", body, now); err != nil {
		return nil, 0, err
	}
	c.out.Reset()
	c.out.WriteString("POST / HTTP/1.1\r\nHost: " + c.request.URL.Host + "\r\nContent-Length: ")
	c.out.WriteString(strconv.Itoa(len(body)))
	for name, values := range c.request.Header {
		c.out.WriteString("\r\n" + name + ": " + values[0])
	}
	c.out.WriteString("\r\n\r\n")
	c.out.Write(body)
	if err := c.conn.SetDeadline(now.Add(callPatience)); err != nil {
		return nil, 0, err
	}
	if _, err := c.conn.Write(c.out.Bytes()); err != nil {
		return nil, 0, err
	}
	return c.read()
}

// read takes in one answer. Berth's answers carry a Content-Length.
func (c *caller) read() (answer []byte, status int, err error) {
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return nil, 0, err
	}
	if fields := strings.Fields(string(line)); len(fields) > 1 {
		status, _ = strconv.Atoi(fields[1])
	}
	length := -1
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return nil, 0, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && strings.EqualFold(string(name), "Content-Length") {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return nil, 0, fmt.Errorf("answer of unknown length: %w", err)
			}
		}
	}
	if length < 0 {
		return nil, 0, fmt.Errorf("answer with status %d and of unknown length", status)
	}
	if cap(c.answer) < length {
		c.answer = make([]byte, length)
	}
	c.answer = c.answer[:length]
	_, err = io.ReadFull(c.reader, c.answer)
	return c.answer, status, err
}

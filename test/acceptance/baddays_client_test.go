//go:build acceptance

package acceptance

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// openFiles counts the descriptors of a process.
func (c *C) openFiles(p *process) int {
	c.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	c.must(err, "count the descriptors")
	return len(entries)
}

// residentMiB is the resident memory of a process.
func (c *C) residentMiB(p *process) int {
	c.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	c.must(err, "read the status")
	for _, line := range strings.Split(string(data), "\n") {
		var kib int
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			return kib / 1024
		}
	}
	c.Fatalf("no VmRSS")
	return 0
}

func TestLargeBody(t *testing.T) {
	c := begin(t, "A-baddays-10mb", "bodies of 10 MB, random bytes and deep nesting are refused and cost nothing lasting")
	s := c.server()
	a := s.api(c)
	a.call("ListClusters", obj{})
	before := c.residentMiB(s.process)
	large := []byte(`{"clusterName":"` + strings.Repeat("x", 10<<20) + `"}`)
	for range 20 {
		_, err := a.try("CreateCluster", large)
		c.check(err != nil && code(err) != "not an answer" && code(err) != "ServerException", "10 MB: %v", err)
	}
	for what, body := range map[string][]byte{
		"random bytes": bytes.Repeat([]byte{0xff, 0x00, 0x7f}, 1000),
		"nesting":      []byte(strings.Repeat(`{"a":[`, 5000)),
		"empty":        {},
		"a list":       []byte("[]"),
		"a number":     []byte("7"),
		"wrong types":  []byte(`{"clusterName":{"a":1}}`),
	} {
		got, err := a.try("CreateCluster", body)
		if what == "empty" {
			continue // as good as {}, or an error: both are answers
		}
		c.check(code(err) != "" && code(err) != "ServerException" && code(err) != "not an answer", "%s: %v", what, err)
		c.check(got == nil || got.status < 500, "%s: status %d", what, got.status)
	}
	a.aws("create-cluster", "--cluster-name", "after")
	c.check(c.residentMiB(s.process) < before+200, "resident memory went from %d to %d MiB", before, c.residentMiB(s.process))
}

func TestHalfBody(t *testing.T) {
	c := begin(t, "A-baddays-half-body", "half bodies, half headers and silent connections cost nothing: the API answers, descriptors return")
	s := c.server()
	a := s.api(c)
	a.call("ListClusters", obj{})
	httpClient.CloseIdleConnections()
	before := c.openFiles(s.process)
	head := "POST / HTTP/1.1\r\nHost: berth\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: " + targetPrefix + "ListClusters\r\n"
	starts := []string{"", "POST / HT", head, head + "Content-Length: 1000\r\n\r\n{\"half\":", "\x16\x03\x01\x02\x00\x01\x00"}
	var stalled []net.Conn
	for range 40 {
		for _, start := range starts {
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			c.must(err, "connect")
			_, err = conn.Write([]byte(start))
			c.must(err, "write")
			stalled = append(stalled, conn)
		}
	}
	for range 20 {
		began := time.Now()
		a.call("ListClusters", obj{})
		c.check(time.Since(began) < 2*time.Second, "with %d stalled connections a call took %v", len(stalled), time.Since(began))
	}
	for _, conn := range stalled[:len(stalled)/2] {
		_ = conn.Close()
	}
	// The server ends the others by itself.
	c.eventually(100*time.Second, "the descriptors are back", func() error {
		httpClient.CloseIdleConnections()
		if now := c.openFiles(s.process); now > before+10 {
			return notYet("%d descriptors, before %d", now, before)
		}
		return nil
	})
	for _, conn := range stalled[len(stalled)/2:] {
		_ = conn.Close()
	}
	a.call("ListClusters", obj{})
}

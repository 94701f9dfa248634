//go:build acceptance

package acceptance

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
)

// registry starts an image registry in memory, on the loopback interface, and returns its host and port.
func (c *C) registry() string {
	c.Helper()
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	c.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// push puts the test image into a registry of the check's own, takes it off this machine, and returns its name: whoever
// uses it must pull it.
func (c *C) push(name string) string {
	c.Helper()
	ref := c.registry() + "/" + name + ":1"
	c.docker("tag", image, ref)
	c.docker("push", "--quiet", ref)
	c.docker("rmi", ref)
	c.Cleanup(func() { _, _ = docker("rmi", "-f", ref) })
	return ref
}

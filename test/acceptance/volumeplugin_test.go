//go:build acceptance

package acceptance

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// volumePlugin serves a volume driver to Docker daemons of this machine, keeping volumes in folders, and returns its name.
// Only ask a private daemon for it: a daemon remembers a driver that has gone, and waits for it at every list of volumes.
func (c *C) volumePlugin() string {
	c.Helper()
	const sockets = "/run/docker/plugins"
	name := c.name("driver")
	c.must(os.MkdirAll(sockets, 0o755), "make the folder of plugins")
	listener, err := net.Listen("unix", filepath.Join(sockets, name+".sock"))
	c.must(err, "listen")
	p := &volumePlugin{dir: c.dir("volumes"), made: map[string]bool{}}
	s := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() { // ends when the server is closed
		defer close(done)
		_ = s.Serve(listener)
	}()
	c.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return name
}

// volumePlugin answers the calls of Docker's volume plugin protocol.
type volumePlugin struct {
	dir string

	mu   sync.Mutex
	made map[string]bool // volumes by name
}

func (p *volumePlugin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Name string }
	_ = json.NewDecoder(r.Body).Decode(&in) // some calls have no body
	answer, err := p.answer(r.URL.Path, in.Name)
	if err != nil {
		answer = obj{"Err": err.Error()}
	}
	w.Header().Set("Content-Type", "application/vnd.docker.plugins.v1.1+json")
	_ = json.NewEncoder(w).Encode(answer)
}

func (p *volumePlugin) answer(call, name string) (obj, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	path := filepath.Join(p.dir, filepath.Base(name))
	switch call {
	case "/Plugin.Activate":
		return obj{"Implements": []string{"VolumeDriver"}}, nil
	case "/VolumeDriver.Capabilities":
		return obj{"Capabilities": obj{"Scope": "local"}}, nil
	case "/VolumeDriver.Create":
		p.made[name] = true
		return obj{}, os.MkdirAll(path, 0o755)
	case "/VolumeDriver.Remove":
		delete(p.made, name)
		return obj{}, os.RemoveAll(path)
	case "/VolumeDriver.Mount", "/VolumeDriver.Path":
		return obj{"Mountpoint": path}, nil
	case "/VolumeDriver.Get":
		if !p.made[name] {
			return nil, os.ErrNotExist
		}
		return obj{"Volume": obj{"Name": name, "Mountpoint": path}}, nil
	case "/VolumeDriver.List":
		volumes := []obj{}
		for name := range p.made {
			volumes = append(volumes, obj{"Name": name, "Mountpoint": filepath.Join(p.dir, filepath.Base(name))})
		}
		return obj{"Volumes": volumes}, nil
	default: // Unmount
		return obj{}, nil
	}
}

package docker

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"berth/agent/runtime"
)

// portKey is a host port.
type portKey struct {
	port  uint16
	proto string
}

// publish fills in exposed ports and bindings. Single ports without a host port are left to the engine, which takes
// them from the kernel's ephemeral range (features.md B14.1); for ranges a contiguous run of free ports of that range
// is looked for here.
func (r *Runtime) publish(spec runtime.Spec, config *container.Config, host *container.HostConfig) error {
	mode := host.NetworkMode
	if mode.IsHost() || mode.IsNone() || len(spec.Ports) == 0 {
		return nil
	}
	if config.ExposedPorts == nil {
		config.ExposedPorts = network.PortSet{}
	}
	if host.PortBindings == nil {
		host.PortBindings = network.PortMap{}
	}
	for _, p := range spec.Ports {
		first := p.Host
		if p.Range {
			var err error
			if first, err = r.freeRun(spec.Name, int(p.Last-p.First)+1, p.Protocol); err != nil {
				return runtime.NewError(runtime.CannotCreateContainer, err)
			}
		}
		for offset := range p.Last - p.First + 1 {
			port, ok := network.PortFrom(p.First+offset, network.IPProtocol(p.Protocol))
			if !ok {
				return runtime.NewError(runtime.HostConfig, fmt.Errorf("port %d has no protocol", p.First+offset))
			}
			binding := network.PortBinding{HostPort: "0"}
			if first != 0 {
				binding.HostPort = strconv.Itoa(int(first + offset))
			}
			config.ExposedPorts[port] = struct{}{}
			host.PortBindings[port] = append(host.PortBindings[port], binding)
		}
	}
	return nil
}

// freeRun finds n host ports in a row that nothing listens on and that no other container here was promised.
func (r *Runtime) freeRun(container string, n int, proto string) (uint16, error) {
	low, high := ephemeralRange()
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := map[portKey]bool{}
	for _, keys := range r.ranges {
		for _, key := range keys {
			taken[key] = true
		}
	}
	size := high - low + 1
	if n > size {
		return 0, fmt.Errorf("no %d host ports in a row: the host has %d", n, size)
	}
	start := rand.IntN(size)
	run := 0
	for i := range size + n {
		port := low + (start+i)%size
		if port == low {
			run = 0 // the range wrapped: no run across its end
		}
		key := portKey{uint16(port), proto}
		if taken[key] || !free(key) {
			run = 0
			continue
		}
		if run++; run < n {
			continue
		}
		first := port - n + 1
		for p := first; p <= port; p++ {
			r.ranges[container] = append(r.ranges[container], portKey{uint16(p), proto})
		}
		return uint16(first), nil
	}
	return 0, fmt.Errorf("no %d free %s host ports in a row between %d and %d", n, proto, low, high)
}

func (r *Runtime) forgetRanges(container string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.ranges, container)
}

// free tries to listen on the port.
func free(key portKey) bool {
	address := ":" + strconv.Itoa(int(key.port))
	if key.proto == "udp" {
		conn, err := net.ListenPacket("udp", address)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	listener.Close()
	return true
}

// ephemeralRange is the kernel's range for automatic ports, or ECS's fallback.
func ephemeralRange() (low, high int) {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err == nil {
		if n, err := fmt.Sscan(strings.TrimSpace(string(text)), &low, &high); err == nil && n == 2 && low > 0 && high >= low && high < 1<<16 {
			return low, high
		}
	}
	return 49153, 65535
}

// bindings reads what the engine published.
func bindings(ports network.PortMap) []runtime.Binding {
	var list []runtime.Binding
	for port, published := range ports {
		for _, b := range published {
			number, err := strconv.ParseUint(b.HostPort, 10, 16)
			if err != nil {
				continue
			}
			ip := "0.0.0.0"
			if b.HostIP.IsValid() {
				ip = b.HostIP.String()
			}
			list = append(list, runtime.Binding{
				HostIP: ip, ContainerPort: port.Num(), HostPort: uint16(number), Protocol: string(port.Proto()),
			})
		}
	}
	return list
}

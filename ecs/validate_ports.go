package ecs

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxPortRanges of one container. ECS: features.md C59.
const maxPortRanges = 100

// PortRange is an inclusive range of ports.
type PortRange struct{ First, Last uint16 }

// ParsePortRange reads "first-last", both 1 to 65535 and first below last (features.md B14.5).
func ParsePortRange(s string) (r PortRange, ok bool) {
	first, last, found := strings.Cut(s, "-")
	a, errA := strconv.ParseUint(first, 10, 16)
	b, errB := strconv.ParseUint(last, 10, 16)
	if !found || errA != nil || errB != nil || a == 0 || a >= b {
		return PortRange{}, false
	}
	return PortRange{uint16(a), uint16(b)}, true
}

// Ports is the range a mapping covers on the container's side; a single port is a range of one.
func (p *PortMapping) Ports() PortRange {
	if p.ContainerPortRange == "" {
		return PortRange{p.ContainerPort, p.ContainerPort}
	}
	r, _ := ParsePortRange(p.ContainerPortRange)
	return r
}

func (r PortRange) overlaps(o PortRange) bool { return r.First <= o.Last && o.First <= r.Last }

func invalidContainerPort(c *ContainerDefinition) error {
	return ClientErrorf("Invalid 'containerPort' setting for container '%s'.", c.Name)
}

// validatePortShape: a mapping is a port or a range, never both.
func validatePortShape(_ *TaskDefinition, c *ContainerDefinition) error {
	for i := range c.PortMappings {
		p := &c.PortMappings[i]
		switch {
		case p.ContainerPort != 0 && p.ContainerPortRange != "":
			return ClientErrorf("Invalid 'portMappings' setting for container '%s': "+
				"cannot specify both single port and port range", c.Name)
		case p.ContainerPort == 0 && p.ContainerPortRange == "":
			return invalidContainerPort(c)
		case p.Protocol != TCP && p.Protocol != UDP:
			return ClientErrorf("Invalid 'protocol' setting for container '%s'.", c.Name)
		}
	}
	return nil
}

func validatePortRanges(d *TaskDefinition, c *ContainerDefinition) error {
	ranges := 0
	for i := range c.PortMappings {
		p := &c.PortMappings[i]
		if p.ContainerPortRange == "" {
			continue
		}
		ranges++
		_, ok := ParsePortRange(p.ContainerPortRange)
		if mode := d.Network(); !ok || p.HostPort != 0 || mode != NetworkBridge && mode != NetworkAWSVPC {
			return ClientErrorf("Invalid 'containerPortRange' setting for container '%s'.", c.Name)
		}
	}
	if ranges > maxPortRanges {
		return ClientErrorf("Container '%s' can have at most %d port ranges.", c.Name, maxPortRanges)
	}
	return nil
}

// validatePortsOfMode: none has no ports; awsvpc and host map a port to itself (features.md B12.1, B12.2).
func validatePortsOfMode(d *TaskDefinition, c *ContainerDefinition) error {
	mode := d.Network()
	if mode == NetworkNone && len(c.PortMappings) > 0 {
		return ClientErrorf("Port mappings are not supported when networkMode=none.")
	}
	if mode != NetworkAWSVPC && mode != NetworkHost {
		return nil
	}
	for i := range c.PortMappings {
		if p := &c.PortMappings[i]; p.HostPort != p.ContainerPort {
			return ClientErrorf("When networkMode=%s, the host ports and container ports in port mappings must match.", mode)
		}
	}
	return nil
}

// validateContainerPortOnce: not even with another protocol (features.md B14.3).
func validateContainerPortOnce(_ *TaskDefinition, c *ContainerDefinition) error {
	for i := range c.PortMappings {
		for k := range i {
			if c.PortMappings[i].Ports().overlaps(c.PortMappings[k].Ports()) {
				return ClientErrorf("Invalid 'portMappings' setting for container '%s': "+
					"container port is used multiple times in task", c.Name)
			}
		}
	}
	return nil
}

// validateHostPortsOnce: two containers of a task cannot share a fixed port of the host, or of the task's own interface.
func validateHostPortsOnce(d *TaskDefinition) error {
	var used []HostPort
	for i := range d.Containers {
		for k := range d.Containers[i].PortMappings {
			p := &d.Containers[i].PortMappings[k]
			port := HostPort{p.HostPort, p.Protocol}
			if p.HostPort != 0 && slices.Contains(used, port) {
				return ClientErrorf("%s host port '%d' is mapped multiple times in task.",
					strings.ToUpper(string(p.Protocol)), p.HostPort)
			}
			used = append(used, port)
		}
	}
	return nil
}

var portName = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]{0,63}$`)

// validatePortNames: lower case, at most 64, unique in the definition (features.md C25).
func validatePortNames(d *TaskDefinition) error {
	used := map[string]bool{}
	for i := range d.Containers {
		for _, p := range d.Containers[i].PortMappings {
			switch {
			case p.Name == "":
			case !portName.MatchString(p.Name):
				return ClientErrorf("Invalid port mapping name '%s' for container '%s'.", p.Name, d.Containers[i].Name)
			case used[p.Name]:
				return ClientErrorf("The port mapping name is already used in the task definition: '%s'.", p.Name)
			case !oneOf(p.AppProtocol, "", "http", "http2", "grpc"):
				return ClientErrorf("Invalid 'appProtocol' setting for container '%s'.", d.Containers[i].Name)
			}
			used[p.Name] = true
		}
	}
	return nil
}

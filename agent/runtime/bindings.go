package runtime

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// WithoutTwins drops the bindings on IPv6 addresses that repeat one on an IPv4 address: Docker publishes every port on both, and
// clients expect one binding a port, as the amazon-ecs-agent reports since it filters them (semantics.md 6, networkBindings).
func WithoutTwins(bindings []Binding) []Binding {
	type mapping struct {
		port     uint16
		protocol string
	}
	v4 := map[mapping]bool{}
	for _, b := range bindings {
		if !strings.Contains(b.HostIP, ":") {
			v4[mapping{b.ContainerPort, string(b.Protocol)}] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(bindings), func(b Binding) bool {
		return strings.Contains(b.HostIP, ":") && v4[mapping{b.ContainerPort, string(b.Protocol)}]
	})
}

// FoldRanges replaces the single ports that belong to a mapping given as a range by one binding per host address, and
// sorts the result by port, protocol and address.
func FoldRanges(bindings []Binding, ports []Port) []Binding {
	bindings = WithoutTwins(bindings)
	var out []Binding
	folded := map[string]bool{}
	for _, b := range bindings {
		p, ok := rangeOf(b, ports)
		if !ok {
			out = append(out, b)
			continue
		}
		key := fmt.Sprint(p.First, p.Protocol, b.HostIP)
		if folded[key] {
			continue
		}
		folded[key] = true
		first, last := hostRange(bindings, b.HostIP, p)
		out = append(out, Binding{
			HostIP: b.HostIP, Protocol: p.Protocol,
			ContainerPortRange: fmt.Sprintf("%d-%d", p.First, p.Last),
			HostPortRange:      fmt.Sprintf("%d-%d", first, last),
		})
	}
	slices.SortFunc(out, func(a, b Binding) int {
		return cmp.Or(cmp.Compare(a.ContainerPort, b.ContainerPort), cmp.Compare(a.ContainerPortRange, b.ContainerPortRange),
			cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.HostIP, b.HostIP), cmp.Compare(a.HostPort, b.HostPort))
	})
	return out
}

func rangeOf(b Binding, ports []Port) (Port, bool) {
	for _, p := range ports {
		if p.Range && p.Protocol == b.Protocol && b.ContainerPort >= p.First && b.ContainerPort <= p.Last {
			return p, true
		}
	}
	return Port{}, false
}

// hostRange is the lowest and highest host port of a range on one address.
func hostRange(bindings []Binding, ip string, p Port) (first, last uint16) {
	for _, b := range bindings {
		if b.HostIP != ip || b.Protocol != p.Protocol || b.ContainerPort < p.First || b.ContainerPort > p.Last {
			continue
		}
		if first == 0 || b.HostPort < first {
			first = b.HostPort
		}
		last = max(last, b.HostPort)
	}
	return first, last
}

package placement

import (
	"slices"
	"strings"

	"berth/ecs"
	"berth/state"
)

// naive is placement written down once more as plainly as possible: it recounts every task for every question, filters, and narrows
// strategy by strategy. It shares with the package the reasons, the query language and the rule for ties (pick).
type naive struct {
	r     *Request
	loads map[ecs.InstanceID]*state.Usage
	all   []*ecs.Instance
}

func newNaive(v *state.View, r *Request) *naive {
	n := &naive{r: r, loads: map[ecs.InstanceID]*state.Usage{}}
	v.ScanInstances(r.Cluster, "", func(i *ecs.Instance) bool {
		n.all = append(n.all, i)
		n.loads[i.ID] = &state.Usage{}
		return true
	})
	groups := map[ecs.InstanceID]map[string]int{}
	v.ScanTasks(r.Cluster, "", func(t *ecs.Task) bool {
		u := n.loads[t.Instance]
		if u == nil || t.DesiredStatus != ecs.StatusRunning || t.LastStatus == ecs.StatusStopped {
			return true
		}
		if t.LastStatus == ecs.StatusRunning {
			u.Running++
		}
		u.CPUUnits += t.Reserved.CPUUnits
		u.MemoryMiB += t.Reserved.MemoryMiB
		u.GPUs += t.Reserved.GPUs
		u.Ports = append(u.Ports, t.Reserved.Ports...)
		if groups[t.Instance] == nil {
			groups[t.Instance] = map[string]int{}
		}
		groups[t.Instance][t.Group]++
		return true
	})
	for id, u := range n.loads {
		for group, tasks := range groups[id] {
			u.Groups = append(u.Groups, state.GroupTasks{Group: group, Tasks: tasks})
		}
		slices.SortFunc(u.Groups, func(a, b state.GroupTasks) int { return strings.Compare(a.Group, b.Group) })
	}
	return n
}

// rejects returns the reason for which an instance cannot take the task, or "".
func (n *naive) rejects(i *ecs.Instance) string {
	r, u := n.r, n.loads[i.ID]
	value := func(name string) (string, bool) {
		k := slices.IndexFunc(i.Attributes, func(a ecs.Attribute) bool { return a.Name == name })
		if k < 0 {
			return "", false
		}
		return i.Attributes[k].Value, true
	}
	_, external := value("ecs.capability.external")
	if !i.AgentConnected {
		return "AGENT"
	}
	if r.LaunchType == ecs.LaunchExternal && !external || r.LaunchType == ecs.LaunchEC2 && external {
		return "ATTRIBUTE"
	}
	for _, want := range r.Attributes {
		if have, ok := value(want.Name); !ok || want.Value != "" && want.Value != have {
			return "ATTRIBUTE"
		}
	}
	if r.Needs.CPUUnits > 0 && u.CPUUnits+r.Needs.CPUUnits > i.CPUUnits {
		return "RESOURCE:CPU"
	}
	if r.Needs.MemoryMiB > 0 && u.MemoryMiB+r.Needs.MemoryMiB > i.MemoryMiB {
		return "RESOURCE:MEMORY"
	}
	for _, p := range r.Needs.Ports {
		if slices.Contains(u.Ports, p) || slices.Contains(i.ReservedPorts, p) {
			return "RESOURCE:PORTS"
		}
	}
	if r.Needs.GPUs > 0 && u.GPUs+r.Needs.GPUs > int64(len(i.GPUIDs)) {
		return "RESOURCE:GPU"
	}
	if z, _ := value("ecs.availability-zone"); len(r.Zones) > 0 && !slices.Contains(r.Zones, z) {
		return "LOCATION"
	}
	if r.DistinctInstance && u.GroupTasks(r.Group) > 0 {
		return "DistinctInstance placement constraint unsatisfied."
	}
	subject := &Subject{Usage: u}
	subject.Instance.Instance = i
	for _, x := range r.MemberOf {
		if !x.Eval(subject) {
			return "MemberOf placement constraint unsatisfied."
		}
	}
	return ""
}

// place returns the choice, or nil and the reasons by instance, in order of id.
func (n *naive) place() (*ecs.Instance, []string) {
	var fit []*ecs.Instance
	var reasons []string
	for _, i := range n.all {
		if i.Status != ecs.InstanceActive {
			continue
		}
		if reason := n.rejects(i); reason == "" {
			fit = append(fit, i)
		} else {
			reasons = append(reasons, string(i.ID)+" "+reason)
		}
	}
	if len(fit) == 0 {
		return nil, reasons
	}
	for _, s := range n.r.Strategies {
		fit = leastBy(fit, n.measure(s))
	}
	depth := 0
	for _, s := range n.r.Strategies {
		if name, ok := strings.CutPrefix(s.Field, "attribute:"); ok && s.Type == Spread {
			byValue := partition(fit, name)
			fit = byValue[pick(n.r.Seed, depth, len(byValue))]
			depth++
		}
	}
	return fit[pick(n.r.Seed, depth, len(fit))], nil
}

// measure returns what a strategy compares.
func (n *naive) measure(s Strategy) func(*ecs.Instance) int64 {
	name, byAttribute := strings.CutPrefix(s.Field, "attribute:")
	switch {
	case s.Type == Random:
		return func(*ecs.Instance) int64 { return 0 }
	case s.Type == Binpack && strings.EqualFold(s.Field, "cpu"):
		return func(i *ecs.Instance) int64 { return max(i.CPUUnits-n.loads[i.ID].CPUUnits, 0) }
	case s.Type == Binpack:
		return func(i *ecs.Instance) int64 { return max(i.MemoryMiB-n.loads[i.ID].MemoryMiB, 0) }
	case !byAttribute:
		return func(i *ecs.Instance) int64 { return int64(n.loads[i.ID].GroupTasks(n.r.Group)) }
	}
	return func(i *ecs.Instance) int64 {
		tasks, mine := 0, valueOf(i, name)
		for _, o := range n.all {
			if valueOf(o, name) == mine {
				tasks += n.loads[o.ID].GroupTasks(n.r.Group)
			}
		}
		return int64(tasks)
	}
}

func valueOf(i *ecs.Instance, name string) string {
	v, _ := i.Attribute(name)
	return v
}

func leastBy(fit []*ecs.Instance, measure func(*ecs.Instance) int64) []*ecs.Instance {
	var kept []*ecs.Instance
	for _, i := range fit {
		switch {
		case len(kept) == 0 || measure(i) < measure(kept[0]):
			kept = []*ecs.Instance{i}
		case measure(i) == measure(kept[0]):
			kept = append(kept, i)
		}
	}
	return kept
}

// partition groups instances by the value of an attribute, in order of the values.
func partition(fit []*ecs.Instance, name string) [][]*ecs.Instance {
	sorted := slices.Clone(fit)
	slices.SortStableFunc(sorted, func(a, b *ecs.Instance) int { return strings.Compare(valueOf(a, name), valueOf(b, name)) })
	var out [][]*ecs.Instance
	for k, i := range sorted {
		if k == 0 || valueOf(i, name) != valueOf(sorted[k-1], name) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], i)
	}
	return out
}

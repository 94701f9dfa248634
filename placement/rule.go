package placement

import (
	"slices"

	"berth/ecs"
	"berth/placement/query"
	"berth/state"
)

// rule is a filter with its name, and what there is to say about its verdict beside the filter's own text.
type rule struct {
	name   string
	filter *filter
	// asked reports whether the request depends on the rule; nil is always.
	asked func(q *question) bool
	// more adds to the verdict, whether it passed or not.
	more func(q *question, c candidate, v *Verdict)
}

// rules are isActive, which placement asks by its choice of candidates, and then the filters, in their order.
var rules = []rule{
	{"status", &isActive, nil, nil},
	{"agent", &agentConnected, nil, nil},
	{"launchType", &launchType, func(q *question) bool { return q.LaunchType != "" }, nil},
	{"attributes", &attributes, func(q *question) bool { return len(q.Attributes) > 0 }, missingAttributes},
	{"cpu", &cpu, func(q *question) bool { return q.Needs.CPUUnits > 0 }, amount(func(q *question, c candidate) Amount {
		return Amount{q.Needs.CPUUnits, c.freeCPU(), c.instance.CPUUnits}
	})},
	{"memory", &memory, func(q *question) bool { return q.Needs.MemoryMiB > 0 }, amount(func(q *question, c candidate) Amount {
		return Amount{q.Needs.MemoryMiB, c.freeMemory(), c.instance.MemoryMiB}
	})},
	{"ports", &ports, func(q *question) bool { return len(q.Needs.Ports) > 0 }, takenPorts},
	{"gpu", &gpus, func(q *question) bool { return q.Needs.GPUs > 0 }, amount(func(q *question, c candidate) Amount {
		return Amount{q.Needs.GPUs, c.freeGPUs(), int64(len(c.instance.GPUIDs))}
	})},
	{"zone", &zone, func(q *question) bool { return len(q.Zones) > 0 }, nil},
	{"distinctInstance", &distinct, func(q *question) bool { return q.DistinctInstance }, groupTasks},
	{"memberOf", &memberOf, func(q *question) bool { return len(q.MemberOf) > 0 }, unmetExpressions},
}

func (r *rule) verdict(q *question, c candidate) Verdict {
	v := Verdict{Rule: r.name, Passed: r.filter.passes(q, c)}
	if !v.Passed {
		v.Reason, v.Detail = r.filter.reason, r.filter.detail(q, c)
	}
	if r.more != nil {
		r.more(q, c, &v)
	}
	return v
}

func amount(of func(q *question, c candidate) Amount) func(*question, candidate, *Verdict) {
	return func(q *question, c candidate, v *Verdict) { v.Amount = new(of(q, c)) }
}

func missingAttributes(q *question, c candidate, v *Verdict) {
	for _, want := range q.Attributes {
		have, ok := c.instance.Attribute(want.Name)
		if !ok || want.Value != "" && want.Value != have {
			v.Attributes = append(v.Attributes, MissingAttribute{want.Name, want.Value, have, ok})
		}
	}
}

func takenPorts(q *question, c candidate, v *Verdict) {
	for _, p := range q.Needs.Ports {
		if slices.Contains(c.instance.ReservedPorts, p) {
			v.Ports = append(v.Ports, TakenPort{Port: p})
			continue
		}
		if _, used := slices.BinarySearchFunc(c.usage.Ports, p, state.ComparePorts); used {
			v.Ports = append(v.Ports, TakenPort{p, q.holder(c.instance, p)})
		}
	}
}

// holder returns the task that has a port of an instance.
func (q *question) holder(i *ecs.Instance, p ecs.HostPort) (id ecs.TaskID) {
	q.view.ScanTasksOfInstance(i, "", func(t *ecs.Task) bool {
		if t.Active() && slices.Contains(t.Reserved.Ports, p) {
			id = t.ID
		}
		return id == ""
	})
	return id
}

func groupTasks(q *question, c candidate, v *Verdict) {
	if v.Passed {
		return
	}
	q.view.ScanTasksOfInstance(c.instance, "", func(t *ecs.Task) bool {
		if t.Active() && t.Group == q.Group {
			v.Tasks = append(v.Tasks, t.ID)
		}
		return true
	})
}

func unmetExpressions(q *question, c candidate, v *Verdict) {
	s := &Subject{query.Instance{Instance: c.instance}, c.usage}
	for _, x := range q.MemberOf {
		if why := x.Explain(s); why != "" {
			v.Unmet = append(v.Unmet, UnmetExpression{x.String(), why})
		}
	}
}

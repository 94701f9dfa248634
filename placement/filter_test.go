package placement

import (
	"slices"
	"testing"

	"berth/ecs"
)

// Each case: what the instance is like, what runs on it, what is asked, and the rejection; an empty reason means that it fits.
var filterCases = []struct {
	name           string
	instance       func(*ecs.Instance)
	tasks          []ecs.Reservation
	request        Request
	reason, detail string
}{
	{name: "nothing asked"},
	{name: "disconnected", instance: func(i *ecs.Instance) { i.AgentConnected = false },
		reason: "AGENT", detail: "the agent is not connected"},
	{name: "external wanted", request: Request{LaunchType: ecs.LaunchExternal},
		reason: "ATTRIBUTE", detail: "launch type EXTERNAL needs an instance with ecs.capability.external"},
	{name: "external had", instance: external, request: Request{LaunchType: ecs.LaunchExternal}},
	{name: "EC2 wanted, external had", instance: external, request: Request{LaunchType: ecs.LaunchEC2},
		reason: "ATTRIBUTE", detail: "launch type EC2 does not run on an external instance"},
	{name: "either wanted", instance: external},
	{name: "attribute missing", request: Request{Attributes: []ecs.Attribute{{Name: "a"}, {Name: "b"}}},
		reason: "ATTRIBUTE", detail: "missing attribute a"},
	{name: "second attribute missing", request: Request{Attributes: []ecs.Attribute{{Name: "ecs.availability-zone"}, {Name: "b"}}},
		reason: "ATTRIBUTE", detail: "missing attribute b"},
	{name: "attribute differs", request: Request{Attributes: []ecs.Attribute{{Name: "ecs.availability-zone", Value: "y"}}},
		reason: "ATTRIBUTE", detail: `attribute ecs.availability-zone is "z", the task needs "y"`},
	{name: "attribute equal", request: Request{Attributes: []ecs.Attribute{{Name: "ecs.availability-zone", Value: "z"}}}},

	{name: "all the cpu", tasks: []ecs.Reservation{{CPUUnits: 24}}, request: Request{Needs: ecs.Reservation{CPUUnits: 1000}}},
	{name: "one unit too much", tasks: []ecs.Reservation{{CPUUnits: 24}}, request: Request{Needs: ecs.Reservation{CPUUnits: 1001}},
		reason: "RESOURCE:CPU", detail: "needs 1001 CPU units, 1000 of 1024 are free"},
	{name: "cpu 0 always fits", tasks: []ecs.Reservation{{CPUUnits: 1024}}, request: Request{}},
	{name: "shrunk host, cpu 0", tasks: []ecs.Reservation{{CPUUnits: 2048}}, request: Request{}},
	{name: "shrunk host", tasks: []ecs.Reservation{{CPUUnits: 2048}}, request: Request{Needs: ecs.Reservation{CPUUnits: 1}},
		reason: "RESOURCE:CPU", detail: "needs 1 CPU units, 0 of 1024 are free"},
	{name: "all the memory", tasks: []ecs.Reservation{{MemoryMiB: 48}}, request: Request{Needs: ecs.Reservation{MemoryMiB: 2000}}},
	{name: "one MiB too much", tasks: []ecs.Reservation{{MemoryMiB: 48}}, request: Request{Needs: ecs.Reservation{MemoryMiB: 2001}},
		reason: "RESOURCE:MEMORY", detail: "needs 2001 MiB of memory, 2000 of 2048 are free"},
	{name: "shrunk host, memory 0", tasks: []ecs.Reservation{{MemoryMiB: 4096}}, request: Request{}},

	{name: "port free", tasks: []ecs.Reservation{{Ports: []ecs.HostPort{port(80, ecs.TCP)}}},
		request: Request{Needs: ecs.Reservation{Ports: []ecs.HostPort{port(81, ecs.TCP)}}}},
	{name: "port in use", tasks: []ecs.Reservation{{Ports: []ecs.HostPort{port(80, ecs.TCP)}}},
		request: Request{Needs: ecs.Reservation{Ports: []ecs.HostPort{port(79, ecs.TCP), port(80, ecs.TCP)}}},
		reason:  "RESOURCE:PORTS", detail: "port 80/tcp is in use on the instance"},
	{name: "the other protocol", tasks: []ecs.Reservation{{Ports: []ecs.HostPort{port(80, ecs.TCP)}}},
		request: Request{Needs: ecs.Reservation{Ports: []ecs.HostPort{port(80, ecs.UDP)}}}},
	{name: "port reserved", request: Request{Needs: ecs.Reservation{Ports: []ecs.HostPort{port(22, ecs.TCP)}}},
		reason: "RESOURCE:PORTS", detail: "port 22/tcp is reserved on the instance"},
	{name: "reserved for the other protocol", request: Request{Needs: ecs.Reservation{Ports: []ecs.HostPort{port(22, ecs.UDP)}}}},
	{name: "port 100", tasks: []ecs.Reservation{{Ports: portsFrom(1000, 97)}}, // two are reserved
		request: Request{Needs: ecs.Reservation{Ports: portsFrom(2000, 1)}}},
	{name: "port 101", tasks: []ecs.Reservation{{Ports: portsFrom(1000, 97)}},
		request: Request{Needs: ecs.Reservation{Ports: portsFrom(2000, 2)}},
		reason:  "RESOURCE:PORTS", detail: "101 reserved ports would exceed the limit of 100"},
	{name: "a full table does not keep out a task without ports", tasks: []ecs.Reservation{{Ports: portsFrom(1000, 99)}}},

	{name: "last GPU", tasks: []ecs.Reservation{{GPUs: 1}}, request: Request{Needs: ecs.Reservation{GPUs: 1}}},
	{name: "no GPU left", tasks: []ecs.Reservation{{GPUs: 1}}, request: Request{Needs: ecs.Reservation{GPUs: 2}},
		reason: "RESOURCE:GPU", detail: "needs 2 GPUs, 1 of 2 are free"},

	{name: "distinct, empty", request: Request{Group: "g", DistinctInstance: true}},
	{name: "distinct, another group", tasks: []ecs.Reservation{{}}, request: Request{Group: "h", DistinctInstance: true}},
	{name: "distinct", tasks: []ecs.Reservation{{}}, request: Request{Group: "g", DistinctInstance: true},
		reason: "DistinctInstance placement constraint unsatisfied.", detail: "a task of group g runs there"},

	// The first filter speaks: what no waiting helps against before what a stopped task would cure.
	{name: "agent before attribute", instance: func(i *ecs.Instance) { i.AgentConnected = false },
		request: Request{Attributes: []ecs.Attribute{{Name: "a"}}}, reason: "AGENT", detail: "the agent is not connected"},
	{name: "attribute before cpu before memory", request: Request{
		Attributes: []ecs.Attribute{{Name: "a"}}, Needs: ecs.Reservation{CPUUnits: 9999}}, reason: "ATTRIBUTE", detail: "missing attribute a"},
	{name: "cpu before memory", request: Request{Needs: ecs.Reservation{CPUUnits: 9999, MemoryMiB: 9999}},
		reason: "RESOURCE:CPU", detail: "needs 9999 CPU units, 1024 of 1024 are free"},
	{name: "memory before ports", request: Request{Needs: ecs.Reservation{MemoryMiB: 9999, Ports: []ecs.HostPort{port(22, ecs.TCP)}}},
		reason: "RESOURCE:MEMORY", detail: "needs 9999 MiB of memory, 2048 of 2048 are free"},
}

func external(i *ecs.Instance) {
	i.Attributes = append(i.Attributes, ecs.Attribute{Name: "ecs.capability.external"})
}

func portsFrom(first, n uint16) []ecs.HostPort {
	var out []ecs.HostPort
	for k := range n {
		out = append(out, port(first+k, ecs.TCP))
	}
	return out
}

func TestFilters(t *testing.T) {
	for _, tc := range filterCases {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld()
			w.instance("i1", tc.instance)
			for _, r := range tc.tasks {
				w.task("i1", r, nil)
			}
			tc.request.Cluster = "c"
			got, rejected := Place(w.view, &tc.request)
			if tc.reason == "" {
				if got == nil || got.ID != "i1" || rejected != nil {
					t.Fatalf("got %v, %v", got, rejected)
				}
				return
			}
			if want := []Rejection{{"i1", tc.reason, tc.detail}}; got != nil || !slices.Equal(rejected, want) {
				t.Errorf("got %v, %v, want %v", got, rejected, want)
			}
		})
	}
}

// StartTask asks for room and capabilities, not for constraints or launch types; and it learns of an instance that is not ACTIVE.
func TestFits(t *testing.T) {
	for _, tc := range filterCases {
		w := newWorld()
		w.instance("i1", tc.instance)
		for _, r := range tc.tasks {
			w.task("i1", r, nil)
		}
		skipped := tc.request.LaunchType != "" || tc.request.DistinctInstance
		got := Fits(w.view, &tc.request, w.view.InstanceByID("i1"))
		switch {
		case tc.reason == "" || skipped:
			if got != nil {
				t.Errorf("%s: %v, want nil", tc.name, got)
			}
		case got == nil || *got != (Rejection{"i1", tc.reason, tc.detail}):
			t.Errorf("%s: %v, want %s", tc.name, got, tc.reason)
		}
	}
	for _, status := range []ecs.InstanceStatus{ecs.InstanceDraining, ecs.InstanceInactive} {
		w := newWorld()
		w.instance("i1", func(i *ecs.Instance) { i.Status, i.AgentConnected = status, false })
		got := Fits(w.view, &Request{}, w.view.InstanceByID("i1"))
		if got == nil || *got != (Rejection{"i1", "INACTIVE", "the instance is " + string(status)}) {
			t.Errorf("%s: %v", status, got)
		}
	}
}

// Resources are free as soon as a task is asked to stop (semantics.md 4.3).
func TestStoppingTasksTakeNothing(t *testing.T) {
	all := ecs.Reservation{CPUUnits: 1024, MemoryMiB: 2048, GPUs: 2, Ports: []ecs.HostPort{port(80, ecs.TCP)}}
	for _, change := range []func(*ecs.Task){stopping, stopped} {
		w := newWorld()
		w.instances(1)
		w.task("i1", all, change)
		w.place(t, Request{Needs: all, DistinctInstance: true})
	}
}

func TestEveryActiveInstanceIsRejectedByName(t *testing.T) {
	w := newWorld()
	w.instance("i1", func(i *ecs.Instance) { i.AgentConnected = false })
	w.instance("i2", func(i *ecs.Instance) { i.Status = ecs.InstanceDraining })
	w.instance("i3", func(i *ecs.Instance) { i.CPUUnits = 1 })
	w.instance("i4", func(i *ecs.Instance) { i.Status = ecs.InstanceInactive })
	w.instance("i5", func(i *ecs.Instance) { i.Cluster = "other" })
	_, rejected := Place(w.view, &Request{Cluster: "c", Needs: ecs.Reservation{CPUUnits: 2}})
	want := []Rejection{
		{"i1", "AGENT", "the agent is not connected"},
		{"i3", "RESOURCE:CPU", "needs 2 CPU units, 1 of 1 are free"},
	}
	if !slices.Equal(rejected, want) {
		t.Errorf("got %v", rejected)
	}
	if got, rejected := Place(w.view, &Request{Cluster: "empty"}); got != nil || rejected != nil {
		t.Errorf("an empty cluster: %v, %v", got, rejected)
	}
}

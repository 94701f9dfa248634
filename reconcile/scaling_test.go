package reconcile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"berth/ecs"
)

var defaults = ScalingConfig{Enabled: true, Target: 100, MinStep: 1, MaxStep: 10_000, Warmup: 5 * time.Minute, Period: time.Minute}

const minute = ecs.Time(60_000)

// start is late enough that no time of a test is zero.
const start = 1000 * minute

// hosts makes n connected instances of 1024 units and 2048 MiB that registered long ago; busy of them have a task.
func hosts(n, busy int) []Host {
	var out []Host
	for k := range n {
		h := Host{
			ID: ecs.InstanceID(fmt.Sprintf("h%02d", k)), Status: ecs.InstanceActive, Connected: true,
			RegisteredAt: ecs.Time(k + 1), Size: HostSize{CPUUnits: 1024, MemoryMiB: 2048},
		}
		if k < busy {
			h.Tasks = 1
		}
		out = append(out, h)
	}
	return out
}

// tasks are n of one CPU demand.
func tasks(n int, cpu int64) []WaitingTasks {
	return []WaitingTasks{{Needs: ecs.Reservation{CPUUnits: cpu}, Count: n}}
}

func TestReservationAndScaleOut(t *testing.T) {
	steps := func(low, high int) ScalingConfig { c := defaults; c.MinStep, c.MaxStep = low, high; return c }
	target := func(percent int) ScalingConfig { c := defaults; c.Target = percent; return c }
	for _, tc := range []struct {
		name        string
		config      ScalingConfig
		hosts       []Host
		waiting     []WaitingTasks
		reservation float64
		out         int
	}{
		{"nothing at all", defaults, nil, nil, 100, 0},
		{"tasks and no host", defaults, nil, tasks(1, 256), 200, 1},
		{"tasks, no host, known size", ScalingConfig{Enabled: true, Target: 100, MinStep: 1, MaxStep: 10, Declared: HostSize{CPUUnits: 1024}}, nil, tasks(9, 256), 200, 3},
		{"all in use", defaults, hosts(4, 4), nil, 100, 0},
		{"one empty", defaults, hosts(4, 3), nil, 75, 0},
		{"all empty", defaults, hosts(4, 0), nil, 0, 0},
		{"nine quarters wait", defaults, hosts(4, 4), tasks(9, 256), 175, 3},
		{"at least the minimum step", steps(5, 10), hosts(4, 4), tasks(1, 256), 225, 5},
		{"at most the maximum step", steps(1, 2), hosts(4, 4), tasks(100, 1024), 150, 2},
		{"too large for any host", defaults, hosts(4, 4), tasks(1, 1025), 100, 0},
		{"an empty host has room already", defaults, hosts(4, 3), tasks(1, 256), 75, 0},
		{"an empty host is too small", defaults, append(hosts(3, 2), Host{ID: "big", Status: ecs.InstanceActive, Tasks: 1, Size: HostSize{CPUUnits: 4096}}), tasks(1, 2048), 125, 1},
		{"spare of a fifth", target(80), hosts(4, 4), nil, 100, 1},
		{"spare is there", target(80), hosts(5, 4), nil, 80, 0},
		{"spare beside what waits", target(50), hosts(2, 2), tasks(1, 256), 150, 4},
		{"spare without a host", target(50), nil, nil, 100, 0},
		{"off", ScalingConfig{Target: 100, MinStep: 1, MaxStep: 10}, hosts(1, 1), tasks(9, 256), 0, 0},
	} {
		p := PlanScaling(ScalingInput{Now: start, Config: tc.config, Hosts: tc.hosts, Waiting: tc.waiting})
		if p.Next.Reservation != tc.reservation || p.ScaleOut != tc.out {
			t.Errorf("%s: reservation %g, scale-out %d; want %g, %d", tc.name, p.Next.Reservation, p.ScaleOut, tc.reservation, tc.out)
		}
		if tc.out > 0 && (p.Next.ScaledOutAt != start || !slices.Equal(p.Next.Requests, []ecs.ScaleOutRequest{{At: start, Hosts: tc.out}})) {
			t.Errorf("%s: remembered %v", tc.name, p.Next)
		}
	}
}

func TestDrainingInstancesDoNotCount(t *testing.T) {
	group := hosts(3, 2)
	group[0].Status, group[2].Status = ecs.InstanceDraining, ecs.InstanceDraining
	p := PlanScaling(ScalingInput{Now: start, Config: defaults, Hosts: group})
	if p.N != 1 || p.M != 1 || p.Gone != nil {
		t.Errorf("N %d, M %d, gone %v; want the one ACTIVE instance, and nothing of what somebody else drained", p.N, p.M, p.Gone)
	}
}

func TestNeededHosts(t *testing.T) {
	port := func(n uint16) []ecs.HostPort { return []ecs.HostPort{{Port: n, Protocol: ecs.TCP}} }
	small, large := HostSize{CPUUnits: 1024, MemoryMiB: 2048}, HostSize{CPUUnits: 4096, MemoryMiB: 4096, GPUs: 2}
	of := func(sizes ...HostSize) []Host {
		var out []Host
		for _, s := range sizes {
			out = append(out, Host{Status: ecs.InstanceActive, Connected: true, Tasks: 1, Size: s})
		}
		return out
	}
	want := func(n int, r ecs.Reservation) WaitingTasks { return WaitingTasks{Needs: r, Count: n} }
	for _, tc := range []struct {
		name     string
		waiting  []WaitingTasks
		active   []Host
		declared HostSize
		need     int
	}{
		{"nothing", nil, of(small), HostSize{}, 0},
		{"whole tasks on a host", []WaitingTasks{want(3, ecs.Reservation{CPUUnits: 600})}, of(small), HostSize{}, 3},
		{"memory binds", []WaitingTasks{want(4, ecs.Reservation{CPUUnits: 10, MemoryMiB: 1024})}, of(small), HostSize{}, 2},
		{"GPUs bind", []WaitingTasks{want(5, ecs.Reservation{GPUs: 1})}, of(small, large), HostSize{}, 3},
		{"the larger size counts", []WaitingTasks{want(8, ecs.Reservation{CPUUnits: 512})}, of(small, large), HostSize{}, 1},
		{"a size only declared", []WaitingTasks{want(1, ecs.Reservation{CPUUnits: 4096})}, of(small), large, 1},
		{"a port is free once a host", []WaitingTasks{want(3, ecs.Reservation{Ports: port(80)})}, of(small), HostSize{}, 3},
		{"two definitions share a port", []WaitingTasks{
			want(2, ecs.Reservation{Ports: port(80)}), want(2, ecs.Reservation{CPUUnits: 1, Ports: port(80)}),
		}, of(small), HostSize{}, 4},
		{"different ports share a host", []WaitingTasks{
			want(2, ecs.Reservation{Ports: port(80)}), want(2, ecs.Reservation{Ports: port(81)}),
		}, of(small), HostSize{}, 2},
		{"distinct instances", []WaitingTasks{{Distinct: "g", Count: 3}, {Distinct: "g", Needs: ecs.Reservation{CPUUnits: 1}, Count: 1}, {Distinct: "o", Count: 2}}, of(small), HostSize{}, 4},
		{"groups add up", []WaitingTasks{want(1, ecs.Reservation{CPUUnits: 1000}), want(1, ecs.Reservation{CPUUnits: 1001})}, of(small), HostSize{}, 2},
		{"groups side by side", []WaitingTasks{want(1, ecs.Reservation{CPUUnits: 1000}), want(1, ecs.Reservation{MemoryMiB: 1000})}, of(small), HostSize{}, 1},
		{"no size known", []WaitingTasks{want(9, ecs.Reservation{CPUUnits: 1024}), want(9, ecs.Reservation{CPUUnits: 10})}, nil, HostSize{}, 1},
		{"no size known, ports", []WaitingTasks{want(9, ecs.Reservation{Ports: port(80)})}, nil, HostSize{}, 9},
		{"no demands", []WaitingTasks{want(9, ecs.Reservation{})}, of(small), HostSize{}, 1},
		{"only what fits", []WaitingTasks{want(1, ecs.Reservation{CPUUnits: 9000}), want(2, ecs.Reservation{CPUUnits: 4000})}, of(large), HostSize{}, 2},
		{"a disconnected empty host holds nobody up", tasks(1, 256), []Host{{Status: ecs.InstanceActive, Size: small}}, HostSize{}, 1},
	} {
		if got := NeededHosts(tc.waiting, tc.active, tc.declared); got != tc.need {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.need)
		}
	}
}

// look plans and moves the state on.
func look(in *ScalingInput, at ecs.Time) ScalingPlan {
	in.Now = at
	p := PlanScaling(*in)
	in.State = p.Next
	return p
}

func TestHostsAskedForCountUntilTheWarmupIsOver(t *testing.T) {
	in := &ScalingInput{Config: defaults, Hosts: hosts(1, 1), Waiting: tasks(2, 1024)}
	if p := look(in, start); p.ScaleOut != 2 {
		t.Fatalf("asked for %d", p.ScaleOut)
	}
	if p := look(in, start+1); p.ScaleOut != 0 {
		t.Errorf("asked again for %d at once", p.ScaleOut)
	}
	in.Waiting = tasks(3, 1024)
	if p := look(in, start+minute); p.ScaleOut != 1 {
		t.Errorf("asked for %d when one more waits", p.ScaleOut)
	}
	// One of the first two joins and takes a task: the other is late and given up, the one of a minute later is still expected.
	joined := hosts(2, 2)
	joined[1].RegisteredAt = start + 2*minute
	in.Hosts, in.Waiting = joined, tasks(2, 1024)
	if p := look(in, start+5*minute-1); p.ScaleOut != 0 {
		t.Errorf("asked for %d within the warm-up", p.ScaleOut)
	}
	if p := look(in, start+5*minute); p.ScaleOut != 1 {
		t.Errorf("asked for %d after the warm-up of the first", p.ScaleOut)
	}
	want := []ecs.ScaleOutRequest{{At: start + minute, Hosts: 1}, {At: start + 5*minute, Hosts: 1}}
	if !slices.Equal(in.State.Requests, want) || in.State.JoinedAt != start+2*minute {
		t.Errorf("remembered %v, joined %d", in.State.Requests, in.State.JoinedAt)
	}
}

func TestScaleInAfterFifteenLowPoints(t *testing.T) {
	in := &ScalingInput{Config: defaults, Hosts: hosts(5, 2)}
	in.Hosts[4].Connected = false
	at := start
	for k := range 14 {
		p := look(in, at)
		if again := look(in, at+minute/2); p.Drain != nil || again.Drain != nil || again.Wake != at+minute {
			t.Fatalf("point %d: drain %v %v, wake %d", k+1, p.Drain, again.Drain, again.Wake-at)
		}
		at += minute
	}
	p := look(in, at)
	if want := []ecs.InstanceID{"h04", "h02", "h03"}; !slices.Equal(p.Drain, want) || in.State.LowPoints != 0 {
		t.Errorf("drain %v, points %d; want %v, the disconnected and then the oldest", p.Drain, in.State.LowPoints, want)
	}
}

func TestOnePointThatIsNotLowStartsOver(t *testing.T) {
	in := &ScalingInput{Config: defaults, Hosts: hosts(2, 1)}
	at := start
	for range 14 {
		look(in, at)
		at += minute
	}
	in.Hosts = hosts(2, 2)
	if look(in, at); in.State.LowPoints != 0 {
		t.Errorf("%d points", in.State.LowPoints)
	}
	in.Hosts = hosts(2, 1)
	for k := range 14 {
		at += minute
		if p := look(in, at); p.Drain != nil {
			t.Fatalf("drained at point %d", k+1)
		}
	}
}

func TestScaleInKeepsTheSpare(t *testing.T) {
	in := &ScalingInput{Config: defaults, Hosts: hosts(6, 2)}
	in.Config.Target = 50
	var drained []ecs.InstanceID
	for k := range 15 {
		drained = append(drained, look(in, start+ecs.Time(k)*minute).Drain...)
	}
	if len(drained) != 2 {
		t.Errorf("drained %v, want two: four at half use stay", drained)
	}
}

func TestLeavingInstances(t *testing.T) {
	group := hosts(4, 1)
	for k := range 3 {
		group[k].Status = ecs.InstanceDraining
	}
	in := &ScalingInput{Config: ScalingConfig{Target: 100, MaxStep: 1, Period: time.Minute}, Hosts: group}
	in.State.Leaving = []ecs.InstanceID{"h00", "h01", "h03", "h09"}
	p := look(in, start)
	if !slices.Equal(p.Gone, []ecs.InstanceID{"h01"}) || !slices.Equal(p.Next.Leaving, []ecs.InstanceID{"h00", "h01"}) {
		t.Errorf("gone %v, leaving %v; h00 has a task, h02 was drained by somebody, h03 was set ACTIVE, h09 is no more", p.Gone, p.Next.Leaving)
	}
}

package reconcile

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"berth/ecs"
)

func drawConfig(t *rapid.T) ScalingConfig {
	c := defaults
	c.Target = rapid.IntRange(1, 100).Draw(t, "target")
	c.MaxStep = rapid.IntRange(1, 20).Draw(t, "maxStep")
	c.MinStep = rapid.IntRange(1, c.MaxStep).Draw(t, "minStep")
	if rapid.Bool().Draw(t, "declared") {
		c.Declared = HostSize{CPUUnits: 1024, MemoryMiB: 2048}
	}
	return c
}

func drawWaiting(t *rapid.T) []WaitingTasks {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) WaitingTasks {
		w := WaitingTasks{Count: rapid.IntRange(1, 40).Draw(t, "count")}
		w.Needs.CPUUnits = rapid.SampledFrom([]int64{0, 1, 256, 600, 1024, 3000}).Draw(t, "cpu")
		w.Needs.MemoryMiB = rapid.SampledFrom([]int64{0, 100, 2048}).Draw(t, "memory")
		w.Distinct = rapid.SampledFrom([]string{"", "", "g", "h"}).Draw(t, "distinct")
		if rapid.Bool().Draw(t, "port") {
			w.Needs.Ports = []ecs.HostPort{{Port: rapid.Uint16Range(80, 81).Draw(t, "number"), Protocol: ecs.TCP}}
		}
		return w
	}), 0, 4).Draw(t, "waiting")
}

func drawInput(t *rapid.T) ScalingInput {
	in := ScalingInput{Now: start + ecs.Time(rapid.IntRange(0, 100).Draw(t, "now"))*minute, Config: drawConfig(t), Waiting: drawWaiting(t)}
	n := rapid.IntRange(0, 12).Draw(t, "hosts")
	for k := range n {
		in.Hosts = append(in.Hosts, Host{
			ID:           ecs.InstanceID(fmt.Sprintf("h%02d", k)),
			Status:       rapid.SampledFrom([]ecs.InstanceStatus{ecs.InstanceActive, ecs.InstanceActive, ecs.InstanceDraining}).Draw(t, "status"),
			Connected:    rapid.Bool().Draw(t, "connected"),
			RegisteredAt: start + ecs.Time(rapid.IntRange(0, 100).Draw(t, "registered"))*minute,
			Tasks:        rapid.IntRange(0, 2).Draw(t, "tasks"),
			Size:         rapid.SampledFrom([]HostSize{{1024, 2048, 0}, {2048, 1024, 1}}).Draw(t, "size"),
		})
	}
	in.State.LowPoints = rapid.IntRange(0, 14).Draw(t, "points")
	for range rapid.IntRange(0, 3).Draw(t, "requests") {
		r := ecs.ScaleOutRequest{At: in.Now - ecs.Time(rapid.IntRange(0, 8).Draw(t, "age"))*minute, Hosts: rapid.IntRange(1, 9).Draw(t, "of")}
		in.State.Requests = append(in.State.Requests, r)
	}
	for k := range n {
		if rapid.Bool().Draw(t, "leaving") {
			in.State.Leaving = append(in.State.Leaving, in.Hosts[k].ID)
		}
	}
	return in
}

func TestPlanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		before := fmt.Sprint(in)
		p := PlanScaling(in)
		if fmt.Sprint(in) != before {
			t.Fatal("the input was changed")
		}
		if fmt.Sprint(PlanScaling(in)) != fmt.Sprint(p) {
			t.Fatal("the same input gave another plan")
		}
		if p.ScaleOut != 0 && (p.ScaleOut < in.Config.MinStep || p.ScaleOut > in.Config.MaxStep) {
			t.Fatalf("asks for %d hosts", p.ScaleOut)
		}
		if p.ScaleOut > 0 && len(p.Drain) > 0 {
			t.Fatalf("asks for %d hosts and drains %v", p.ScaleOut, p.Drain)
		}
		if NeededHosts(in.Waiting, activeHosts(in.Hosts), in.Config.Declared) > 0 && p.M <= p.N {
			t.Fatalf("M %d of %d though tasks wait for hosts", p.M, p.N)
		}
		for _, id := range slices.Concat(p.Drain, p.Gone) {
			h := in.Hosts[slices.IndexFunc(in.Hosts, func(h Host) bool { return h.ID == id })]
			if h.Tasks > 0 {
				t.Fatalf("%s has tasks and is to go", id)
			}
		}
		if left := p.N - len(p.Drain); len(p.Drain) > 0 && left < in.Config.desired(p.M) {
			t.Fatalf("%d instances stay, %d of %d%% are wanted", left, p.M, in.Config.Target)
		}
		if p.Wake <= in.Now || p.Wake > in.Now+minute {
			t.Fatalf("wakes %d later", p.Wake-in.Now)
		}
		// Looking again at the same moment asks for nothing more.
		in.State = p.Next
		if again := PlanScaling(in); again.ScaleOut != 0 || again.Drain != nil || fmt.Sprint(again.Next) != fmt.Sprint(p.Next) {
			t.Fatalf("again: %+v after %+v", again, p)
		}
	})
}

// world is a group whose hosts come some minutes after they were asked for, and now and then not at all.
type world struct {
	in      ScalingInput
	waiting []ecs.Reservation
	coming  []ecs.Time
	used    map[ecs.InstanceID]int64
	// made counts the hosts that joined, asked those that were asked for.
	made, asked int
}

// pass lets hosts join and places what fits, first come, first served.
func (w *world) pass() {
	w.coming = slices.DeleteFunc(w.coming, func(at ecs.Time) bool {
		if at > w.in.Now {
			return false
		}
		w.made++
		w.in.Hosts = append(w.in.Hosts, Host{
			ID: ecs.InstanceID(fmt.Sprintf("h%03d", w.made)), Status: ecs.InstanceActive, Connected: true, RegisteredAt: w.in.Now,
			Size: HostSize{CPUUnits: 1024, MemoryMiB: 2048},
		})
		return true
	})
	w.waiting = slices.DeleteFunc(w.waiting, func(r ecs.Reservation) bool {
		for k := range w.in.Hosts {
			h := &w.in.Hosts[k]
			if h.Status == ecs.InstanceActive && w.used[h.ID]+r.CPUUnits <= h.Size.CPUUnits {
				w.used[h.ID] += r.CPUUnits
				h.Tasks++
				return true
			}
		}
		return false
	})
	w.in.Waiting = nil
	for _, r := range w.waiting {
		w.in.Waiting = append(w.in.Waiting, WaitingTasks{Needs: r, Count: 1})
	}
}

// carryOut does what a plan says. A host asked for comes after delay minutes; every loss-th does not.
func (w *world) carryOut(p ScalingPlan, delay, loss int) {
	w.in.State = p.Next
	for range p.ScaleOut {
		if w.asked++; loss == 0 || w.asked%loss != 0 {
			w.coming = append(w.coming, w.in.Now+ecs.Time(delay)*minute)
		}
	}
	for k := range w.in.Hosts {
		if slices.Contains(p.Drain, w.in.Hosts[k].ID) {
			w.in.Hosts[k].Status = ecs.InstanceDraining
			w.in.State.Leaving = append(w.in.State.Leaving, w.in.Hosts[k].ID)
		}
	}
	w.in.Hosts = slices.DeleteFunc(w.in.Hosts, func(h Host) bool { return slices.Contains(p.Gone, h.ID) })
}

// TestScalingConverges: whatever waits gets hosts, and when all is over no more hosts stay than the target asks for, which is none.
func TestScalingConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{in: ScalingInput{Now: start, Config: drawConfig(t)}, used: map[ecs.InstanceID]int64{}}
		delay, loss := rapid.IntRange(0, 4).Draw(t, "delay"), rapid.SampledFrom([]int{0, 2, 5}).Draw(t, "loss")
		n := rapid.IntRange(1, 60).Draw(t, "tasks")
		for range n {
			w.waiting = append(w.waiting, ecs.Reservation{CPUUnits: rapid.SampledFrom([]int64{256, 600, 1024}).Draw(t, "cpu")})
		}
		run := func(minutes int) {
			for range minutes {
				w.pass()
				p := PlanScaling(w.in)
				if p.ScaleOut > w.in.Config.MaxStep {
					t.Fatalf("asks for %d", p.ScaleOut)
				}
				w.carryOut(p, delay, loss)
				w.in.Now += minute
			}
		}
		run(12 * n)
		if len(w.waiting) > 0 {
			t.Fatalf("%d of %d tasks wait after %d minutes on %d hosts; %v", len(w.waiting), n, 12*n, len(w.in.Hosts), w.in.State)
		}
		busy, all := 0, len(w.in.Hosts)
		for k := range w.in.Hosts {
			busy += min(w.in.Hosts[k].Tasks, 1)
		}
		if most := w.in.Config.desired(busy+w.in.Config.MaxStep) + w.in.Config.MaxStep; all > most {
			t.Fatalf("%d hosts for %d with tasks, %+v", all, busy, w.in.Config)
		}
		for k := range w.in.Hosts {
			w.in.Hosts[k].Tasks = 0
		}
		run(60)
		if len(w.in.Hosts) != 0 {
			t.Fatalf("%d hosts stay idle; %v", len(w.in.Hosts), w.in.State)
		}
	})
}

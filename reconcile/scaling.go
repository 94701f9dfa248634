package reconcile

import (
	"cmp"
	"slices"
	"time"

	"berth/ecs"
)

// lowPoints is how many points in a row must ask for fewer instances before one is given up; they are a period apart.
//
// ECS: scale-in after 15 low points (semantics.md 5.14).
const lowPoints = 15

// ScalingPeriod is how far apart the points are.
//
// ECS: evaluated each minute (semantics.md 5.14).
const ScalingPeriod = time.Minute

// ScalingConfig is how a capacity provider wants its group scaled, with every default filled in.
type ScalingConfig struct {
	// Enabled is managed scaling's status. When it is off nothing is asked for and nothing is drained; hosts that were already
	// leaving go on leaving.
	Enabled bool
	// MeasureOnly is for a group without a hook: the reservation is computed and nobody is asked for anything.
	MeasureOnly bool
	// Target is targetCapacity, 1 to 100 percent: how much of the group should be in use. Below 100 spare instances are kept.
	Target int
	// MinStep and MaxStep bound how many hosts are asked for at once; no more than MaxStep are ever on their way.
	MinStep, MaxStep int
	// Warmup is how long a host that was asked for may take to join before it is given up.
	Warmup time.Duration
	// Period is the time between two points, [ScalingPeriod] but for those who cannot wait.
	Period time.Duration
	// Declared is what a host of the group offers, as the operator says; the zero value says nothing.
	Declared HostSize
}

// Host is a registered instance of the group, ACTIVE or DRAINING.
type Host struct {
	ID     ecs.InstanceID
	Status ecs.InstanceStatus
	// Connected is whether its agent is there, or can be expected back or for the first time: it registered or was last connected
	// less than a warm-up ago.
	Connected    bool
	RegisteredAt ecs.Time
	Size         HostSize
	// Tasks counts what is not STOPPED, less the tasks of daemons: those leave with their host (semantics.md 5.14).
	Tasks int
}

// ScalingInput is one look at a capacity provider and its group.
type ScalingInput struct {
	Now     ecs.Time
	Config  ScalingConfig
	Hosts   []Host
	Waiting []WaitingTasks
	State   ecs.ScalingState
}

// ScalingPlan is what a look came to.
type ScalingPlan struct {
	// N is the number of ACTIVE instances of the group, M how many it needs; see [PlanScaling].
	N, M int
	// ScaleOut is how many hosts to ask for now; Next holds the request already.
	ScaleOut int
	// Drain are empty instances to give up: they are to be set DRAINING and then belong to Next.Leaving.
	Drain []ecs.InstanceID
	// Gone are leaving instances without tasks: their hosts can be stopped.
	Gone []ecs.InstanceID
	// Next is the state to remember. It differs from the input's only when something happened.
	Next ecs.ScalingState
	// Wake is when to look again although nothing changes.
	Wake ecs.Time
}

// PlanScaling decides what to do about a group now.
//
// ECS: the reservation is M/N×100. N is the number of instances; M is N when nothing waits and no instance is empty, more by a lower
// bound of the instances that waiting tasks need, within the step sizes, and less by the empty ones when nothing waits. Without
// instances it is 200 when something waits and 100 otherwise. Hosts are asked for at once, given up after 15 points in a row
// (semantics.md 5.14).
//
// Two rules are Berth's: hosts asked for during the warm-up count as if they were there, and only empty instances are ever chosen
// to go, whether or not termination protection is on.
func PlanScaling(in ScalingInput) ScalingPlan {
	p := ScalingPlan{Next: in.State, Wake: in.Now.Add(in.Config.Period)}
	p.leave(in)
	if !in.Config.Enabled {
		return p
	}
	pending := p.expect(in)
	active := activeHosts(in.Hosts)
	need := NeededHosts(in.Waiting, active, in.Config.Declared)
	p.N = len(active)
	p.M = p.N - len(empty(active))
	if need > 0 {
		p.M = p.N + in.Config.step(need)
	}
	p.Next.Reservation = reservation(p.M, p.N)
	if in.Config.MeasureOnly {
		return p
	}
	desired := in.Config.desired(p.M)
	if lacking := desired - p.N - pending; lacking > 0 {
		p.scaleOut(in, min(max(lacking, in.Config.MinStep), in.Config.MaxStep-pending))
	}
	p.point(in, p.N-desired, active)
	return p
}

// reservation is CapacityProviderReservation in percent.
func reservation(m, n int) float64 {
	switch {
	case n > 0:
		return float64(m) * 100 / float64(n)
	case m > 0:
		return 200
	}
	return 100
}

// desired is the smallest group of which m instances are at most the target percentage.
func (c *ScalingConfig) desired(m int) int { return ceilDiv(m*100, c.Target) }

// step limits a number of hosts to what may be asked for at once.
func (c *ScalingConfig) step(n int) int { return min(max(n, c.MinStep), c.MaxStep) }

// leave follows the instances that were set DRAINING to go. One that somebody set ACTIVE again stays; one that is no longer
// registered needs nothing more.
func (p *ScalingPlan) leave(in ScalingInput) {
	var leaving []ecs.InstanceID
	for _, id := range in.State.Leaving {
		at := slices.IndexFunc(in.Hosts, func(h Host) bool { return h.ID == id })
		if at < 0 || in.Hosts[at].Status != ecs.InstanceDraining {
			continue
		}
		leaving = append(leaving, id)
		if in.Hosts[at].Tasks == 0 {
			p.Gone = append(p.Gone, id)
		}
	}
	p.Next.Leaving = leaving
}

// expect counts the hosts that joined since the last look against the requests, oldest first, gives up what is older than the warm-up
// and returns how many are still to come.
func (p *ScalingPlan) expect(in ScalingInput) int {
	joined := 0
	for _, h := range in.Hosts {
		if h.RegisteredAt > in.State.JoinedAt {
			joined++
			p.Next.JoinedAt = max(p.Next.JoinedAt, h.RegisteredAt)
		}
	}
	pending := 0
	var open []ecs.ScaleOutRequest
	for _, r := range in.State.Requests {
		came := min(joined, r.Hosts)
		joined -= came
		r.Hosts -= came
		if r.Hosts > 0 && in.Now < r.At.Add(in.Config.Warmup) {
			open = append(open, r)
			pending += r.Hosts
		}
	}
	p.Next.Requests = open
	return pending
}

// scaleOut asks for hosts, unless so few may still be asked for that it would be less than the minimum step.
func (p *ScalingPlan) scaleOut(in ScalingInput, hosts int) {
	if hosts < in.Config.MinStep {
		return
	}
	p.ScaleOut = hosts
	p.Next.ScaledOutAt = in.Now
	p.Next.Requests = append(p.Next.Requests, ecs.ScaleOutRequest{At: in.Now, Hosts: hosts})
}

// point takes the point of this minute, if it was not taken yet, and after enough low ones chooses the surplus to go.
func (p *ScalingPlan) point(in ScalingInput, surplus int, active []Host) {
	if due := in.State.PointAt.Add(in.Config.Period); in.State.PointAt != 0 && in.Now < due {
		p.Wake = due
		return
	}
	p.Next.PointAt = in.Now
	if surplus <= 0 {
		p.Next.LowPoints = 0
		return
	}
	if p.Next.LowPoints++; p.Next.LowPoints < lowPoints {
		return
	}
	p.Next.LowPoints = 0
	idle := empty(active)
	slices.SortFunc(idle, leavesFirst)
	for _, h := range idle[:min(surplus, len(idle))] {
		p.Drain = append(p.Drain, h.ID)
	}
}

// leavesFirst orders empty hosts: those whose agent is not there, then the oldest.
func leavesFirst(a, b Host) int {
	if a.Connected != b.Connected {
		if b.Connected {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.RegisteredAt, b.RegisteredAt), cmp.Compare(a.ID, b.ID))
}

// activeHosts are those that count: what is DRAINING has been given up by managed scaling or by somebody else.
func activeHosts(hosts []Host) []Host {
	var active []Host
	for _, h := range hosts {
		if h.Status == ecs.InstanceActive {
			active = append(active, h)
		}
	}
	return active
}

// empty returns the hosts without tasks.
func empty(hosts []Host) []Host {
	var idle []Host
	for _, h := range hosts {
		if h.Tasks == 0 {
			idle = append(idle, h)
		}
	}
	return idle
}

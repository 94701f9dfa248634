package placement

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"berth/ecs"
	"berth/placement/query"
	"berth/state"
)

// play is a random cluster with a random stream of requests and of everything that happens to instances and tasks meanwhile.
type play struct {
	*rand.Rand
	view     *state.View
	tx       *state.Tx
	engine   *Engine
	requests []Request
	ids      int
	tasks    []*ecs.Task
	hosts    []ecs.InstanceID

	placed, refused, fast int
}

func newPlay(seed uint64) *play {
	p := &play{Rand: rand.New(rand.NewPCG(seed, 0)), view: state.NewView()}
	p.tx = p.view.Begin(1, nil)
	p.engine = attach(p.view, bounds{
		touches: 1 + p.IntN(60)*p.IntN(2)*10, shapes: 1 + p.IntN(6), members: p.IntN(200), asked: 1 + p.IntN(8),
	})
	for range 2 + p.IntN(18) {
		p.putInstance(p.newID())
	}
	for range 1 + p.IntN(6) {
		p.requests = append(p.requests, p.request())
	}
	return p
}

func oneOf[T any](p *play, of ...T) T { return of[p.IntN(len(of))] }

func (p *play) newID() ecs.InstanceID {
	p.ids++
	id := ecs.InstanceID(fmt.Sprintf("%032x", p.ids))
	if p.IntN(2) == 0 {
		id = ecs.InstanceID(fmt.Sprintf("%08x%024x", p.Uint32(), p.ids))
	}
	p.hosts = append(p.hosts, id)
	return id
}

func (p *play) cluster() string { return oneOf(p, "c", "c", "c", "c", "d") }

func (p *play) attributes() []ecs.Attribute {
	var out []ecs.Attribute
	for _, name := range []string{"ecs.availability-zone", "rack", "ecs.capability.external", "stack"} {
		if p.IntN(6) > 0 && (name != "ecs.capability.external" || p.IntN(3) == 0) {
			out = append(out, ecs.Attribute{Name: name, Value: oneOf(p, "", "a", "b", "c")})
		}
	}
	return out
}

func (p *play) ports() []ecs.HostPort {
	var out []ecs.HostPort
	for range p.IntN(3) {
		if x := port(uint16(80+p.IntN(4)), oneOf(p, ecs.TCP, ecs.UDP)); !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func (p *play) putInstance(id ecs.InstanceID) {
	i := &ecs.Instance{
		ID: id, Cluster: "c", Status: ecs.InstanceActive, AgentConnected: p.IntN(16) > 0, CPUUnits: int64(p.IntN(5) * 1024),
		MemoryMiB: int64(p.IntN(5) * 1024), Attributes: p.attributes(), GPUIDs: []string{"g1", "g2"}[:p.IntN(3)],
	}
	if id[31]%5 == 0 {
		i.Cluster = "d"
	}
	if p.IntN(3) == 0 {
		i.ReservedPorts = p.ports()
	}
	if p.IntN(8) == 0 {
		i.Status = oneOf(p, ecs.InstanceDraining, ecs.InstanceInactive)
	}
	p.tx.PutInstance(i)
}

var strategyChoice = []Strategy{
	{Random, ""}, {Spread, "instanceId"}, {Spread, "attribute:ecs.availability-zone"}, {Spread, "attribute:rack"},
	{Spread, "attribute:none"}, {Binpack, "cpu"}, {Binpack, "MEMORY"},
}

var expressionChoice = []string{
	"attribute:stack == a", "attribute:stack exists and not (attribute:rack == b)", "task:group == g1", "!(task:group == g2)",
	"runningTasksCount < 2", "agentConnected == true", "attribute:ecs.availability-zone in [a, b]",
}

func (p *play) request() Request {
	r := Request{
		Cluster: p.cluster(), Group: oneOf(p, "g1", "g2", "g3"), LaunchType: oneOf(p, "", "", "", ecs.LaunchEC2, ecs.LaunchExternal),
		DistinctInstance: p.IntN(5) == 0,
	}
	if p.IntN(5) == 0 {
		r.Attributes = []ecs.Attribute{{Name: "stack", Value: oneOf(p, "", "a")}}
	}
	if p.IntN(6) == 0 {
		r.Zones = []string{oneOf(p, "a", "b"), "c"}
	}
	r.Needs.CPUUnits, r.Needs.MemoryMiB = int64(p.IntN(4)*128), int64(p.IntN(4)*128)
	if p.IntN(4) == 0 {
		r.Needs.Ports = p.ports()
	}
	if p.IntN(6) == 0 {
		r.Needs.GPUs = 1
	}
	for range p.IntN(4) {
		r.Strategies = append(r.Strategies, oneOf(p, strategyChoice...))
	}
	for range p.IntN(2) * p.IntN(2) * p.IntN(3) {
		x, err := query.Parse(oneOf(p, expressionChoice...))
		if err != nil {
			panic(err)
		}
		r.MemberOf = append(r.MemberOf, x)
	}
	return r
}

// place asks all three, and records the choice.
func (p *play) place(t *testing.T) {
	r := oneOf(p, p.requests...)
	r.Seed = p.Uint64()
	want, reasons := newNaive(p.view, &r).place()
	fast := Choose(p.view, &r)
	if len(p.engine.shapes) > 0 && p.engine.shapes[0].question.same(&r) {
		p.fast++
	}
	if scan := newQuestion(p.view, &r).scan(); fast != want || scan != want {
		t.Errorf("engine %v, scan %v, naive %v for %+v", named(fast), named(scan), named(want), r)
		return
	}
	if want == nil {
		p.refused++
		var got []string
		for _, why := range Rejections(p.view, &r) {
			got = append(got, string(why.Instance)+" "+why.Reason)
		}
		if !slices.Equal(got, reasons) {
			t.Errorf("rejections %v, naive %v", got, reasons)
		}
		return
	}
	p.placed++
	p.putTask(want.ID, &r)
}

func named(i *ecs.Instance) ecs.InstanceID {
	if i == nil {
		return "nothing"
	}
	return i.ID
}

func (p *play) putTask(on ecs.InstanceID, r *Request) {
	p.ids++
	task := &ecs.Task{
		ID: ecs.TaskID(fmt.Sprintf("%032x", p.ids)), Cluster: r.Cluster, Instance: on, Group: r.Group, Family: "f",
		DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusPending, Reserved: r.Needs,
	}
	p.tasks = append(p.tasks, task)
	p.tx.PutTask(task)
}

// happen does something to a task or an instance.
func (p *play) happen() {
	switch n := p.IntN(12); {
	case n == 0:
		p.putInstance(p.newID())
	case n == 1:
		p.putInstance(oneOf(p, p.hosts...))
	case n == 2:
		if i := p.view.InstanceByID(oneOf(p, p.hosts...)); i != nil {
			p.tx.DeleteInstance(i)
		}
	case n < 6:
		if i := p.view.InstanceByID(oneOf(p, p.hosts...)); i != nil {
			c := *i
			p.alter(&c)
			p.tx.PutInstance(&c)
		}
	case len(p.tasks) > 0:
		task := *oneOf(p, p.tasks...)
		if now := p.view.Task(task.Cluster, task.ID); now != nil {
			task = *now
		}
		switch p.IntN(4) {
		case 0:
			task.LastStatus = ecs.StatusRunning
		case 1:
			task.DesiredStatus = ecs.StatusStopped
		case 2:
			task.DesiredStatus, task.LastStatus = ecs.StatusStopped, ecs.StatusStopped
		default:
			p.tx.DeleteTask(&task)
			return
		}
		p.tx.PutTask(&task)
	}
}

// alter changes one thing of an instance.
func (p *play) alter(i *ecs.Instance) {
	switch p.IntN(5) {
	case 0:
		i.AgentConnected = !i.AgentConnected
	case 1:
		i.Attributes = p.attributes()
	case 2:
		i.Status = oneOf(p, ecs.InstanceActive, ecs.InstanceActive, ecs.InstanceDraining, ecs.InstanceInactive)
	case 3:
		i.CPUUnits, i.MemoryMiB = int64(p.IntN(5)*512), int64(p.IntN(5)*512)
	default:
		i.Sequence++
	}
}

// command does a few things and sometimes undoes them all.
func (p *play) command(t *testing.T) {
	p.tx.Next(1)
	for range 1 + p.IntN(4) {
		if p.IntN(5) < 3 {
			p.place(t)
		} else {
			p.happen()
		}
	}
	switch p.IntN(5) {
	case 0:
		p.tx.Rollback()
	case 1:
		p.tx.Take()
		p.view.Freeze(1)
	}
}

// TestEngineAgreesWithNaivePlacement holds the engine, and the plain scan, against the naive implementation.
func TestEngineAgreesWithNaivePlacement(t *testing.T) {
	clusters := 10_000
	if testing.Short() || raceEnabled {
		clusters = 500
	}
	var placed, refused, fast int
	for seed := range uint64(clusters) {
		p := newPlay(seed)
		for step := range 25 {
			p.command(t)
			if t.Failed() {
				t.Fatalf("seed %d, command %d", seed, step)
			}
		}
		placed, refused, fast = placed+p.placed, refused+p.refused, fast+p.fast
	}
	t.Logf("%d placed, %d refused, %d of them by a shape", placed, refused, fast)
	if placed < 10*clusters || refused < clusters || fast < (placed+refused)/2 {
		t.Error("the streams show too little")
	}
}

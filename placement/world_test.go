package placement

import (
	"fmt"
	"testing"

	"berth/ecs"
	"berth/state"
)

// world is a view that tests fill by hand. Instances are named "i1", "i2", ….
type world struct {
	view  *state.View
	tasks int
}

func newWorld() *world { return &world{view: state.NewView()} }

func (w *world) tx() *state.Tx { return w.view.Begin(1000, func() string { return "" }) }

// instance adds one that is ACTIVE and connected, with 1024 CPU units, 2048 MiB, two GPUs and the default reserved ports.
func (w *world) instance(id ecs.InstanceID, change func(*ecs.Instance)) {
	i := &ecs.Instance{
		ID: id, Cluster: "c", Status: ecs.InstanceActive, AgentConnected: true, CPUUnits: 1024, MemoryMiB: 2048,
		GPUIDs:        []string{"g1", "g2"},
		ReservedPorts: []ecs.HostPort{{Port: 22, Protocol: ecs.TCP}, {Port: 51678, Protocol: ecs.TCP}},
		Attributes:    []ecs.Attribute{{Name: "ecs.availability-zone", Value: "z"}},
	}
	if change != nil {
		change(i)
	}
	w.tx().PutInstance(i)
}

// instances adds n of them.
func (w *world) instances(n int) {
	for k := range n {
		w.instance(ecs.InstanceID(fmt.Sprintf("i%d", k+1)), nil)
	}
}

// task puts one on an instance, running and of group "g" unless changed.
func (w *world) task(id ecs.InstanceID, takes ecs.Reservation, change func(*ecs.Task)) {
	w.tasks++
	t := &ecs.Task{
		ID: ecs.TaskID(fmt.Sprintf("t%04d", w.tasks)), Cluster: "c", Instance: id, Group: "g", Family: "f",
		DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusRunning, Reserved: takes,
	}
	if change != nil {
		change(t)
	}
	w.tx().PutTask(t)
}

func stopping(t *ecs.Task) { t.DesiredStatus = ecs.StatusStopped }

func stopped(t *ecs.Task) { t.DesiredStatus, t.LastStatus = ecs.StatusStopped, ecs.StatusStopped }

func inZone(z string) func(*ecs.Instance) {
	return func(i *ecs.Instance) { i.Attributes = []ecs.Attribute{{Name: "ecs.availability-zone", Value: z}} }
}

// place wants a place for a request, and returns its name.
func (w *world) place(t *testing.T, r Request) ecs.InstanceID {
	t.Helper()
	r.Cluster = "c"
	if r.Group == "" {
		r.Group = "g"
	}
	i, rejected := Place(w.view, &r)
	if i == nil {
		t.Fatalf("no place: %v", rejected)
	}
	if rejected != nil {
		t.Errorf("a place and rejections: %v", rejected)
	}
	return i.ID
}

func port(n uint16, p ecs.Protocol) ecs.HostPort { return ecs.HostPort{Port: n, Protocol: p} }

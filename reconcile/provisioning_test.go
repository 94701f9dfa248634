package reconcile

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"berth/ecs"
	"berth/state"
)

// waitingRoom is a view with providers p (group gp), q (gq) and r (gr) of cluster c.
type waitingRoom struct {
	tx *state.Tx
	n  int
}

func newWaitingRoom() *waitingRoom {
	w := &waitingRoom{tx: state.NewView().Begin(1, nil)}
	w.tx.PutCluster(&ecs.Cluster{Name: "c", Status: ecs.ClusterActive, CapacityProviders: []string{"p", "q", "r"}})
	for _, name := range []string{"p", "q", "r"} {
		w.tx.PutCapacityProvider(&ecs.CapacityProvider{Name: name, Cluster: "c", Group: "g" + name, Status: ecs.ProviderActive})
	}
	return w
}

func (w *waitingRoom) host(group string, memory int64, change func(*ecs.Instance)) *ecs.Instance {
	w.n++
	i := &ecs.Instance{
		ID: ecs.InstanceID(fmt.Sprintf("i%d", w.n)), Cluster: "c", Status: ecs.InstanceActive, AgentConnected: true, CPUUnits: 1000, MemoryMiB: memory,
		Attributes: []ecs.Attribute{{Name: ecs.GroupAttribute, Value: group}},
	}
	if change != nil {
		change(i)
	}
	w.tx.PutInstance(i)
	return i
}

// wait adds a task that waits since a time, in milliseconds.
func (w *waitingRoom) wait(provider string, since ecs.Time, memory int64) ecs.TaskID {
	w.n++
	t := &ecs.Task{
		ID: ecs.TaskID(fmt.Sprintf("t%d", w.n)), Cluster: "c", CapacityProvider: provider, CreatedAt: since, Waiting: &ecs.Waiting{}, Group: "g",
		DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusProvisioning, Reserved: ecs.Reservation{CPUUnits: 10, MemoryMiB: memory},
	}
	w.tx.PutTask(t)
	return t.ID
}

const patience = 100 * time.Millisecond

func TestPlanProvisioning(t *testing.T) {
	w := newWaitingRoom()
	if got := PlanProvisioning(w.tx.View, 50, patience); !reflect.DeepEqual(got, ProvisioningPlan{}) {
		t.Errorf("nobody waits: %+v", got)
	}
	w.host("gp", 500, nil)
	w.host("gr", 500, nil)
	w.wait("p", 20, 900)
	w.wait("p", 30, 400)
	w.wait("q", 10, 400) // fits p's and r's hosts only
	w.wait("r", 40, 500)
	want := ProvisioningPlan{Place: []Queue{{"c", "p"}, {"c", "r"}}, Wake: 110}
	if got := PlanProvisioning(w.tx.View, 50, patience); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if again := PlanProvisioning(w.tx.View, 50, patience); !reflect.DeepEqual(again, want) {
		t.Errorf("the same again: %+v", again)
	}
}

func TestTasksAreGivenUpInTime(t *testing.T) {
	w := newWaitingRoom()
	w.host("gp", 500, nil)
	first, second, room := w.wait("p", 10, 900), w.wait("p", 11, 900), w.wait("p", 5, 500)
	w.wait("p", 60, 900)
	for now, want := range map[ecs.Time]ProvisioningPlan{
		// A task that has a place is never given up.
		109: {Place: []Queue{{"c", "p"}}, Wake: 110},
		110: {Place: []Queue{{"c", "p"}}, GiveUp: []WaitedTooLong{{"c", first, "RESOURCE:MEMORY"}}, Wake: 111},
		111: {Place: []Queue{{"c", "p"}}, GiveUp: []WaitedTooLong{{"c", first, "RESOURCE:MEMORY"}, {"c", second, "RESOURCE:MEMORY"}}, Wake: 160},
	} {
		if got := PlanProvisioning(w.tx.View, now, patience); !reflect.DeepEqual(got, want) {
			t.Errorf("at %d: %+v, want %+v (%s has room)", now, got, want, room)
		}
	}
}

func TestWhyATaskIsGivenUp(t *testing.T) {
	for want, build := range map[string]func(w *waitingRoom){
		"EMPTY CAPACITY PROVIDER": func(w *waitingRoom) { w.host("gq", 500, nil) },
		"NO ACTIVE INSTANCES": func(w *waitingRoom) {
			w.host("gp", 500, func(i *ecs.Instance) { i.Status = ecs.InstanceDraining })
			w.host("gp", 500, func(i *ecs.Instance) { i.Status = ecs.InstanceInactive })
		},
		"AGENT": func(w *waitingRoom) { w.host("gp", 500, func(i *ecs.Instance) { i.AgentConnected = false }) },
		"RESOURCE:MEMORY": func(w *waitingRoom) { // the instance that comes closest
			w.host("gp", 500, func(i *ecs.Instance) { i.AgentConnected = false })
			w.host("gp", 50, nil)
			w.host("gq", 500, nil)
		},
		"RESOURCE:CPU": func(w *waitingRoom) { w.host("gp", 500, func(i *ecs.Instance) { i.CPUUnits = 1 }) },
		"MemberOf placement constraint unsatisfied": func(w *waitingRoom) {
			w.host("gp", 500, nil)
			w.tx.ScanAllWaiting(func(t *ecs.Task) bool {
				n := *t
				n.Waiting = &ecs.Waiting{Constraints: []ecs.PlacementConstraint{{Type: "memberOf", Expression: "attribute:rack exists"}}}
				w.tx.PutTask(&n)
				return false
			})
		},
	} {
		w := newWaitingRoom()
		id := w.wait("p", 0, 100)
		build(w)
		got := PlanProvisioning(w.tx.View, 100, patience)
		if len(got.Place) != 0 || len(got.GiveUp) != 1 || got.GiveUp[0] != (WaitedTooLong{"c", id, want}) || got.Wake != 0 {
			t.Errorf("%s: %+v", want, got)
		}
	}
}

func TestWaitingTasksAreAskedByWhatTheyNeed(t *testing.T) {
	w := newWaitingRoom()
	w.host("gp", 500, nil)
	change := func(id ecs.TaskID, fn func(*ecs.Task)) {
		n := *w.tx.Task("c", id)
		fn(&n)
		w.tx.PutTask(&n)
	}
	// Each of these keeps the task off the host; a task that only looks like them is not kept off.
	for name, fn := range map[string]func(*ecs.Task){
		"attribute": func(t *ecs.Task) { t.Waiting = &ecs.Waiting{Attributes: []ecs.Attribute{{Name: "x"}}} },
		"port": func(t *ecs.Task) {
			t.Reserved.Ports = []ecs.HostPort{{Port: 80, Protocol: ecs.TCP}, {Port: 80, Protocol: ecs.TCP}}
			t.Reserved.GPUs = 1
		},
		"constraint": func(t *ecs.Task) {
			t.Waiting = &ecs.Waiting{Constraints: []ecs.PlacementConstraint{{Type: "memberOf", Expression: "attribute:x exists"}}}
		},
	} {
		blocked, plain := w.wait("p", 1, 100), w.wait("p", 2, 100)
		change(blocked, fn)
		if got := PlanProvisioning(w.tx.View, 200, patience); len(got.Place) != 1 || len(got.GiveUp) != 1 || got.GiveUp[0].ID != blocked {
			t.Errorf("%s: %+v", name, got)
		}
		for _, id := range []ecs.TaskID{blocked, plain} {
			w.tx.DeleteTask(w.tx.Task("c", id))
		}
	}
}

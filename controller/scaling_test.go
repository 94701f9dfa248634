package controller

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"berth/ecs"
	"berth/state"
	"berth/store"
)

// fakeHook hands every call to the test and waits for its answer.
type fakeHook struct {
	calls   chan HookCall
	answers chan error
}

func newFakeHook() *fakeHook { return &fakeHook{make(chan HookCall), make(chan error)} }

func (h *fakeHook) Call(ctx context.Context, c HookCall) (string, error) {
	select {
	case h.calls <- c:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	select {
	case err := <-h.answers:
		return "said", err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// scene is a store with the provider cp of the group g in cluster c, and a controller over it whose clock the test moves.
type scene struct {
	t       *testing.T
	store   *store.Store
	hook    *fakeHook
	scaling *Scaling
	now     time.Time
	ctx     context.Context
}

func newScene(t *testing.T) *scene {
	ctx, cancel := context.WithCancel(t.Context())
	s := &scene{t: t, store: openStore(t), hook: newFakeHook(), now: time.UnixMilli(1_000_000_000), ctx: ctx}
	s.restart()
	t.Cleanup(func() { cancel(); s.scaling.lanes.wait.Wait() })
	s.change(func(tx *state.Tx) {
		tx.PutCluster(&ecs.Cluster{Name: "c", Status: ecs.ClusterActive, CapacityProviders: []string{"cp"}})
		p := &ecs.CapacityProvider{Name: "cp", Status: ecs.ProviderActive, Cluster: "c", Group: "arn:x:g", Scaling: ecs.DefaultManagedScaling}
		p.Scaling.Enabled, p.TerminationProtection = true, true
		tx.PutCapacityProvider(p)
	})
	return s
}

// restart makes a new controller, as a server does that starts.
func (s *scene) restart() {
	s.scaling = NewScaling(ScalingConfig{
		Store: s.store, Clock: func() time.Time { return s.now }, Groups: map[string]MachineGroup{"g": {Hook: s.hook}},
		Realm: ecs.Realm{Region: "r", Account: "1"}, Server: func() string { return "http://berth" },
		Period: time.Minute, Timeout: time.Hour, Logger: slog.New(slog.DiscardHandler),
	})
}

func (s *scene) change(fn func(tx *state.Tx)) {
	s.t.Helper()
	if err := s.store.Do(s.ctx, func(tx *state.Tx) error { fn(tx); return nil }); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) waiting(ids ...ecs.TaskID) {
	s.t.Helper()
	s.change(func(tx *state.Tx) {
		for _, id := range ids {
			tx.PutTask(&ecs.Task{
				ID: id, Cluster: "c", Group: "x", CapacityProvider: "cp", DesiredStatus: ecs.StatusRunning,
				LastStatus: ecs.StatusProvisioning, Waiting: &ecs.Waiting{}, Reserved: ecs.Reservation{CPUUnits: 1024},
			})
		}
	})
}

// join registers an instance of the group and gives it the task, unless that is "".
func (s *scene) join(id ecs.InstanceID, task ecs.TaskID) {
	s.t.Helper()
	s.change(func(tx *state.Tx) {
		tx.PutInstance(&ecs.Instance{
			ID: id, Cluster: "c", Status: ecs.InstanceActive, AgentConnected: true, RegisteredAt: ecs.TimeOf(s.now), CPUUnits: 1024,
			Attributes: []ecs.Attribute{{Name: ecs.GroupAttribute, Value: "g"}, {Name: ecs.HostAttribute, Value: "host-" + string(id)}},
		})
		if task != "" {
			t := *tx.Task("c", task)
			t.Instance, t.LastStatus, t.Waiting = id, ecs.StatusRunning, nil
			tx.PutTask(&t)
		}
	})
}

// finish stops a task.
func (s *scene) finish(id ecs.TaskID) {
	s.t.Helper()
	s.change(func(tx *state.Tx) {
		t := *tx.Task("c", id)
		t.DesiredStatus, t.LastStatus, t.StoppedAt = ecs.StatusStopped, ecs.StatusStopped, ecs.TimeOf(s.now)
		tx.PutTask(&t)
	})
}

// step steps after d of the clock.
func (s *scene) step(d time.Duration) time.Time {
	s.t.Helper()
	s.now = s.now.Add(d)
	wake, err := s.scaling.Step(s.ctx, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	return wake
}

// called takes the next call of the hook and answers it; the end has come back when it returns.
func (s *scene) called(want HookCall, answer error) {
	s.t.Helper()
	got := <-s.hook.calls
	want.Group, want.Cluster, want.CapacityProvider, want.Server = "g", "c", "cp", "http://berth"
	if got != want {
		s.t.Errorf("called %+v, want %+v", got, want)
	}
	s.hook.answers <- answer
	<-s.scaling.kick
}

// quiet reports an error when anything is being called.
func (s *scene) quiet() {
	s.t.Helper()
	s.scaling.lanes.mu.Lock()
	defer s.scaling.lanes.mu.Unlock()
	if n := len(s.scaling.lanes.queues); n != 0 {
		s.t.Errorf("%d hooks are being called", n)
	}
}

func (s *scene) state() ecs.ScalingState { return s.store.Snapshot().CapacityProvider("cp").State }

func (s *scene) status(id ecs.InstanceID) ecs.InstanceStatus {
	return s.store.Snapshot().InstanceByID(id).Status
}

func TestAGroupGrowsAndShrinks(t *testing.T) {
	s := newScene(t)
	s.waiting("t1", "t2")
	s.step(0)
	s.called(HookCall{Action: ScaleOut, Count: 1}, nil)
	s.step(time.Second)
	if got := s.state(); len(got.Requests) != 1 || got.Reservation != 200 {
		t.Errorf("stored %+v", got)
	}
	s.join("i1", "t1") // now the size is known: one task a host
	s.step(time.Second)
	s.called(HookCall{Action: ScaleOut, Count: 1}, nil)
	s.join("i2", "t2")
	s.step(time.Minute)
	if got := s.state(); len(got.Requests) != 0 || got.Reservation != 100 {
		t.Errorf("stored %+v", got)
	}

	s.finish("t1")
	for range 14 {
		s.step(time.Minute)
	}
	if got := s.state(); got.LowPoints != 14 || got.Reservation != 50 || s.status("i1") != ecs.InstanceActive {
		t.Errorf("after 14 minutes: %+v, %s", got, s.status("i1"))
	}
	if wake := s.step(time.Minute); !wake.Equal(s.now) || s.status("i1") != ecs.InstanceDraining {
		t.Errorf("after 15 minutes: %s, wakes %s later", s.status("i1"), wake.Sub(s.now))
	}
	s.step(0)
	s.step(time.Second) // while the hook is being called nothing is called again
	arn := "arn:aws:ecs:r:1:container-instance/c/i1"
	s.called(HookCall{Action: ScaleIn, Host: "host-i1", InstanceARN: arn}, nil)
	s.step(time.Second)
	if got := s.state(); s.status("i1") != ecs.InstanceInactive || s.status("i2") != ecs.InstanceActive || got.Leaving != nil || got.Reservation != 100 {
		t.Errorf("in the end: %s, %s, %+v", s.status("i1"), s.status("i2"), got)
	}
	s.step(time.Minute)
	s.scaling.lanes.wait.Wait()
	s.quiet()
}

func TestAHookThatFailsIsCalledAgain(t *testing.T) {
	s := newScene(t)
	s.scaling.cfg.Retries = []time.Duration{time.Nanosecond, time.Nanosecond}
	var observed []error
	s.scaling.cfg.Observe = func(group, action string, err error) { observed = append(observed, err) }
	s.waiting("t1")
	s.step(0)
	no := errors.New("no machine")
	for range 2 {
		<-s.hook.calls
		s.hook.answers <- no
	}
	s.called(HookCall{Action: ScaleOut, Count: 1}, no)
	if want := []error{no, no, no}; !slices.Equal(observed, want) {
		t.Errorf("observed %v", observed)
	}
	if len(s.state().Requests) != 1 {
		t.Errorf("forgotten before the step: %+v", s.state())
	}
	s.step(time.Second) // forgets the request, which came to nothing, and asks again
	s.called(HookCall{Action: ScaleOut, Count: 1}, nil)
	s.step(time.Second)
	if got := s.state().Requests; !reflect.DeepEqual(got, []ecs.ScaleOutRequest{{At: ecs.TimeOf(s.now.Add(-time.Second)), Hosts: 1}}) {
		t.Errorf("stored %+v", got)
	}
}

// drain makes i1 an idle instance that managed scaling is about to stop.
func (s *scene) drain() {
	s.t.Helper()
	s.join("i1", "")
	for range 15 {
		s.step(time.Minute)
	}
	if s.status("i1") != ecs.InstanceDraining {
		s.t.Fatalf("i1 is %s", s.status("i1"))
	}
}

func TestARestartGoesOn(t *testing.T) {
	s := newScene(t)
	s.drain()
	s.waiting("t1", "t2")
	s.step(0) // the hook is called for both, and the server ends before it answers
	<-s.hook.calls
	<-s.hook.calls
	s.hook.answers <- context.Canceled
	s.hook.answers <- context.Canceled
	s.scaling.lanes.wait.Wait()
	s.restart()

	s.step(time.Second)
	c := <-s.hook.calls
	if c.Action != ScaleIn || c.Host != "host-i1" {
		t.Errorf("called %+v: what was asked for is expected, what has to go is tried again", c)
	}
	s.hook.answers <- nil
	<-s.scaling.kick
	s.step(time.Second)
	if s.status("i1") != ecs.InstanceInactive {
		t.Errorf("i1 is %s", s.status("i1"))
	}
	s.scaling.lanes.wait.Wait()
	s.quiet()
	s.step(5 * time.Minute)
	s.called(HookCall{Action: ScaleOut, Count: 1}, nil) // nothing came during the warm-up
}

func TestAHostThatCannotBeStoppedStaysDraining(t *testing.T) {
	s := newScene(t)
	s.drain()
	in := HookCall{Action: ScaleIn, Host: "host-i1", InstanceARN: "arn:aws:ecs:r:1:container-instance/c/i1"}
	s.step(0)
	s.called(in, errors.New("no"))
	s.step(time.Minute)
	if s.status("i1") != ecs.InstanceDraining {
		t.Errorf("i1 is %s", s.status("i1"))
	}
	s.called(in, nil)
	s.step(0)
	if s.status("i1") != ecs.InstanceInactive {
		t.Errorf("i1 is %s", s.status("i1"))
	}
}

func TestAnInstanceSetActiveAgainIsNotStopped(t *testing.T) {
	s := newScene(t)
	s.drain()
	hold := make(chan struct{})
	s.scaling.lanes.do("cp "+ScaleIn, func() { <-hold }) // another host is being stopped
	s.step(0)
	i := *s.store.Snapshot().InstanceByID("i1")
	i.Status = ecs.InstanceActive
	s.change(func(tx *state.Tx) { tx.PutInstance(&i) })
	close(hold)
	<-s.scaling.kick
	s.step(time.Second)
	if got := s.state(); s.status("i1") != ecs.InstanceActive || got.Leaving != nil {
		t.Errorf("i1 is %s, %+v", s.status("i1"), got)
	}
}

func TestAGroupWithoutAHookIsMeasured(t *testing.T) {
	s := newScene(t)
	s.scaling.cfg.Groups = nil
	s.waiting("t1")
	s.step(0)
	s.quiet()
	if got := s.state(); got.Reservation != 200 || got.Requests != nil {
		t.Errorf("stored %+v", got)
	}
}

func TestScalingThatCannotStoreAsksNobody(t *testing.T) {
	s := newScene(t)
	s.waiting("t1")
	b := &brokenWatch{broken{Store: s.store}, s.store}
	b.fails.Store(true)
	s.scaling.cfg.Store = b
	if _, err := s.scaling.Step(s.ctx, s.now); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	s.quiet()
}

type brokenWatch struct {
	broken
	watched *store.Store
}

func (b *brokenWatch) Watch() *store.Watcher { return b.watched.Watch() }

func TestScalingRunsAtOnce(t *testing.T) {
	s := newScene(t)
	s.scaling.cfg.Clock = time.Now
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(s.ctx)
	go func() { defer close(ended); s.scaling.Run(ctx) }()
	for s.state().PointAt == 0 { // until the first look was stored: the next would be a minute later
		w := s.store.Watch()
		if s.state().PointAt == 0 {
			if _, err := w.Next(ctx); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
	}
	s.waiting("t1")
	if c := <-s.hook.calls; c.Action != ScaleOut {
		t.Errorf("called %+v", c)
	}
	cancel() // the hook's call ends with it, and Run when that has ended
	<-ended
	s.quiet()
}

func TestWhatWakesScaling(t *testing.T) {
	s := NewScaling(ScalingConfig{})
	s.draining = map[ecs.InstanceID]bool{"i": true}
	waits := &ecs.Task{Waiting: &ecs.Waiting{}}
	runs := &ecs.Task{Instance: "i", LastStatus: ecs.StatusRunning}
	over := &ecs.Task{Instance: "i", LastStatus: ecs.StatusStopped}
	elsewhere := &ecs.Task{Instance: "j", LastStatus: ecs.StatusStopped}
	grouped := func(connected bool, status ecs.InstanceStatus) *ecs.Instance {
		return &ecs.Instance{Status: status, AgentConnected: connected, Attributes: []ecs.Attribute{{Name: ecs.GroupAttribute, Value: "g"}}}
	}
	alone := &ecs.Instance{Status: ecs.InstanceActive}
	alone2 := &ecs.Instance{Status: ecs.InstanceDraining}
	p, scaled, updated := &ecs.CapacityProvider{}, &ecs.CapacityProvider{State: ecs.ScalingState{LowPoints: 1}}, &ecs.CapacityProvider{Cluster: "c"}
	for k, tc := range []struct {
		change state.Change
		want   bool
	}{
		{state.Change{Table: state.Tasks, New: waits}, true},
		{state.Change{Table: state.Tasks, Old: waits, New: runs}, true},
		{state.Change{Table: state.Tasks, Old: waits, New: waits}, false},
		{state.Change{Table: state.Tasks, New: runs}, false},
		{state.Change{Table: state.Tasks, Old: runs, New: over}, true},
		{state.Change{Table: state.Tasks, Old: runs, New: elsewhere}, false},
		{state.Change{Table: state.Tasks, Old: over}, false},
		{state.Change{Table: state.Instances, New: grouped(false, ecs.InstanceActive)}, true},
		{state.Change{Table: state.Instances, Old: grouped(true, ecs.InstanceActive)}, true},
		{state.Change{Table: state.Instances, Old: grouped(false, ecs.InstanceActive), New: grouped(true, ecs.InstanceActive)}, true},
		{state.Change{Table: state.Instances, Old: grouped(true, ecs.InstanceActive), New: grouped(true, ecs.InstanceActive)}, false},
		{state.Change{Table: state.Instances, Old: grouped(true, ecs.InstanceActive), New: grouped(true, ecs.InstanceDraining)}, true},
		{state.Change{Table: state.Instances, Old: alone, New: alone2}, false},
		{state.Change{Table: state.Providers, New: p}, true},
		{state.Change{Table: state.Providers, Old: p, New: scaled}, false},
		{state.Change{Table: state.Providers, Old: p, New: updated}, true},
		{state.Change{Table: state.Clusters, New: &ecs.Cluster{}}, false},
	} {
		if got := s.concerned([]state.Change{{Table: state.Clusters}, tc.change}); got != tc.want {
			t.Errorf("case %d: %t", k, got)
		}
	}
}

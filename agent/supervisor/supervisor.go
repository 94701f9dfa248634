package supervisor

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"berth/agent/report"
	"berth/agent/runtime"
	"berth/api/acs"
)

// Identity is whose containers these are.
type Identity struct {
	// Cluster is the name as the agent was configured.
	Cluster     string
	InstanceARN string
}

// Config is what a Supervisor needs. All members are required unless they say otherwise.
type Config struct {
	Runtime  runtime.Runtime
	Identity Identity
	// StopTimeout is for containers without their own.
	StopTimeout time.Duration
	PullPolicy  runtime.PullPolicy
	// Report is called with every change, in order.
	Report func(report.Change)
	// HealthChanged is called when a container's verdict changed; may be nil.
	HealthChanged func()
	// Stopped is called once, after the last container has stopped and its change was reported.
	Stopped func()
	Logger  *slog.Logger
}

// Supervisor runs one task.
type Supervisor struct {
	config  Config
	task    acs.Task
	payload string
	m       *machine // owned by run
	done    chan struct{}

	mu    sync.Mutex
	inbox []input       // guarded by mu
	view  View          // guarded by mu
	bell  chan struct{} // signalled when the inbox fills

	// of the goroutine run:
	cgroupParent string
	cancelPulls  context.CancelFunc
	actions      sync.WaitGroup
}

// Found is a container of the task that the engine had when the agent started.
type Found struct {
	Name  string
	State runtime.State
}

// Start checks the task and begins to run it; found are containers it already has. Without them nothing happens to the
// engine before Admit. The error is the reason why the task can never run. The Supervisor ends when the task has
// stopped or ctx ends; ctx ending leaves the containers alone. Start itself calls none of the callbacks.
func Start(ctx context.Context, config Config, task acs.Task, found []Found) (*Supervisor, error) {
	m, err := newMachine(task)
	if err != nil {
		return nil, err
	}
	payload, err := EncodeTask(task)
	if err != nil {
		return nil, err
	}
	s := &Supervisor{config: config, task: task, payload: payload, m: m, done: make(chan struct{}), bell: make(chan struct{}, 1)}
	if len(found) > 0 {
		m.apply(resume{found}, time.Now())
	}
	s.publish()
	go s.run(ctx)
	return s, nil
}

// Task is the task as it was given.
func (s *Supervisor) Task() acs.Task { return s.task }

// Done is closed when the Supervisor has ended.
func (s *Supervisor) Done() <-chan struct{} { return s.done }

// Admit lets the task begin: the host has room.
func (s *Supervisor) Admit() { s.post(admit{}) }

// Wait says why the task may not begin yet.
func (s *Supervisor) Wait(reason string) { s.post(wait{reason}) }

// Stop stops the task's containers, dependents first.
func (s *Supervisor) Stop() { s.post(stopTask{}) }

// Event hands on what the engine told about one of the task's containers, or a resync.
func (s *Supervisor) Event(e runtime.Event) { s.post(event{e}) }

// post never blocks: events must not wait for a task.
func (s *Supervisor) post(in input) {
	s.mu.Lock()
	s.inbox = append(s.inbox, in)
	s.mu.Unlock()
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

// run is the goroutine that owns the machine.
func (s *Supervisor) run(ctx context.Context) {
	defer close(s.done)
	defer s.actions.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pulls, cancelPulls := context.WithCancel(ctx)
	s.cancelPulls = cancelPulls
	defer cancelPulls()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wake := s.step(ctx, pulls)
		if s.m.over() && s.m.idle() {
			s.config.Stopped()
			return
		}
		var alarm <-chan time.Time
		if !wake.IsZero() {
			timer.Reset(time.Until(wake))
			alarm = timer.C
		}
		select {
		case <-ctx.Done():
			return
		case <-s.bell:
		case <-alarm:
		}
	}
}

// step takes in what has happened, reports what is new and starts what is to do. It returns when to come back at the
// latest.
func (s *Supervisor) step(ctx, pulls context.Context) time.Time {
	s.mu.Lock()
	inputs := s.inbox
	s.inbox = nil
	s.mu.Unlock()
	for _, in := range inputs {
		s.m.apply(in, time.Now())
	}
	now := time.Now()
	s.m.settle(now)
	if s.m.stopping {
		s.cancelPulls()
	}
	for _, change := range s.m.changes() {
		s.config.Report(change)
	}
	if s.publish() && s.config.HealthChanged != nil {
		s.config.HealthChanged()
	}
	actions, wake := s.m.next(now)
	for _, a := range actions {
		s.launch(ctx, pulls, a)
	}
	return wake
}

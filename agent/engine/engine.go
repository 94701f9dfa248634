package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"berth/agent/report"
	"berth/agent/runtime"
	"berth/agent/supervisor"
	"berth/api/acs"
)

// Config sets up an Engine. Members without a default are required.
type Config struct {
	Runtime  runtime.Runtime
	Identity supervisor.Identity
	Capacity Capacity
	// StopTimeout is for containers without their own; 0 is 30 s (features.md B6.7).
	StopTimeout time.Duration
	// CleanupWait is how long a stopped task's containers stay; 0 is 3 hours.
	CleanupWait time.Duration
	// VanishedGrace is how long a task that only the manifest knows may still arrive; 0 is 10 s.
	VanishedGrace time.Duration
	// PullPolicy is runtime.PullDefault if empty.
	PullPolicy runtime.PullPolicy
	// Report takes the changes of all tasks; a task's in order. It must not block.
	Report func(report.Change)
	// HealthChanged is called when some container's verdict changed; may be nil. It must not block.
	HealthChanged func()
	// Metrics collects the use of running containers, at the cost of one stream each.
	Metrics bool
	Logger  *slog.Logger
}

// Engine runs the tasks of one host.
type Engine struct {
	config Config
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	usage  *usage
	chores chan chore // never closed; janitor reads until ctx ends

	mu     sync.Mutex
	tasks  map[string]*entry // by ARN, until clean-up; guarded by mu
	ledger *ledger           // guarded by mu
}

// entry is one task of the host.
type entry struct {
	task acs.Task
	sup  *supervisor.Supervisor
	// asked: the server wants it stopped; stopped: the last container has stopped; taken: the server has taken that
	// report.
	asked, stopped, taken bool
	// last is the STOPPED report, to be repeated when the server asks about the task as if it had never come.
	last report.Change
}

// Open finds what the engine has of this instance's tasks and takes them up again; it waits for an engine that is away.
// Close ends it.
func Open(ctx context.Context, config Config) (*Engine, error) {
	if config.StopTimeout == 0 {
		config.StopTimeout = 30 * time.Second
	}
	if config.CleanupWait == 0 {
		config.CleanupWait = 3 * time.Hour
	}
	if config.VanishedGrace == 0 {
		config.VanishedGrace = 10 * time.Second
	}
	if config.PullPolicy == "" {
		config.PullPolicy = runtime.PullDefault
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Engine{
		config: config, log: config.Logger, tasks: map[string]*entry{}, ledger: newLedger(config.Capacity),
		chores: make(chan chore, 1024), usage: newUsage(),
	}
	e.ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := e.resume(ctx); err != nil {
		e.Close()
		return nil, err
	}
	e.wg.Go(func() { config.Runtime.Watch(e.ctx, config.Identity.InstanceARN, e.dispatch) })
	e.wg.Go(e.janitor)
	if config.Metrics {
		e.wg.Go(e.sample)
	}
	return e, nil
}

// Close ends supervision and waits for it; containers run on.
func (e *Engine) Close() {
	e.cancel()
	e.mu.Lock()
	var waits []<-chan struct{}
	for _, t := range e.tasks {
		waits = append(waits, t.sup.Done())
	}
	e.mu.Unlock()
	for _, done := range waits {
		<-done
	}
	e.wg.Wait()
}

// dispatch hands an engine event to the task it belongs to.
func (e *Engine) dispatch(event runtime.Event) {
	switch event.Kind {
	case runtime.EventLost:
		return
	case runtime.EventResync:
		for _, sup := range e.supervisors() {
			sup.Event(event)
		}
		return
	}
	e.mu.Lock()
	t := e.tasks[event.Labels[runtime.LabelTaskARN]]
	e.mu.Unlock()
	if t != nil {
		t.sup.Event(event)
	}
}

func (e *Engine) supervisors() []*supervisor.Supervisor {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]*supervisor.Supervisor, 0, len(e.tasks))
	for _, t := range e.tasks {
		list = append(list, t.sup)
	}
	return list
}

// Apply carries out the tasks of a payload, those to stop first. What cannot be carried out is reported as STOPPED;
// there is nothing for the caller to do about it.
func (e *Engine) Apply(tasks []acs.Task) {
	for _, t := range tasks {
		if t.DesiredStatus == acs.StatusStopped {
			e.Stop(t.ARN)
		}
	}
	for _, t := range tasks {
		switch t.DesiredStatus {
		case acs.StatusStopped:
		case acs.StatusRunning:
			e.run(t)
		default:
			e.refuse(t, fmt.Errorf("TaskStateError: desired status %q is neither RUNNING nor STOPPED", t.DesiredStatus))
		}
	}
}

// Stop stops a task. One the host does not have is reported STOPPED: the server waits for that.
func (e *Engine) Stop(arn string) {
	e.mu.Lock()
	t := e.tasks[arn]
	if t != nil {
		t.asked = true
	}
	e.mu.Unlock()
	if t != nil {
		t.sup.Stop()
		e.remind(arn)
		return
	}
	e.log.Info("asked to stop a task that is not here", "task", arn)
	e.config.Report(report.Change{TaskARN: arn, Status: report.Stopped, Reason: "TaskStateError: the agent does not have this task", Urgent: true})
}

// remind repeats the STOPPED of a task that has stopped and whose report was taken. A server that still asks about it
// has lost the report, for instance because it was restored from a backup.
func (e *Engine) remind(arn string) {
	e.mu.Lock()
	t := e.tasks[arn]
	lost := t != nil && t.taken
	var last report.Change
	if lost {
		last = t.last
	}
	e.mu.Unlock()
	if lost {
		e.config.Report(last)
	}
}

// run begins a task that is new; a known one, running or stopped, is left as it is.
func (e *Engine) run(task acs.Task) {
	c := claimOf(task)
	e.mu.Lock()
	if e.tasks[task.ARN] != nil || e.ctx.Err() != nil {
		e.mu.Unlock()
		e.remind(task.ARN)
		return
	}
	reason := e.ledger.tooBig(c)
	if reason != "" {
		e.mu.Unlock()
		e.refuse(task, runtime.NewError(runtime.ResourceInitialization, errors.New(reason)))
		return
	}
	sup, err := e.supervise(task, nil)
	if err != nil {
		e.mu.Unlock()
		e.refuse(task, err)
		return
	}
	e.tasks[task.ARN] = &entry{task: task, sup: sup}
	e.ledger.enqueue(task.ARN, c)
	e.mu.Unlock()
	e.admit()
}

// supervise starts a supervisor. Its callbacks look the task up again, so it may be called with mu held.
func (e *Engine) supervise(task acs.Task, found []supervisor.Found) (*supervisor.Supervisor, error) {
	return supervisor.Start(e.ctx, supervisor.Config{
		Runtime: e.config.Runtime, Identity: e.config.Identity,
		StopTimeout: e.config.StopTimeout, PullPolicy: e.config.PullPolicy,
		Report: e.report, HealthChanged: e.config.HealthChanged,
		Stopped: func() { e.ended(task.ARN) },
		Logger:  e.log,
	}, task, found)
}

// report hands on a supervisor's change and keeps the last one.
func (e *Engine) report(change report.Change) {
	if change.Status == report.Stopped {
		e.mu.Lock()
		if t := e.tasks[change.TaskARN]; t != nil {
			t.last = change
		}
		e.mu.Unlock()
	}
	e.config.Report(change)
}

// refuse reports a task that never can run.
func (e *Engine) refuse(task acs.Task, err error) {
	e.log.Warn("task refused", "task", task.ARN, "error", err)
	e.config.Report(report.Change{
		TaskARN: task.ARN, Status: report.Stopped, Reason: runtime.Clip(err.Error(), runtime.MaxReason), Urgent: true,
	})
}

// admit lets in what fits and tells the others why they wait.
func (e *Engine) admit() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, arn := range e.ledger.admit() {
		e.tasks[arn].sup.Admit()
	}
	for arn, reason := range e.ledger.reasons(e.stopping) {
		e.tasks[arn].sup.Wait(reason)
	}
}

// stopping tells whether a task is on its way out. It is called with mu held.
func (e *Engine) stopping(arn string) bool {
	t := e.tasks[arn]
	return t != nil && (t.asked || t.sup.View().Stopping)
}

// ended is called by a supervisor when its last container has stopped.
func (e *Engine) ended(arn string) {
	e.mu.Lock()
	t := e.tasks[arn]
	if t != nil {
		t.stopped = true
	}
	e.ledger.release(arn)
	e.mu.Unlock()
	e.admit()
	e.cleanLater(arn)
}

// Taken is told about every change the server has taken.
func (e *Engine) Taken(change report.Change) {
	if change.Status != report.Stopped {
		return
	}
	e.mu.Lock()
	if t := e.tasks[change.TaskARN]; t != nil {
		t.taken = true
	}
	e.mu.Unlock()
	e.cleanLater(change.TaskARN)
}

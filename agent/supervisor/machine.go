package supervisor

import (
	"errors"
	"fmt"
	"time"

	"berth/agent/report"
	"berth/agent/runtime"
	"berth/api/acs"
)

// machine decides for one task. It is driven by one goroutine.
type machine struct {
	task       acs.Task
	containers []*container
	byName     map[string]*container
	// needsPrepare: the task has volumes or limits to set up before its containers are created.
	needsPrepare bool
	prepared     bool
	preparing    bool
	retryPrepare time.Time

	admitted bool
	stopping bool
	// everRunning: every container has started; the task was RUNNING.
	everRunning bool
	// reason is the task's: why it waits, or why it failed as a whole.
	reason string

	pullStartedAt, pullStoppedAt, executionStoppedAt time.Time

	told told
}

// told is what was reported last.
type told struct {
	status     string
	reason     string
	containers map[string]string
}

// newMachine checks the task and links its containers. The error is the reason why the task cannot run.
func newMachine(task acs.Task) (*machine, error) {
	m := &machine{task: task, byName: map[string]*container{}, told: told{status: report.Pending, containers: map[string]string{}}}
	for _, def := range task.Containers {
		c := &container{def: def}
		m.containers = append(m.containers, c)
		m.byName[def.Name] = c
		m.told.containers[def.Name] = report.Pending
	}
	if err := check(task); err != nil {
		return nil, err
	}
	if err := m.link(); err != nil {
		return nil, err
	}
	m.needsPrepare = needsPrepare(task)
	return m, nil
}

// apply takes in what happened.
func (m *machine) apply(in input, now time.Time) {
	switch in := in.(type) {
	case admit:
		m.admitted, m.reason = true, ""
	case wait:
		m.reason = in.reason
	case stopTask:
		if !m.admitted {
			m.reason = "" // it waits for nothing any more
		}
		m.stopping = true
	case resume:
		m.admitted = true
		for _, f := range in.found {
			m.observe(m.byName[f.Name], f.State, now)
		}
	case event:
		m.applyEvent(in.event, now)
	case preparedResult:
		m.preparing = false
		m.applyPrepared(in.err, now)
	case pullResult:
		m.applyPull(m.byName[in.name], in, now)
	case createResult:
		m.applyCreate(m.byName[in.name], in, now)
	case stateResult:
		m.applyState(m.byName[in.name], in, now)
	}
	m.settle(now)
}

func (m *machine) applyPrepared(err error, now time.Time) {
	switch {
	case err == nil:
		m.prepared = true
	case m.stopping:
	case runtime.IsUnavailable(err):
		m.retryPrepare = now.Add(minStepRetry)
	default:
		m.reason = runtime.Reason(err, runtime.ResourceInitialization)
		m.stopping = true
	}
}

func (m *machine) applyPull(c *container, in pullResult, now time.Time) {
	c.busy = none
	if in.err == nil {
		c.phase, c.image, c.failures = pulled, in.image, 0
		if !in.image.Cached {
			m.pulledBetween(in.startedAt, now)
		}
		return
	}
	if m.failed(c, in.err, runtime.CannotPullContainer, now) {
		m.pulledBetween(in.startedAt, now)
	}
}

// pulledBetween widens the task's pull times: first start, last end (semantics.md 2.2).
func (m *machine) pulledBetween(start, end time.Time) {
	if m.pullStartedAt.IsZero() || start.Before(m.pullStartedAt) {
		m.pullStartedAt = start
	}
	if end.After(m.pullStoppedAt) {
		m.pullStoppedAt = end
	}
}

func (m *machine) applyCreate(c *container, in createResult, now time.Time) {
	c.busy = none
	if in.err != nil {
		m.failed(c, in.err, runtime.CannotCreateContainer, now)
		return
	}
	c.phase, c.id, c.failures = created, in.id, 0
}

// failed handles a failed step: an unreachable engine postpones it, everything else ends the container. It tells
// whether the container has ended for that reason.
func (m *machine) failed(c *container, err error, name string, now time.Time) bool {
	switch {
	case runtime.IsUnavailable(err):
		c.postpone(now)
		return false
	case m.stopping:
		c.finish("")
		return false
	default:
		c.finish(runtime.Reason(err, name))
		m.executed(c, now)
		return true
	}
}

// applyState takes the result of a start, a stop or an inspection.
func (m *machine) applyState(c *container, in stateResult, now time.Time) {
	action := c.busy
	c.busy = none
	switch {
	case in.err == nil:
		c.failures = 0
		m.observe(c, in.state, now)
	case runtime.IsNotFound(in.err):
		c.finish(runtime.ContainerVanished + ": the container was removed by someone else")
		m.executed(c, now)
	case runtime.IsUnavailable(in.err) || action == stop || action == inspect:
		c.postpone(now)
		c.recheck = true
	default:
		c.finish(runtime.Reason(in.err, runtime.CannotStartContainer))
		m.executed(c, now)
	}
}

// observe takes the engine's view of a container.
func (m *machine) observe(c *container, s runtime.State, now time.Time) {
	if c == nil || c.phase == stopped {
		return
	}
	c.id = s.ID
	c.started = c.started || s.Started
	if len(s.Bindings) > 0 {
		c.bindings = s.Bindings
	}
	switch s.Phase {
	case runtime.PhaseCreated:
		c.phase = created
	case runtime.PhaseRunning:
		c.phase = running
		m.noteHealth(c, s.Health, now)
	case runtime.PhaseExited:
		m.exited(c, s, now)
	}
}

func (m *machine) exited(c *container, s runtime.State, now time.Time) {
	reason := ""
	switch {
	case s.OOMKilled:
		reason = runtime.OutOfMemory + ": Container killed due to memory usage"
	case !s.Started && s.Error != "":
		reason = runtime.Reason(errors.New(s.Error), runtime.CannotStartContainer)
	}
	if c.started {
		c.exitCode = &s.ExitCode
	}
	c.finish(reason)
	at := s.FinishedAt
	if at.IsZero() {
		at = now
	}
	m.executed(c, at)
}

// executed notes when the task's work was over: with its first essential container, or with its last one.
func (m *machine) executed(c *container, at time.Time) {
	if m.executionStoppedAt.IsZero() && (c.def.Essential || m.over()) {
		m.executionStoppedAt = at
	}
}

func (m *machine) applyEvent(e runtime.Event, now time.Time) {
	if e.Kind == runtime.EventResync {
		m.retryPrepare = time.Time{}
		for _, c := range m.containers {
			c.recheck = c.id != "" && c.phase != stopped
			c.retryAt = time.Time{}
		}
		return
	}
	c := m.byName[e.Labels[runtime.LabelContainerName]]
	if c == nil || c.phase == stopped {
		return
	}
	switch e.Kind {
	case runtime.EventExited:
		c.recheck = true
	case runtime.EventHealth:
		m.noteHealth(c, e.Health, e.At)
	}
}

func (m *machine) noteHealth(c *container, h runtime.Health, at time.Time) {
	if !c.checked() || c.health == h {
		return
	}
	c.health, c.healthSince = h, at
	c.wasHealthy = c.wasHealthy || h == runtime.HealthHealthy
}

// settle draws the conclusions that need no action until nothing changes any more.
func (m *machine) settle(now time.Time) {
	for changed := true; changed; {
		changed = false
		m.noteRunning()
		for _, c := range m.containers {
			if c.phase == stopped && c.def.Essential {
				m.stopping = true
			}
			if c.phase < running && c.busy == none && m.mustNotStart(c, now) {
				c.finish("")
				changed = true
			}
		}
	}
	if m.over() && m.executionStoppedAt.IsZero() && m.everRunning {
		m.executionStoppedAt = now
	}
}

// noteRunning: the task is RUNNING once every container has started; a non-essential one that could not start does not
// hold it back.
func (m *machine) noteRunning() {
	any := false
	for _, c := range m.containers {
		skipped := c.phase == stopped && !c.def.Essential && !m.stopping
		if !c.started && !skipped {
			return
		}
		any = any || c.started
	}
	m.everRunning = m.everRunning || any
}

// mustNotStart tells whether a container that has not started never will.
func (m *machine) mustNotStart(c *container, now time.Time) bool {
	if m.stopping {
		return true
	}
	if !m.admitted {
		return false
	}
	state, late := c.dependencies(now)
	if late != nil {
		c.reason = fmt.Sprintf("%s: container %s did not reach %s within its startTimeout of %d s",
			runtime.TaskDependency, late.c.def.Name, late.condition, late.c.def.StartTimeout)
		m.stopping = true
		return true
	}
	return state == impossible
}

// dependencies judges all conditions of a container; late is one whose deadline has passed.
func (c *container) dependencies(now time.Time) (state verdict, late *provider) {
	state = met
	for i := range c.providers {
		p := &c.providers[i]
		switch p.check() {
		case impossible:
			return impossible, nil
		case unmet:
			state = unmet
			if d := p.deadline(); !d.IsZero() && !now.Before(d) {
				late = p
			}
		}
	}
	if state == met && c.readySince.IsZero() {
		c.readySince = now
	}
	return state, late
}

// over tells whether every container has stopped.
func (m *machine) over() bool {
	for _, c := range m.containers {
		if c.phase != stopped {
			return false
		}
	}
	return true
}

// idle tells whether no action is under way.
func (m *machine) idle() bool {
	for _, c := range m.containers {
		if c.busy != none {
			return false
		}
	}
	return !m.preparing
}

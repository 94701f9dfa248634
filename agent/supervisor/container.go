package supervisor

import (
	"time"

	"berth/agent/report"
	"berth/agent/runtime"
	"berth/api/acs"
)

// phase is how far a container has come.
type phase uint8

const (
	waiting phase = iota
	pulled
	created
	running
	stopped
)

// container is the machine's record of one container.
type container struct {
	def   acs.Container
	phase phase
	// busy is the action under way.
	busy actionKind
	id   string
	// image is what was pulled.
	image runtime.Image
	// started tells that the process ran, even if it has ended.
	started bool
	// exitCode is nil unless the process ran and ended.
	exitCode *int
	reason   string
	bindings []runtime.Binding

	health      runtime.Health
	healthSince time.Time
	// wasHealthy stays: HEALTHY counts at start-up only (B17.3).
	wasHealthy bool

	// recheck asks for an inspection: the engine hinted that something changed.
	recheck bool
	// readySince is when the container's own dependencies were met; startTimeout counts from there.
	readySince time.Time
	// retryAt is when a step may be repeated, failures how often it failed in a row.
	retryAt  time.Time
	failures int

	providers  []provider
	dependents []*container
}

// provider is a container that must reach a condition before the dependent starts.
type provider struct {
	c         *container
	condition string
}

// checked tells whether the container has a health check of the task definition.
func (c *container) checked() bool { return c.def.HealthCheckType == "docker" }

// reported is the container's status as ECS knows it (semantics.md 2.1).
func (c *container) reported() string {
	switch c.phase {
	case running:
		return report.Running
	case stopped:
		return report.Stopped
	}
	return report.Pending
}

// verdict tells how a condition stands.
type verdict uint8

const (
	unmet verdict = iota
	met
	impossible
)

// check judges one condition now.
func (p provider) check() verdict {
	ended := p.c.phase == stopped
	switch p.condition {
	case acs.ConditionComplete:
		return judge(ended && p.c.started, ended)
	case acs.ConditionSuccess:
		return judge(ended && p.c.exitCode != nil && *p.c.exitCode == 0, ended)
	case acs.ConditionHealthy:
		return judge(p.c.wasHealthy, ended)
	default:
		return judge(p.c.started, ended)
	}
}

func judge(reached, over bool) verdict {
	switch {
	case reached:
		return met
	case over:
		return impossible
	}
	return unmet
}

// deadline is when waiting for the condition is given up; zero is never. The provider's startTimeout counts from when
// its own dependencies were met (semantics.md 2.5); START has none.
func (p provider) deadline() time.Time {
	if p.c.def.StartTimeout <= 0 || p.c.readySince.IsZero() || p.condition == acs.ConditionStart {
		return time.Time{}
	}
	return p.c.readySince.Add(time.Duration(p.c.def.StartTimeout) * time.Second)
}

// Bounds of the pause before a step is repeated.
const (
	minStepRetry = time.Second
	maxStepRetry = time.Minute
)

// postpone sets when the failed step may be repeated.
func (c *container) postpone(now time.Time) {
	pause := min(minStepRetry<<min(c.failures, 10), maxStepRetry)
	c.failures++
	c.retryAt = now.Add(pause)
}

// finish ends the container. reason is kept only if there is none yet: the first cause counts.
func (c *container) finish(reason string) {
	c.phase = stopped
	c.recheck = false
	c.retryAt = time.Time{}
	if c.reason == "" {
		c.reason = reason
	}
}

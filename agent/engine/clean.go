package engine

import (
	"context"
	"time"

	"berth/agent/supervisor"
)

// chore is a stopped task to remove.
type chore struct {
	arn string
	due time.Time
}

// cleanRetry is how long a clean-up that failed waits.
const cleanRetry = time.Minute

// cleanLater hands the task to the janitor once it has stopped and the server knows.
func (e *Engine) cleanLater(arn string) {
	e.mu.Lock()
	t := e.tasks[arn]
	ready := t != nil && t.stopped && t.taken
	e.mu.Unlock()
	if !ready {
		return
	}
	ended := t.sup.View().EndedAt
	if ended.IsZero() {
		ended = time.Now()
	}
	select {
	case e.chores <- chore{arn, ended.Add(e.config.CleanupWait)}:
	case <-e.ctx.Done():
	}
}

// janitor removes stopped tasks when their time has come, one after the other.
func (e *Engine) janitor() {
	var waiting []chore
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		next := time.Hour
		var rest []chore
		for _, c := range waiting {
			if wait := time.Until(c.due); wait > 0 {
				next = min(next, wait)
				rest = append(rest, c)
				continue
			}
			if !e.clean(c.arn) {
				next = min(next, cleanRetry)
				rest = append(rest, chore{c.arn, time.Now().Add(cleanRetry)})
			}
		}
		waiting = rest
		timer.Reset(next)
		select {
		case <-e.ctx.Done():
			return
		case c := <-e.chores:
			waiting = append(waiting, c)
		case <-timer.C:
		}
	}
}

// clean removes one task and forgets it; false asks to try again.
func (e *Engine) clean(arn string) bool {
	e.mu.Lock()
	t := e.tasks[arn]
	e.mu.Unlock()
	if t == nil {
		return true
	}
	if err := supervisor.Remove(e.ctx, e.config.Runtime, t.task, containerIDs(t)); err != nil {
		if e.ctx.Err() == nil {
			e.log.Warn("stopped task cannot be removed yet", "task", arn, "error", err)
		}
		return false
	}
	e.mu.Lock()
	delete(e.tasks, arn)
	e.mu.Unlock()
	e.log.Info("stopped task removed", "task", arn)
	return true
}

// containerIDs has an essential container last: should the clean-up break off, what is left still says that the task
// is over.
func containerIDs(t *entry) []string {
	var first, last []string
	for i, c := range t.sup.View().Containers {
		switch {
		case c.ID == "":
		case t.task.Containers[i].Essential:
			last = append(last, c.ID)
		default:
			first = append(first, c.ID)
		}
	}
	return append(first, last...)
}

// StopAll stops every task, waits up to grace, and removes all of them, by force if need be. It is for a host that
// goes away on purpose (`berth dev`); the engine must be closed afterwards.
func (e *Engine) StopAll(ctx context.Context, grace time.Duration) error {
	sups := e.supervisors()
	for _, sup := range sups {
		sup.Stop()
	}
	patience, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	for _, sup := range sups {
		select {
		case <-sup.Done():
		case <-patience.Done():
		}
	}
	e.mu.Lock()
	list := make([]*entry, 0, len(e.tasks))
	for _, t := range e.tasks {
		list = append(list, t)
	}
	e.mu.Unlock()
	var first error
	for _, t := range list {
		if err := supervisor.Remove(ctx, e.config.Runtime, t.task, containerIDs(t)); err != nil && first == nil {
			first = err
		}
	}
	return first
}

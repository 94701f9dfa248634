package engine

import (
	"slices"
	"strings"
	"time"

	"berth/agent/report"
	"berth/agent/runtime"
	"berth/api/acs"
)

// Manifest compares the server's list with the host. It returns the tasks that run here although the server does not
// want them to; they are stopped only when the server confirms. A task that the server believes to run here and of
// which nothing is known is reported STOPPED, unless it arrives within the grace period; one that has stopped here is
// reported again.
func (e *Engine) Manifest(listed []acs.TaskIdentifier) []acs.TaskIdentifier {
	wanted := map[string]bool{}
	var missing, over []string
	e.mu.Lock()
	for _, t := range listed {
		if t.DesiredStatus != acs.StatusRunning {
			continue
		}
		wanted[t.TaskARN] = true
		switch known := e.tasks[t.TaskARN]; {
		case known == nil:
			missing = append(missing, t.TaskARN)
		case known.taken:
			over = append(over, t.TaskARN)
		}
	}
	var candidates []acs.TaskIdentifier
	for arn, t := range e.tasks {
		if !wanted[arn] && !t.stopped && !e.stopping(arn) {
			candidates = append(candidates, acs.TaskIdentifier{TaskARN: arn, TaskClusterARN: t.task.TaskClusterARN, DesiredStatus: acs.StatusStopped})
		}
	}
	e.mu.Unlock()
	for _, arn := range over {
		e.remind(arn)
	}
	if len(missing) > 0 {
		e.wg.Go(func() { e.mourn(missing) })
	}
	slices.SortFunc(candidates, func(a, b acs.TaskIdentifier) int { return strings.Compare(a.TaskARN, b.TaskARN) })
	return candidates
}

// mourn reports tasks that are still unknown after the grace period.
func (e *Engine) mourn(arns []string) {
	timer := time.NewTimer(e.config.VanishedGrace)
	defer timer.Stop()
	select {
	case <-e.ctx.Done():
		return
	case <-timer.C:
	}
	for _, arn := range arns {
		e.mu.Lock()
		known := e.tasks[arn] != nil
		e.mu.Unlock()
		if known {
			continue
		}
		e.log.Warn("the server lists a task of which this host has nothing", "task", arn)
		e.config.Report(report.Change{
			TaskARN: arn, Status: report.Stopped, Urgent: true,
			Reason: runtime.ContainerVanished + ": nothing of the task is left on the container instance",
		})
	}
}

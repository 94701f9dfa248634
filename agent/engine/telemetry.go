package engine

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"berth/agent/runtime"
	"berth/agent/supervisor"
	"berth/api/acs"
)

// Health is the verdict on every running container that has a health check (semantics.md 2.6), tasks by ARN.
func (e *Engine) Health() []acs.TaskHealth {
	var list []acs.TaskHealth
	for _, sup := range e.supervisors() {
		task := sup.Task()
		h := acs.TaskHealth{TaskARN: task.ARN, TaskDefinitionFamily: task.Family, TaskDefinitionVersion: task.Version, ClusterARN: task.TaskClusterARN}
		for _, c := range sup.View().Containers {
			if c.Checked && c.Running {
				h.Containers = append(h.Containers, acs.ContainerHealth{
					ContainerName: c.Name, ContainerARN: c.ARN, HealthStatus: healthStatus(c.Health), StatusSince: acs.UnixTimeOf(c.HealthSince),
				})
			}
		}
		if len(h.Containers) > 0 {
			list = append(list, h)
		}
	}
	slices.SortFunc(list, func(a, b acs.TaskHealth) int { return strings.Compare(a.TaskARN, b.TaskARN) })
	return list
}

func healthStatus(h runtime.Health) string {
	switch h {
	case runtime.HealthHealthy:
		return acs.HealthHealthy
	case runtime.HealthUnhealthy:
		return acs.HealthUnhealthy
	}
	return acs.HealthUnknown
}

// Metrics is what running containers used since the last call, tasks by ARN.
func (e *Engine) Metrics() []acs.TaskMetric {
	var list []acs.TaskMetric
	for _, sup := range e.supervisors() {
		task := sup.Task()
		m := acs.TaskMetric{
			TaskARN: task.ARN, TaskDefinitionFamily: task.Family, TaskDefinitionVersion: task.Version,
			ClusterARN: task.TaskClusterARN, ServiceName: task.ServiceName,
		}
		for _, c := range sup.View().Containers {
			if set, ok := e.usage.take(c.ID); ok && c.ID != "" {
				set.ContainerName, set.ContainerARN = c.Name, c.ARN
				m.ContainerMetrics = append(m.ContainerMetrics, set)
			}
		}
		if len(m.ContainerMetrics) > 0 {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b acs.TaskMetric) int { return strings.Compare(a.TaskARN, b.TaskARN) })
	return list
}

// sampleEvery is how often the engine looks for containers whose use nobody follows yet.
const sampleEvery = 3 * time.Second

// sample keeps one stream per running container.
func (e *Engine) sample() {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	var streams sync.WaitGroup
	defer streams.Wait()
	for {
		for _, sup := range e.supervisors() {
			for _, c := range running(sup) {
				if e.usage.begin(c.ID) {
					streams.Go(func() { e.follow(c.ID) })
				}
			}
		}
		select {
		case <-e.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func running(sup *supervisor.Supervisor) []supervisor.ContainerView {
	return slices.DeleteFunc(slices.Clone(sup.View().Containers), func(c supervisor.ContainerView) bool { return !c.Running })
}

// follow reads one container's stream to its end.
func (e *Engine) follow(id string) {
	defer e.usage.end(id)
	err := e.config.Runtime.Stats(e.ctx, id, func(s runtime.Stats) { e.usage.add(id, s) })
	if err != nil && e.ctx.Err() == nil && !runtime.IsNotFound(err) {
		e.log.Debug("no metrics of a container for now", "container", id, "error", err)
		select {
		case <-e.ctx.Done():
		case <-time.After(sampleEvery):
		}
	}
}

// Status tells whether the container engine answers, for the instance's status.
func (e *Engine) Status(ctx context.Context) bool {
	return e.config.Runtime.Ping(ctx) == nil
}

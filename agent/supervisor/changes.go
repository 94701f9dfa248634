package supervisor

import (
	"berth/agent/report"
	"berth/agent/runtime"
)

// status is the task's as ECS knows it.
func (m *machine) status() string {
	switch {
	case m.over():
		return report.Stopped
	case m.everRunning:
		return report.Running
	}
	return report.Pending
}

// changes are what is new since the last call, in the order to report it. A task that stopped before its RUNNING was
// told is told RUNNING first: the server must know that it ran.
func (m *machine) changes() []report.Change {
	var list []report.Change
	status := m.status()
	if status == report.Stopped && m.everRunning && m.told.status == report.Pending {
		list = append(list, m.change(report.Running))
	}
	if status != m.told.status || m.reason != m.told.reason || m.containersChanged() {
		list = append(list, m.change(status))
	}
	return list
}

func (m *machine) containersChanged() bool {
	for _, c := range m.containers {
		if m.told.containers[c.def.Name] != c.reported() {
			return true
		}
	}
	return false
}

// change describes the containers that moved since the last report and notes that they are told. For a RUNNING that is
// made up for afterwards, containers that have ended meanwhile are told as running.
func (m *machine) change(status string) report.Change {
	change := report.Change{
		TaskARN: m.task.ARN, Status: status, Reason: m.reason,
		PullStartedAt: m.pullStartedAt, PullStoppedAt: m.pullStoppedAt,
		Urgent: status != m.told.status || m.reason != m.told.reason,
	}
	madeUp := status == report.Running && m.over()
	if !madeUp {
		change.ExecutionStoppedAt = m.executionStoppedAt
	}
	for _, c := range m.containers {
		now := c.reported()
		if madeUp && c.started {
			now = report.Running
		}
		if now == m.told.containers[c.def.Name] || (madeUp && !c.started) {
			continue
		}
		m.told.containers[c.def.Name] = now
		change.Containers = append(change.Containers, m.describe(c, now))
	}
	m.told.status, m.told.reason = status, m.reason
	return change
}

func (m *machine) describe(c *container, status string) report.Container {
	out := report.Container{
		Name: c.def.Name, Status: status, RuntimeID: c.id, ImageDigest: c.image.Digest, Bindings: m.bindings(c),
	}
	if status == report.Stopped {
		out.ExitCode, out.Reason = c.exitCode, c.reason
	}
	return out
}

// bindings are the container's published ports. In host mode they are what the task definition says: the container has
// the host's ports.
func (m *machine) bindings(c *container) []runtime.Binding {
	if !c.started {
		return nil
	}
	if networkMode(m.task, c.def) == "host" {
		return hostBindings(c.def)
	}
	return runtime.FoldRanges(c.bindings, ports(c.def))
}

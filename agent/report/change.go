package report

import (
	"time"

	"berth/agent/runtime"
)

// Statuses of tasks and containers as they are reported.
const (
	Pending = "PENDING"
	Running = "RUNNING"
	Stopped = "STOPPED"
)

// Change is what is new about one task.
type Change struct {
	TaskARN string
	// Status is the task's, whether or not it is new.
	Status string
	// Reason is why the task waits, or why it stopped when no container says so.
	Reason string
	// PullStartedAt and PullStoppedAt are zero when nothing was pulled; ExecutionStoppedAt until an essential
	// container, or all, have stopped.
	PullStartedAt      time.Time
	PullStoppedAt      time.Time
	ExecutionStoppedAt time.Time
	// Containers are those that changed, oldest change first; one may appear twice.
	Containers []Container
	// Urgent sends the change without waiting for others.
	Urgent bool
}

// Container is what is new about one container.
type Container struct {
	Name      string
	Status    string
	RuntimeID string
	Reason    string
	// ExitCode is nil while the process runs and when it never ran.
	ExitCode *int
	// ImageDigest is the registry's; empty without one.
	ImageDigest string
	Bindings    []runtime.Binding
}

// merge puts what came later on top. Of a container that appears in both with the same status only the later stays.
func merge(older, newer Change) Change {
	out := newer
	out.Urgent = older.Urgent || newer.Urgent
	if out.PullStartedAt.IsZero() {
		out.PullStartedAt = older.PullStartedAt
	}
	if out.PullStoppedAt.IsZero() {
		out.PullStoppedAt = older.PullStoppedAt
	}
	if out.ExecutionStoppedAt.IsZero() {
		out.ExecutionStoppedAt = older.ExecutionStoppedAt
	}
	out.Containers = nil
	for _, c := range older.Containers {
		if !replaced(c, newer.Containers) {
			out.Containers = append(out.Containers, c)
		}
	}
	out.Containers = append(out.Containers, newer.Containers...)
	return out
}

func replaced(c Container, by []Container) bool {
	for _, n := range by {
		if n.Name == c.Name && (n.Status == c.Status || c.Status == Pending) {
			return true
		}
	}
	return false
}

// mergeable tells whether nothing is lost when newer is sent instead of both: the same status again, or a PENDING that
// nobody has seen yet.
func mergeable(older, newer Change) bool {
	return older.Status == newer.Status || (older.Status == Pending && newer.Status == Running)
}

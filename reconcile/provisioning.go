package reconcile

import (
	"strings"
	"time"

	"berth/ecs"
	"berth/placement"
	"berth/state"
)

// Queue names the tasks of a cluster that wait for one provider's capacity.
type Queue struct{ Cluster, Provider string }

// WaitedTooLong is a task to give up, and why it found no place.
type WaitedTooLong struct {
	Cluster string
	ID      ecs.TaskID
	Reason  string
}

// ProvisioningPlan is what to do about the tasks that wait.
type ProvisioningPlan struct {
	// Place are the queues of which at least one task has a place now.
	Place []Queue
	// GiveUp are tasks whose time is over and that have no place now either.
	GiveUp []WaitedTooLong
	// Wake is when the next task's time is over; zero when none waits.
	Wake ecs.Time
}

// Reasons of tasks whose provider has nothing that could be asked (semantics.md 1.4).
const (
	reasonEmptyProvider = "EMPTY CAPACITY PROVIDER"
	reasonNoneActive    = "NO ACTIVE INSTANCES"
)

// PlanProvisioning finds, among the tasks that wait for capacity, those that have a place now and those that waited for the timeout.
//
// ECS gives tasks up after 10 to 30 minutes and looks for a place now and then (semantics.md 5.14); Berth looks whenever something
// changed that could make one.
func PlanProvisioning(v *state.View, now ecs.Time, timeout time.Duration) ProvisioningPlan {
	var p ProvisioningPlan
	q := queuePlan{view: v}
	v.ScanAllWaiting(func(t *ecs.Task) bool {
		if at := (Queue{t.Cluster, t.CapacityProvider}); q.provider == nil || at != q.queue {
			q.begin(at)
			if q.provider == nil {
				return true
			}
		}
		due := t.CreatedAt.Add(timeout)
		overdue := due <= now
		if !overdue && (p.Wake == 0 || due < p.Wake) {
			p.Wake = due
		}
		if !overdue && q.found {
			return true
		}
		switch fits := q.fits(t); {
		case fits && !q.found:
			q.found = true
			p.Place = append(p.Place, q.queue)
		case !fits && overdue:
			p.GiveUp = append(p.GiveUp, WaitedTooLong{t.Cluster, t.ID, q.reason(t)})
		}
		return true
	})
	return p
}

// queuePlan is the plan of one queue while it is walked through.
type queuePlan struct {
	view     *state.View
	queue    Queue
	provider *ecs.CapacityProvider
	found    bool              // a task has a place
	hopeless map[string]string // placement.SameWait of tasks without a place, and why once that was asked
}

func (q *queuePlan) begin(at Queue) {
	*q = queuePlan{view: q.view, queue: at, provider: q.view.CapacityProvider(at.Provider), hopeless: map[string]string{}}
}

// fits reports whether a task has a place; equal tasks are asked once.
func (q *queuePlan) fits(t *ecs.Task) bool {
	same := placement.SameWait(t)
	if _, known := q.hopeless[same]; known {
		return false
	}
	r, err := placement.WaitingRequest(t, q.provider)
	if err == nil && placement.Choose(q.view, r) != nil {
		return true
	}
	q.hopeless[same] = ""
	return false
}

// reason is why a task has no place; equal tasks have the same.
func (q *queuePlan) reason(t *ecs.Task) string {
	same := placement.SameWait(t)
	if q.hopeless[same] == "" {
		q.hopeless[same] = q.why(t)
	}
	return q.hopeless[same]
}

// why is what keeps a task off the instance that comes closest.
func (q *queuePlan) why(t *ecs.Task) string {
	r, err := placement.WaitingRequest(t, q.provider)
	if err != nil {
		return err.Error()
	}
	if rejected := placement.ProviderRejections(q.view, r, q.provider); len(rejected) > 0 {
		return strings.TrimSuffix(placement.Closest(rejected).Reason, ".")
	}
	reason := reasonEmptyProvider
	q.view.ScanInstancesOf(q.provider, func(i *ecs.Instance) bool {
		if i.Status != ecs.InstanceInactive {
			reason = reasonNoneActive
		}
		return reason == reasonEmptyProvider
	})
	return reason
}

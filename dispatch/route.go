package dispatch

import (
	"github.com/coder/websocket"

	"berth/ecs"
	"berth/state"
)

var (
	// deregistered is a normal close: the agent comes back at once and is told why in the refusal of its handshake.
	deregistered = closing{websocket.StatusNormalClosure, "the container instance was deregistered"}
	keyRevoked   = closing{websocket.StatusPolicyViolation, "the access key of this session was revoked"}
)

// route tells each session which of its tasks have changed in a way that may matter to an agent.
func (d *Dispatcher) route(changes []state.Change) {
	for i := range changes {
		c := &changes[i]
		if before, after, ok := c.TaskChange(); ok {
			d.routeTask(before, after)
		} else if before, after, ok := c.InstanceChange(); ok {
			d.routeInstance(before, after)
		} else if key, ok := c.New.(*ecs.AccessKey); ok && key.RevokedAt != 0 {
			d.revoke(key.ID)
		}
	}
}

func (d *Dispatcher) routeTask(before, after *ecs.Task) {
	if after == nil || after.LastStatus == ecs.StatusStopped {
		d.samples.drop(either(before, after).ID)
	}
	if before != nil && after != nil && !mattersToAgent(before, after) {
		return
	}
	if before != nil && before.Instance != "" && (after == nil || after.Instance != before.Instance) {
		d.notify(before.Instance, before.ID)
	}
	if after != nil && after.Instance != "" {
		d.notify(after.Instance, after.ID)
	}
}

func either(a, b *ecs.Task) *ecs.Task {
	if b != nil {
		return b
	}
	return a
}

// mattersToAgent tells the changes that may lead to a message from those that only describe (health, connectivity, bindings).
func mattersToAgent(before, after *ecs.Task) bool {
	return before.DesiredStatus != after.DesiredStatus || before.LastStatus != after.LastStatus ||
		before.Instance != after.Instance || agentKnows(before) != agentKnows(after)
}

// agentKnows reports whether an agent has ever said anything of a PENDING task.
func agentKnows(t *ecs.Task) bool {
	if t.PullStartedAt != 0 || t.PendingReason != "" {
		return true
	}
	for k := range t.Containers {
		c := &t.Containers[k]
		if c.RuntimeID != "" || c.ImageDigest != "" || c.Reason != "" || ecs.StatusPending.Before(c.LastStatus) {
			return true
		}
	}
	return false
}

func (d *Dispatcher) notify(instance ecs.InstanceID, task ecs.TaskID) {
	if l := d.lookup(instance); l != nil {
		if s := l.session(); s != nil {
			s.inbox.add(task)
		}
	}
}

func (d *Dispatcher) routeInstance(before, after *ecs.Instance) {
	switch {
	case after == nil:
		d.forget(before.ID, deregistered)
	case after.Status == ecs.InstanceInactive:
		d.forget(after.ID, deregistered)
	}
}

// revoke ends the sessions of an access key. Keys are revoked by hand, so that looking at every session is cheap enough.
func (d *Dispatcher) revoke(keyID string) {
	for _, l := range d.everyLink() {
		l.mu.Lock()
		if l.acs != nil && l.acs.keyID == keyID {
			l.acs.end(keyRevoked)
		}
		if l.tcs != nil && l.tcs.keyID == keyID {
			l.tcs.end(keyRevoked)
		}
		l.mu.Unlock()
	}
}

// resync makes every session compare anew, after changes were missed.
func (d *Dispatcher) resync() {
	v := d.cfg.Store.Snapshot()
	for _, l := range d.everyLink() {
		i := v.InstanceByID(l.id)
		if i == nil || i.Status == ecs.InstanceInactive {
			d.forget(l.id, deregistered)
			continue
		}
		if s := l.session(); s != nil {
			s.inbox.addAll()
		}
	}
	d.samples.keep(func(id ecs.TaskID, cluster string) bool {
		t := v.Task(cluster, id)
		return t != nil && t.LastStatus != ecs.StatusStopped
	})
}

package dispatch

import (
	"context"
	"strconv"
	"time"

	"berth/api/acs"
	"berth/ecs"
	"berth/state"
)

// sendPayloads sends what the outbox has, as long as the agent has room for more.
func (s *session) sendPayloads(ctx context.Context, now time.Time) error {
	for batch := s.outbox.next(); len(batch) > 0; batch = s.outbox.next() {
		if err := s.sendPayload(ctx, batch, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) sendPayload(ctx context.Context, batch []*delivery, now time.Time) error {
	v := s.d.cfg.Store.Snapshot()
	tasks := make([]acs.Task, 0, len(batch))
	sending := batch[:0]
	repeated := false
	for _, d := range batch {
		if task, ok := s.describe(v, d, now); ok {
			tasks, sending = append(tasks, task), append(sending, d)
			repeated = repeated || d.tries > 0
		}
	}
	if len(tasks) == 0 {
		return nil
	}
	seq, err := s.sequenceNumber(ctx)
	if err != nil {
		return err
	}
	id := "work-" + strconv.FormatInt(seq, 10)
	s.outbox.sent(sending, id, now)
	s.d.cfg.Metrics.PayloadSent(len(tasks), repeated)
	return s.write(ctx, &acs.PayloadMessage{
		MessageID: id, ClusterARN: s.clusterARN(), ContainerInstanceARN: s.instanceARN(),
		GeneratedAt: now.UnixMilli(), SeqNum: seq, Tasks: tasks,
	})
}

// describe turns a delivery into the task of a payload, from the newest record. ok is false when it need not be sent any more.
func (s *session) describe(v *state.Snapshot, d *delivery, now time.Time) (task acs.Task, ok bool) {
	t := v.Task(s.instance.Cluster, d.task)
	if s.consider(v, t, d.task, now); d.over {
		return acs.Task{}, false
	}
	if d.stop {
		return stopTask(s.d.cfg.Realm, t), true
	}
	def := v.TaskDefinition(t.Family, t.Revision)
	if def == nil {
		s.log.Error("task has no definition and cannot be sent", "task", string(t.ID), "family", t.Family, "revision", t.Revision)
		s.outbox.end(d)
		return acs.Task{}, false
	}
	role, execution := s.credentialsFor(d, t, def, now)
	return taskPayload(s.d.cfg.Realm, t, def, role, execution), true
}

// credentialsFor makes the sets that travel with a task to run; nil where it has no such role.
func (s *session) credentialsFor(d *delivery, t *ecs.Task, def *ecs.TaskDefinition, now time.Time) (role, execution *acs.RoleCredentials) {
	if s.d.cfg.Credentials == nil {
		return nil, nil
	}
	d.credentials = d.credentials[:0]
	for _, r := range taskRoles(t, def) {
		set := s.vend(&r, now)
		d.credentials = append(d.credentials, r.id)
		if r.roleType == acs.RoleTaskExecution {
			execution = set
		} else {
			role = set
		}
	}
	return role, execution
}

// vend makes a fresh set for a lease and expects its acknowledgement.
func (s *session) vend(r *lease, now time.Time) *acs.RoleCredentials {
	set, expires := issue(s.d.cfg.Credentials, r, s.d.cfg.Realm.TaskARN(r.task.Cluster, r.task.ID), now)
	s.leases.sent(r, expires, now)
	return set
}

// sendCredentials sends the sets that are due: all of them when the agent has none, later the ones to renew.
func (s *session) sendCredentials(ctx context.Context, now time.Time) error {
	for _, r := range s.leases.take(now) {
		seq := strconv.FormatInt(now.UnixMilli(), 10)
		err := s.write(ctx, &acs.IAMRoleCredentialsMessage{
			MessageID: "credentials-" + r.id + "-" + seq, TaskARN: s.d.cfg.Realm.TaskARN(r.task.Cluster, r.task.ID),
			RoleType: r.roleType, RoleCredentials: s.vend(r, now),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// acknowledged takes in the acknowledgement of a payload or of the manifest.
func (s *session) acknowledged(id string) {
	if s.manifest.acknowledged(id) {
		return
	}
	p := s.outbox.acked(id)
	if p == nil {
		return
	}
	s.d.cfg.Metrics.PayloadAcked(s.d.clock.Now().Sub(p.sent))
	for _, d := range p.deliveries {
		for _, credentials := range d.credentials {
			s.leases.confirmed(credentials)
		}
	}
}

func (s *session) clusterARN() string { return s.d.cfg.Realm.ClusterARN(s.instance.Cluster) }

func (s *session) instanceARN() string {
	return s.d.cfg.Realm.InstanceARN(s.instance.Cluster, s.instance.ID)
}

// stopTask is the least that stops a task (agent-protocol.md 9).
func stopTask(realm ecs.Realm, t *ecs.Task) acs.Task {
	return acs.Task{
		ARN: realm.TaskARN(t.Cluster, t.ID), TaskClusterARN: realm.ClusterARN(t.Cluster), DesiredStatus: acs.StatusStopped,
	}
}

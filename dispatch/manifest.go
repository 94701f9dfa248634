package dispatch

import (
	"context"
	"strconv"
	"time"

	"berth/api/acs"
	"berth/ecs"
	"berth/state"
)

const (
	// manifestPatience is how long the manifest waits for the first payloads to be acknowledged.
	manifestPatience = 5 * time.Second
	manifestResend   = 30 * time.Second
	manifestTries    = 3
)

// manifest is the state of the one manifest of a session: the list of all tasks, by which an agent finds those it should not have.
type manifest struct {
	due   time.Time // when to send it at the latest, or again; zero when that is done
	tries int
	// open are the message ids that were not used for a verification; each may be used once.
	open map[string]bool
}

// sendManifest sends the manifest once the first payloads are acknowledged, or after a short while all the same: an agent with one
// task it refuses acknowledges never.
func (s *session) sendManifest(ctx context.Context, now time.Time) error {
	m := &s.manifest
	early := m.tries == 0 && s.outbox.idle()
	if m.due.IsZero() || now.Before(m.due) && !early {
		return nil
	}
	if m.tries == manifestTries {
		s.log.Warn("agent does not acknowledge the task manifest; the next session sends another")
		m.due = time.Time{}
		return nil
	}
	seq, err := s.sequenceNumber(ctx)
	if err != nil {
		return err
	}
	id := "manifest-" + strconv.FormatInt(seq, 10)
	m.sent(id, now)
	return s.write(ctx, &acs.TaskManifestMessage{
		MessageID: id, ClusterARN: s.clusterARN(), ContainerInstanceARN: s.instanceARN(),
		Timeline: seq, GeneratedAt: now.UnixMilli(), Tasks: s.wantedTasks(s.d.cfg.Store.Snapshot()),
	})
}

func (m *manifest) sent(id string, now time.Time) {
	if m.open == nil {
		m.open = map[string]bool{}
	}
	m.open[id] = true
	m.tries++
	m.due = now.Add(manifestResend)
}

// acknowledged reports whether an id is that of a manifest; it is not sent again then.
func (m *manifest) acknowledged(id string) bool {
	if !m.open[id] {
		return false
	}
	m.due = time.Time{}
	return true
}

// wantedTasks lists what shall run on the instance. Tasks that are to stop are left out: an agent takes whatever is not listed as
// RUNNING for a candidate to stop.
func (s *session) wantedTasks(v *state.Snapshot) []acs.TaskIdentifier {
	out := []acs.TaskIdentifier{}
	v.ScanTasksOfInstance(s.instance, "", func(t *ecs.Task) bool {
		if t.Active() {
			out = append(out, acs.TaskIdentifier{
				TaskARN:        s.d.cfg.Realm.TaskARN(t.Cluster, t.ID),
				TaskClusterARN: s.d.cfg.Realm.ClusterARN(t.Cluster), DesiredStatus: acs.StatusRunning,
			})
		}
		return true
	})
	return out
}

// verifyStops answers which of an agent's candidates are really to be stopped: those that this server does not know on the
// instance, and those it wants stopped. The newest snapshot decides: a candidate may have come after the manifest.
func (s *session) verifyStops(ctx context.Context, m *acs.TaskStopVerificationMessage) error {
	if !s.manifest.open[m.MessageID] {
		s.log.Warn("agent asks to verify stops for a manifest that is not open", "message", m.MessageID)
		return nil
	}
	s.manifest.acknowledged(m.MessageID)
	delete(s.manifest.open, m.MessageID)
	v := s.d.cfg.Store.Snapshot()
	stops := []acs.TaskIdentifier{}
	for _, c := range m.StopCandidates {
		if !s.wanted(v, c.TaskARN) {
			stops = append(stops, acs.TaskIdentifier{
				TaskARN: c.TaskARN, TaskClusterARN: c.TaskClusterARN, DesiredStatus: acs.StatusStopped,
			})
		}
	}
	if len(stops) > 0 {
		s.log.Info("agent has tasks that nobody wants and may stop them", "tasks", len(stops))
	}
	return s.write(ctx, &acs.TaskStopVerificationAck{
		MessageID: m.MessageID, GeneratedAt: s.d.clock.Now().UnixMilli(), StopTasks: stops,
	})
}

func (s *session) wanted(v *state.Snapshot, arn string) bool {
	ref, err := s.d.cfg.Realm.ParseRef("task", arn)
	if err != nil || ref.Cluster != "" && ref.Cluster != s.instance.Cluster {
		return false
	}
	t := v.Task(s.instance.Cluster, ecs.TaskID(ref.ID))
	return t != nil && t.Instance == s.instance.ID && t.Active()
}

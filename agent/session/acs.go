package session

import (
	"context"
	"net/url"

	"berth/api/acs"
)

func (s *Session) acsLink() *link {
	return &link{
		s: s, name: "ACS", log: s.log.With("socket", "acs"), message: s.onACS,
		address: func(ctx context.Context) (*url.URL, error) {
			endpoints, err := s.config.Endpoints(ctx, s.config.InstanceARN)
			if err != nil {
				return nil, err
			}
			return websocketURL(endpoints.ACS, acs.SessionQuery{
				Cluster: s.config.Cluster, ContainerInstanceARN: s.config.InstanceARN,
				AgentVersion: s.config.AgentVersion, AgentHash: s.config.AgentHash,
				DockerVersion:   "DockerVersion: " + s.config.DockerVersion,
				ProtocolVersion: acs.ProtocolVersion, SendCredentials: !s.connectedOnce.Load(),
			}.Values())
		},
		opened: func(ctx context.Context, _ *conn) func() {
			s.connectedOnce.Store(true)
			s.connected.Store(true)
			s.openFirst.Do(func() { close(s.first) })
			s.log.Info("connected to the control plane")
			return func() { s.connected.Store(false) }
		},
	}
}

// onACS handles what comes down on ACS.
func (s *Session) onACS(ctx context.Context, c *conn, m acs.Message) error {
	switch m := m.(type) {
	case *acs.HeartbeatMessage:
		ring(s.statusBell)
		return c.send(ctx, acs.HeartbeatAckRequest{MessageID: m.MessageID})
	case *acs.PayloadMessage:
		return s.onPayload(ctx, c, m)
	case *acs.TaskManifestMessage:
		return s.onManifest(ctx, c, m)
	case *acs.TaskStopVerificationAck:
		s.onStopVerified(m)
		return nil
	case *acs.IAMRoleCredentialsMessage:
		return s.ackCredentials(ctx, c, m.MessageID, m.RoleCredentials)
	case *acs.StageUpdateMessage:
		return s.nack(ctx, c, m.MessageID)
	case *acs.PerformUpdateMessage:
		return s.nack(ctx, c, m.MessageID)
	case *acs.AttachTaskNetworkInterfacesMessage:
		return s.ackUnused(ctx, c, m, m.MessageID)
	case *acs.AttachInstanceNetworkInterfacesMessage:
		return s.ackUnused(ctx, c, m, m.MessageID)
	case *acs.ConfirmAttachmentMessage:
		return s.ackUnused(ctx, c, m, m.MessageID)
	case *acs.CloseMessage:
		s.log.Info("server announces the end of the connection", "message", m.Message)
	case *acs.ErrorMessage:
		s.log.Warn("server tells of an error", "message", m.Message)
	default:
		s.log.Info("message of an unknown type dropped", "type", m.MessageType())
	}
	return nil
}

func (s *Session) ack(ctx context.Context, c *conn, messageID, cluster string) error {
	return c.send(ctx, acs.AckRequest{Cluster: cluster, ContainerInstance: s.config.InstanceARN, MessageID: messageID})
}

// onPayload acknowledges once the engine has taken the tasks. A task that cannot run does not hold back the
// acknowledgement: its STOPPED is the answer.
func (s *Session) onPayload(ctx context.Context, c *conn, m *acs.PayloadMessage) error {
	if m.MessageID == "" || m.ClusterARN == "" || m.ContainerInstanceARN == "" {
		s.log.Error("payload without messageId, clusterArn or containerInstanceArn dropped", "message", m.MessageID)
		return nil
	}
	if m.ContainerInstanceARN != s.config.InstanceARN {
		s.log.Error("payload for another container instance dropped", "message", m.MessageID, "instance", m.ContainerInstanceARN)
		return nil
	}
	if err := s.config.Sequence.Raise(m.SeqNum); err != nil {
		s.log.Error("sequence number cannot be stored", "error", err)
	}
	s.config.Engine.Apply(m.Tasks)
	if err := s.ack(ctx, c, m.MessageID, m.ClusterARN); err != nil {
		return err
	}
	for _, t := range m.Tasks {
		for _, set := range []*acs.RoleCredentials{t.RoleCredentials, t.ExecutionRoleCredentials} {
			if set == nil {
				continue
			}
			if err := s.ackCredentials(ctx, c, m.MessageID, set); err != nil {
				return err
			}
		}
	}
	return nil
}

// ackCredentials acknowledges a set. This agent serves no credentials yet and announces no such capability, so the set
// is not kept.
func (s *Session) ackCredentials(ctx context.Context, c *conn, messageID string, set *acs.RoleCredentials) error {
	if set == nil {
		s.log.Error("credentials message without credentials dropped", "message", messageID)
		return nil
	}
	return c.send(ctx, acs.IAMRoleCredentialsAckRequest{MessageID: messageID, CredentialsID: set.CredentialsID, Expiration: set.Expiration})
}

// onManifest ignores a list older than anything seen, acknowledges a newer one and asks whether what is not on it may
// be stopped.
func (s *Session) onManifest(ctx context.Context, c *conn, m *acs.TaskManifestMessage) error {
	if highest := s.config.Sequence.Highest(); m.Timeline <= highest {
		s.log.Info("manifest is not newer than what was seen, ignored", "timeline", m.Timeline, "highest", highest)
		return nil
	}
	if err := s.config.Sequence.Raise(m.Timeline); err != nil {
		s.log.Error("sequence number cannot be stored", "error", err)
	}
	if err := s.ack(ctx, c, m.MessageID, m.ClusterARN); err != nil {
		return err
	}
	candidates := s.config.Engine.Manifest(m.Tasks)
	if len(candidates) == 0 {
		return nil
	}
	s.mu.Lock()
	s.verification = m.MessageID
	s.mu.Unlock()
	s.log.Info("tasks run here that the server does not list; asking whether to stop them", "tasks", len(candidates))
	return c.send(ctx, acs.TaskStopVerificationMessage{MessageID: m.MessageID, StopCandidates: candidates})
}

// onStopVerified stops what the server confirmed. A confirmation counts once.
func (s *Session) onStopVerified(m *acs.TaskStopVerificationAck) {
	s.mu.Lock()
	expected := s.verification == m.MessageID && m.MessageID != ""
	if expected {
		s.verification = ""
	}
	s.mu.Unlock()
	if !expected {
		s.log.Warn("stop verification that nobody asked for ignored", "message", m.MessageID)
		return
	}
	var tasks []acs.Task
	for _, t := range m.StopTasks {
		tasks = append(tasks, acs.Task{ARN: t.TaskARN, TaskClusterARN: t.TaskClusterARN, DesiredStatus: acs.StatusStopped})
	}
	s.config.Engine.Apply(tasks)
}

func (s *Session) nack(ctx context.Context, c *conn, messageID string) error {
	return c.send(ctx, acs.NackRequest{
		Cluster: s.config.Cluster, ContainerInstance: s.config.InstanceARN, MessageID: messageID, Reason: "Updates are disabled",
	})
}

// ackUnused acknowledges what this agent has no use for, so that the server stops sending it.
func (s *Session) ackUnused(ctx context.Context, c *conn, m acs.Message, messageID string) error {
	s.log.Warn("message for a feature this agent does not have", "type", m.MessageType())
	return s.ack(ctx, c, messageID, s.config.Cluster)
}

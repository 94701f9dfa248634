package session

import (
	"context"
	"crypto/rand"
	"net/url"
	"sync"
	"time"

	"berth/api/acs"
)

// tasksPerFrame is the protocol's bound on tasks in one frame.
const tasksPerFrame = 10

func (s *Session) tcsLink() *link {
	return &link{
		s: s, name: "TCS", log: s.log.With("socket", "tcs"), signFrames: true,
		address: func(ctx context.Context) (*url.URL, error) {
			endpoints, err := s.config.Endpoints(ctx, s.config.InstanceARN)
			if err != nil {
				return nil, err
			}
			return websocketURL(endpoints.TCS, acs.TelemetryQuery{
				Cluster: s.config.Cluster, ContainerInstanceARN: s.config.InstanceARN,
				AgentVersion: s.config.AgentVersion, AgentHash: s.config.AgentHash, DockerVersion: s.config.DockerVersion,
			}.Values())
		},
		opened: func(ctx context.Context, c *conn) func() {
			var publisher sync.WaitGroup
			publisher.Go(func() { s.publish(ctx, c) })
			return publisher.Wait
		},
		message: func(_ context.Context, _ *conn, m acs.Message) error {
			switch m.(type) {
			case *acs.HeartbeatMessage, *acs.AckPublishMetric, *acs.AckPublishHealth, *acs.AckPublishInstanceStatus, *acs.StopTelemetrySessionMessage:
			default:
				s.log.Info("message of an unknown type dropped", "type", m.MessageType())
			}
			return nil
		},
	}
}

// publish sends health at once and on every change, metrics at intervals, and the instance's status after heartbeats.
// A failed send ends the connection.
func (s *Session) publish(ctx context.Context, c *conn) {
	tick := time.NewTicker(s.config.MetricsEvery)
	defer tick.Stop()
	status := instanceStatus{s: s}
	err := s.publishHealth(ctx, c)
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case <-s.healthBell:
			err = s.publishHealth(ctx, c)
		case <-s.statusBell:
			err = status.publish(ctx, c)
		case <-tick.C:
			if err = s.publishMetrics(ctx, c); err == nil {
				err = s.publishHealth(ctx, c)
			}
		}
	}
	if ctx.Err() == nil {
		s.log.Warn("telemetry cannot be sent, connection given up", "error", err)
	}
	c.ws.CloseNow()
}

func (s *Session) publishMetrics(ctx context.Context, c *conn) error {
	tasks := s.config.Engine.Metrics()
	request := acs.PublishMetricsRequest{Timestamp: acs.UnixTimeOf(time.Now()), Metadata: acs.MetricsMetadata{
		Cluster: s.config.Cluster, ContainerInstance: s.config.InstanceARN, MessageID: rand.Text(), Idle: len(tasks) == 0,
	}}
	for {
		n := min(len(tasks), tasksPerFrame)
		request.TaskMetrics, tasks = tasks[:n], tasks[n:]
		request.Metadata.Fin = len(tasks) == 0
		if err := c.send(ctx, request); err != nil || request.Metadata.Fin {
			return err
		}
	}
}

func (s *Session) publishHealth(ctx context.Context, c *conn) error {
	tasks := s.config.Engine.Health()
	request := acs.PublishHealthRequest{Timestamp: acs.UnixTimeOf(time.Now()), Metadata: acs.HealthMetadata{
		Cluster: s.config.Cluster, ContainerInstance: s.config.InstanceARN, MessageID: rand.Text(),
	}}
	for len(tasks) > 0 {
		n := min(len(tasks), tasksPerFrame)
		request.Tasks, tasks = tasks[:n], tasks[n:]
		request.Metadata.Fin = len(tasks) == 0
		if err := c.send(ctx, request); err != nil {
			return err
		}
	}
	return nil
}

// instanceStatus remembers since when the check stands.
type instanceStatus struct {
	s     *Session
	last  string
	since time.Time
}

func (i *instanceStatus) publish(ctx context.Context, c *conn) error {
	status, now := acs.InstanceStatusOK, time.Now()
	if !i.s.config.Engine.Status(ctx) {
		status = acs.InstanceStatusImpaired
	}
	if status != i.last {
		i.last, i.since = status, now
	}
	return c.send(ctx, acs.PublishInstanceStatusRequest{
		Metadata:  acs.InstanceStatusMetadata{Cluster: i.s.config.Cluster, ContainerInstance: i.s.config.InstanceARN, RequestID: rand.Text()},
		Statuses:  []acs.InstanceStatus{{Type: "ContainerRuntime", Status: status, LastStatusChange: acs.UnixTimeOf(i.since), LastUpdated: acs.UnixTimeOf(now)}},
		Timestamp: acs.UnixTimeOf(now),
	})
}

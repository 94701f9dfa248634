package ecs

import (
	"context"

	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

// acknowledged is what agents get for every report, also for one about a task nobody knows: any other answer makes them repeat it
// for ever (agent-protocol.md 3).
const acknowledged = "ACK"

func (s *Service) discoverPollEndpoint(ctx context.Context, in *wire.DiscoverPollEndpointInput) (*wire.DiscoverPollEndpointOutput, error) {
	if value(in.ContainerInstance) != "" {
		cluster, err := s.clusterName(in.Cluster)
		if err != nil {
			return nil, err
		}
		id, _, err := s.instanceID(cluster, *in.ContainerInstance)
		if err != nil {
			return nil, err
		}
		view := s.Store.Snapshot()
		if i := view.InstanceByID(id); i != nil {
			if _, err := command.OwnInstance(view, i.Cluster, id, caller(ctx)); err != nil {
				return nil, err
			}
		}
	}
	base := s.AgentEndpoint(ctx)
	return &wire.DiscoverPollEndpointOutput{
		Endpoint: new(base + "/acs/"), TelemetryEndpoint: new(base + "/tcs/"), ServiceConnectEndpoint: new(base + "/sc/"),
	}, nil
}

func (s *Service) submitTaskStateChange(ctx context.Context, in *wire.SubmitTaskStateChangeInput) (*wire.SubmitTaskStateChangeOutput, error) {
	report := command.TaskReport{
		Status: ecs.Status(value(in.Status)), Reason: value(in.Reason), By: caller(ctx),
		PullStartedAt: ecs.Time(value(in.PullStartedAt)), PullStoppedAt: ecs.Time(value(in.PullStoppedAt)),
		ExecutionStoppedAt: ecs.Time(value(in.ExecutionStoppedAt)),
	}
	for k := range in.Containers {
		report.Containers = append(report.Containers, containerReport(&in.Containers[k]))
	}
	if err := s.report(ctx, in.Cluster, in.Task, &report); err != nil {
		return nil, err
	}
	return &wire.SubmitTaskStateChangeOutput{Acknowledgment: new(acknowledged)}, nil
}

func (s *Service) submitContainerStateChange(ctx context.Context, in *wire.SubmitContainerStateChangeInput) (*wire.SubmitContainerStateChangeOutput, error) {
	report := command.TaskReport{By: caller(ctx), Containers: []command.ContainerReport{containerReport(&wire.ContainerStateChange{
		ContainerName: in.ContainerName, Status: in.Status, ExitCode: in.ExitCode, Reason: in.Reason, RuntimeId: in.RuntimeId,
		NetworkBindings: in.NetworkBindings,
	})}}
	if err := s.report(ctx, in.Cluster, in.Task, &report); err != nil {
		return nil, err
	}
	return &wire.SubmitContainerStateChangeOutput{Acknowledgment: new(acknowledged)}, nil
}

// report checks what a report says and runs the command. Statuses other than the three an agent knows are refused: the agent
// drops such a report instead of repeating it.
func (s *Service) report(ctx context.Context, clusterArg, taskArg *string, report *command.TaskReport) error {
	cluster, err := s.clusterName(clusterArg)
	if err != nil {
		return err
	}
	if report.ID, report.Cluster, err = s.taskID(cluster, value(taskArg)); err != nil {
		return err
	}
	if err := reportedStatus(report.Status); err != nil {
		return err
	}
	for _, c := range report.Containers {
		if err := reportedStatus(c.Status); err != nil {
			return err
		}
	}
	return s.Store.Do(ctx, func(tx *state.Tx) error { return command.ReportTask(tx, *report) })
}

func reportedStatus(status ecs.Status) error {
	switch status {
	case "", ecs.StatusPending, ecs.StatusRunning, ecs.StatusStopped:
		return nil
	}
	return ecs.InvalidParameterf("status should be one of [PENDING,RUNNING,STOPPED]")
}

func containerReport(in *wire.ContainerStateChange) command.ContainerReport {
	return command.ContainerReport{
		Name: value(in.ContainerName), Status: ecs.Status(value(in.Status)), ExitCode: in.ExitCode, Reason: value(in.Reason),
		RuntimeID: value(in.RuntimeId), ImageDigest: value(in.ImageDigest), Bindings: bindingsFromWire(in.NetworkBindings),
	}
}

func bindingsFromWire(in []wire.NetworkBinding) []ecs.NetworkBinding {
	var out []ecs.NetworkBinding
	for _, b := range in {
		protocol := ecs.TCP
		if value(b.Protocol) == string(ecs.UDP) {
			protocol = ecs.UDP
		}
		out = append(out, ecs.NetworkBinding{
			BindIP: value(b.BindIP), ContainerPort: uint16(value(b.ContainerPort)), HostPort: uint16(value(b.HostPort)),
			Protocol: protocol, ContainerPortRange: value(b.ContainerPortRange), HostPortRange: value(b.HostPortRange),
		})
	}
	return out
}

// submitAttachmentStateChanges acknowledges. No instance of this version has attachments: task network interfaces are not placed
// (missing ecs.capability.task-eni), so there is nothing such a report could change.
func (s *Service) submitAttachmentStateChanges(_ context.Context, in *wire.SubmitAttachmentStateChangesInput) (*wire.SubmitAttachmentStateChangesOutput, error) {
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	if _, err := command.ActiveCluster(s.Store.Snapshot(), cluster); err != nil {
		return nil, err
	}
	return &wire.SubmitAttachmentStateChangesOutput{Acknowledgment: new(acknowledged)}, nil
}

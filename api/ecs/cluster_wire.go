package ecs

import (
	"strconv"

	"berth/api/ecs/wire"
	"berth/ecs"
	"berth/state"
)

// clusterToWire is the shape of a cluster. ECS: without include, settings, tags and statistics are empty lists, and configuration
// and attachments are absent (semantics.md 11.3).
func (s *Service) clusterToWire(view *state.Snapshot, c *ecs.Cluster, include []string) *wire.Cluster {
	counts := view.Counts(c.Name)
	out := &wire.Cluster{
		ClusterArn: new(s.Realm.ClusterARN(c.Name)), ClusterName: &c.Name, Status: new(string(c.Status)),
		RegisteredContainerInstancesCount: new(int32(counts.Instances)),
		RunningTasksCount:                 new(int32(counts.Running.Total())),
		PendingTasksCount:                 new(int32(counts.Pending.Total())),
		ActiveServicesCount:               new(int32(0)),
		Statistics:                        []wire.KeyValuePair{}, Tags: []wire.Tag{}, Settings: []wire.ClusterSetting{},
		CapacityProviders: append([]string{}, c.CapacityProviders...), DefaultCapacityProviderStrategy: strategyToWire(c.DefaultStrategy),
		AttachmentsStatus: given(c.AttachmentsStatus),
	}
	if included(include, "STATISTICS") {
		out.Statistics = statistics(counts)
	}
	if included(include, "TAGS") {
		out.Tags = tagsToWire(c.Tags)
	}
	if included(include, "SETTINGS") {
		for _, setting := range c.Settings {
			out.Settings = append(out.Settings, wire.ClusterSetting{Name: &setting.Name, Value: &setting.Value})
		}
	}
	if included(include, "CONFIGURATIONS") {
		out.Configuration = clusterConfigurationToWire(c.Configuration)
	}
	if included(include, "ATTACHMENTS") {
		out.Attachments = attachmentsToWire(view, c)
	}
	return out
}

// statistics are the 16 counters of ECS (semantics.md 11.5), as strings.
func statistics(c *state.Counts) []wire.KeyValuePair {
	rows := []struct {
		name string
		n    int
	}{
		{"runningEC2TasksCount", c.Running.EC2}, {"runningFargateTasksCount", c.Running.Fargate},
		{"runningExternalTasksCount", c.Running.External}, {"runningManagedInstancesTasksCount", 0},
		{"pendingEC2TasksCount", c.Pending.EC2}, {"pendingFargateTasksCount", c.Pending.Fargate},
		{"pendingExternalTasksCount", c.Pending.External}, {"pendingManagedInstancesTasksCount", 0},
		{"activeEC2ServiceCount", 0}, {"activeFargateServiceCount", 0},
		{"activeExternalServiceCount", 0}, {"activeManagedInstancesServiceCount", 0},
		{"drainingEC2ServiceCount", 0}, {"drainingFargateServiceCount", 0},
		{"drainingExternalServiceCount", 0}, {"drainingManagedInstancesServiceCount", 0},
	}
	out := make([]wire.KeyValuePair, 0, len(rows))
	for _, r := range rows {
		out = append(out, wire.KeyValuePair{Name: new(r.name), Value: new(strconv.Itoa(r.n))})
	}
	return out
}

// clusterConfigurationFromWire checks what a cluster says of exec sessions (features.md D24).
func clusterConfigurationFromWire(in *wire.ClusterConfiguration) (*ecs.ClusterConfiguration, error) {
	if in == nil || in.ExecuteCommandConfiguration == nil {
		return nil, nil
	}
	x := in.ExecuteCommandConfiguration
	out := &ecs.ExecuteCommandConfiguration{KMSKeyID: value(x.KmsKeyId), Logging: value(x.Logging)}
	l := x.LogConfiguration
	if l != nil && out.Logging != "OVERRIDE" {
		return nil, ecs.InvalidParameterf("You must set logging to 'OVERRIDE' when you supply a log configuration.")
	}
	if out.Logging == "OVERRIDE" && (l == nil || value(l.CloudWatchLogGroupName) == "" && value(l.S3BucketName) == "") {
		return nil, ecs.InvalidParameterf("A CloudWatch log group or an S3 bucket is required when logging is 'OVERRIDE'.")
	}
	if l != nil {
		out.HasLogConfiguration = true
		out.CloudWatchLogGroup, out.CloudWatchEncryption = value(l.CloudWatchLogGroupName), l.CloudWatchEncryptionEnabled
		out.S3Bucket, out.S3Encryption, out.S3KeyPrefix = value(l.S3BucketName), l.S3EncryptionEnabled, value(l.S3KeyPrefix)
	}
	return &ecs.ClusterConfiguration{ExecuteCommand: out}, nil
}

func clusterConfigurationToWire(c *ecs.ClusterConfiguration) *wire.ClusterConfiguration {
	if c == nil || c.ExecuteCommand == nil {
		return nil
	}
	x := c.ExecuteCommand
	out := &wire.ExecuteCommandConfiguration{KmsKeyId: given(x.KMSKeyID), Logging: given(x.Logging)}
	if x.HasLogConfiguration {
		out.LogConfiguration = &wire.ExecuteCommandLogConfiguration{
			CloudWatchLogGroupName: given(x.CloudWatchLogGroup), CloudWatchEncryptionEnabled: x.CloudWatchEncryption,
			S3BucketName: given(x.S3Bucket), S3EncryptionEnabled: x.S3Encryption, S3KeyPrefix: given(x.S3KeyPrefix),
		}
	}
	return &wire.ClusterConfiguration{ExecuteCommandConfiguration: out}
}

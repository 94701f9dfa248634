package acs

import "github.com/go-json-experiment/json/jsontext"

// PublishMetricsRequest carries resource use, every 20 seconds; an idle instance sends Idle and no tasks.
type PublishMetricsRequest struct {
	Metadata    MetricsMetadata `json:"metadata"`
	TaskMetrics []TaskMetric    `json:"taskMetrics,omitempty"`
	// InstanceMetrics is kept as text: nothing here reads it.
	InstanceMetrics jsontext.Value `json:"instanceMetrics,omitzero"`
	Timestamp       UnixTime       `json:"timestamp"`
}

// MetricsMetadata says whose metrics these are and whether more frames of the same round follow.
type MetricsMetadata struct {
	Cluster           string `json:"cluster"`
	ContainerInstance string `json:"containerInstance"`
	// Fin marks the last frame of a round.
	Fin       bool   `json:"fin"`
	Idle      bool   `json:"idle"`
	MessageID string `json:"messageId"`
}

// TaskMetric is the use of one task since the last round.
type TaskMetric struct {
	TaskARN               string            `json:"taskArn"`
	TaskDefinitionFamily  string            `json:"taskDefinitionFamily"`
	TaskDefinitionVersion string            `json:"taskDefinitionVersion"`
	ClusterARN            string            `json:"clusterArn,omitzero"`
	ServiceName           string            `json:"serviceName,omitzero"`
	ContainerMetrics      []ContainerMetric `json:"containerMetrics,omitempty"`
}

// ContainerMetric is the use of one container since the last round.
type ContainerMetric struct {
	ContainerName string `json:"containerName"`
	ContainerARN  string `json:"containerArn,omitzero"`
	// CPU is in percent of one core.
	CPU *StatsSet `json:"cpuStatsSet,omitzero"`
	// Memory is in MiB.
	Memory  *StatsSet        `json:"memoryStatsSet,omitzero"`
	Network *NetworkStatsSet `json:"networkStatsSet,omitzero"`
	Storage *StorageStatsSet `json:"storageStatsSet,omitzero"`
	Restart *RestartStatsSet `json:"restartStatsSet,omitzero"`
}

// StatsSet sums up samples.
type StatsSet struct {
	Max         float64 `json:"max"`
	Min         float64 `json:"min"`
	SampleCount int64   `json:"sampleCount"`
	Sum         float64 `json:"sum"`
}

// ULongStatsSet sums up counters whose values may pass 2^63; the overflow members carry what lies above.
type ULongStatsSet struct {
	Max         int64 `json:"max"`
	Min         int64 `json:"min"`
	OverflowMax int64 `json:"overflowMax"`
	OverflowMin int64 `json:"overflowMin"`
	OverflowSum int64 `json:"overflowSum"`
	SampleCount int64 `json:"sampleCount"`
	Sum         int64 `json:"sum"`
}

// NetworkStatsSet is traffic in bytes and packets.
type NetworkStatsSet struct {
	RxBytes          *ULongStatsSet `json:"rxBytes,omitzero"`
	RxDropped        *ULongStatsSet `json:"rxDropped,omitzero"`
	RxErrors         *ULongStatsSet `json:"rxErrors,omitzero"`
	RxPackets        *ULongStatsSet `json:"rxPackets,omitzero"`
	TxBytes          *ULongStatsSet `json:"txBytes,omitzero"`
	TxDropped        *ULongStatsSet `json:"txDropped,omitzero"`
	TxErrors         *ULongStatsSet `json:"txErrors,omitzero"`
	TxPackets        *ULongStatsSet `json:"txPackets,omitzero"`
	RxBytesPerSecond *StatsSet      `json:"rxBytesPerSecond,omitzero"`
	TxBytesPerSecond *StatsSet      `json:"txBytesPerSecond,omitzero"`
}

// StorageStatsSet is block device traffic in bytes.
type StorageStatsSet struct {
	ReadSizeBytes  *ULongStatsSet `json:"readSizeBytes,omitzero"`
	WriteSizeBytes *ULongStatsSet `json:"writeSizeBytes,omitzero"`
}

// RestartStatsSet counts restarts under a restart policy.
type RestartStatsSet struct {
	RestartCount int64 `json:"restartCount"`
}

// PublishHealthRequest carries the health of the containers that have a health check.
type PublishHealthRequest struct {
	Metadata  HealthMetadata `json:"metadata"`
	Tasks     []TaskHealth   `json:"tasks,omitempty"`
	Timestamp UnixTime       `json:"timestamp"`
}

// HealthMetadata says whose health this is.
type HealthMetadata struct {
	Cluster           string `json:"cluster"`
	ContainerInstance string `json:"containerInstance"`
	Fin               bool   `json:"fin"`
	MessageID         string `json:"messageId"`
}

// TaskHealth is the health of one task's containers.
type TaskHealth struct {
	TaskARN               string            `json:"taskArn"`
	TaskDefinitionFamily  string            `json:"taskDefinitionFamily"`
	TaskDefinitionVersion string            `json:"taskDefinitionVersion"`
	ClusterARN            string            `json:"clusterArn,omitzero"`
	Containers            []ContainerHealth `json:"containers"`
}

// Values of ContainerHealth.HealthStatus.
const (
	HealthUnknown   = "UNKNOWN"
	HealthHealthy   = "HEALTHY"
	HealthUnhealthy = "UNHEALTHY"
)

// ContainerHealth is one container's verdict and since when it stands.
type ContainerHealth struct {
	ContainerName string   `json:"containerName"`
	ContainerARN  string   `json:"containerArn,omitzero"`
	HealthStatus  string   `json:"healthStatus"`
	StatusSince   UnixTime `json:"statusSince"`
}

// PublishInstanceStatusRequest carries the instance's own checks.
type PublishInstanceStatusRequest struct {
	Metadata  InstanceStatusMetadata `json:"metadata"`
	Statuses  []InstanceStatus       `json:"statuses,omitempty"`
	Timestamp UnixTime               `json:"timestamp"`
}

// InstanceStatusMetadata says whose status this is.
type InstanceStatusMetadata struct {
	Cluster           string `json:"cluster"`
	ContainerInstance string `json:"containerInstance"`
	RequestID         string `json:"requestId"`
}

// Values of InstanceStatus.Status.
const (
	InstanceStatusOK       = "OK"
	InstanceStatusImpaired = "IMPAIRED"
)

// InstanceStatus is one check, such as ContainerRuntime.
type InstanceStatus struct {
	Type             string   `json:"type"`
	Status           string   `json:"status"`
	LastStatusChange UnixTime `json:"lastStatusChange"`
	LastUpdated      UnixTime `json:"lastUpdated"`
}

// AckPublishMetric answers PublishMetricsRequest.
type AckPublishMetric struct {
	Message string `json:"message,omitzero"`
}

// AckPublishHealth answers PublishHealthRequest.
type AckPublishHealth struct {
	Message string `json:"message,omitzero"`
}

// AckPublishInstanceStatus answers PublishInstanceStatusRequest.
type AckPublishInstanceStatus struct {
	Message string `json:"message,omitzero"`
}

// StopTelemetrySessionMessage ends telemetry; Amazon's agent ignores it.
type StopTelemetrySessionMessage struct {
	Message string `json:"message,omitzero"`
}

// MessageType is the envelope's name for the message.
func (PublishMetricsRequest) MessageType() string { return "PublishMetricsRequest" }

// MessageType is the envelope's name for the message.
func (PublishHealthRequest) MessageType() string { return "PublishHealthRequest" }

// MessageType is the envelope's name for the message.
func (PublishInstanceStatusRequest) MessageType() string { return "PublishInstanceStatusRequest" }

// MessageType is the envelope's name for the message.
func (AckPublishMetric) MessageType() string { return "AckPublishMetric" }

// MessageType is the envelope's name for the message.
func (AckPublishHealth) MessageType() string { return "AckPublishHealth" }

// MessageType is the envelope's name for the message.
func (AckPublishInstanceStatus) MessageType() string { return "AckPublishInstanceStatus" }

// MessageType is the envelope's name for the message.
func (StopTelemetrySessionMessage) MessageType() string { return "StopTelemetrySessionMessage" }

func init() {
	register[PublishMetricsRequest]()
	register[PublishHealthRequest]()
	register[PublishInstanceStatusRequest]()
	register[AckPublishMetric]()
	register[AckPublishHealth]()
	register[AckPublishInstanceStatus]()
	register[StopTelemetrySessionMessage]()
}

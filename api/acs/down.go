package acs

// HeartbeatMessage keeps a session open. On ACS it has a messageId and is answered with HeartbeatAckRequest; on TCS
// it has none and wants no answer.
type HeartbeatMessage struct {
	MessageID string `json:"messageId,omitzero"`
	Healthy   bool   `json:"healthy"`
}

// IAMRoleCredentialsMessage replaces the credentials of one set of one task.
type IAMRoleCredentialsMessage struct {
	MessageID string `json:"messageId"`
	TaskARN   string `json:"taskArn"`
	// RoleType is RoleTaskApplication or RoleTaskExecution.
	RoleType        string           `json:"roleType"`
	RoleCredentials *RoleCredentials `json:"roleCredentials,omitzero"`
}

// Values of IAMRoleCredentialsMessage.RoleType.
const (
	RoleTaskApplication = "TaskApplication"
	RoleTaskExecution   = "TaskExecution"
)

// RoleCredentials is one set of temporary keys; CredentialsID stays the same when the keys are renewed.
type RoleCredentials struct {
	CredentialsID   string `json:"credentialsId"`
	RoleARN         string `json:"roleArn,omitzero"`
	AccessKeyID     string `json:"accessKeyId,omitzero"`
	SecretAccessKey string `json:"secretAccessKey,omitzero"`
	SessionToken    string `json:"sessionToken,omitzero"`
	// Expiration is RFC 3339 in UTC, in seconds.
	Expiration string `json:"expiration,omitzero"`
}

// TaskManifestMessage lists every task the server believes to be on the instance. It is the only way an agent learns
// of tasks nobody wants any more.
type TaskManifestMessage struct {
	MessageID            string `json:"messageId"`
	ClusterARN           string `json:"clusterArn"`
	ContainerInstanceARN string `json:"containerInstanceArn"`
	// Timeline shares one ever-growing sequence with PayloadMessage.SeqNum; an agent ignores what is not above the
	// highest it has seen.
	Timeline int64 `json:"timeline"`
	// GeneratedAt is in milliseconds since 1970.
	GeneratedAt int64            `json:"generatedAt,omitzero"`
	Tasks       []TaskIdentifier `json:"tasks"`
}

// TaskIdentifier names a task in a manifest or a stop verification.
type TaskIdentifier struct {
	TaskARN        string `json:"taskArn"`
	TaskClusterARN string `json:"taskClusterArn,omitzero"`
	// DesiredStatus is RUNNING or STOPPED.
	DesiredStatus string `json:"desiredStatus"`
}

// TaskStopVerificationAck allows the agent to stop the named candidates.
type TaskStopVerificationAck struct {
	// MessageID is that of the manifest.
	MessageID   string           `json:"messageId"`
	GeneratedAt int64            `json:"generatedAt,omitzero"`
	StopTasks   []TaskIdentifier `json:"stopTasks"`
}

// StageUpdateMessage asks the agent to download a new version of itself.
type StageUpdateMessage struct {
	MessageID            string      `json:"messageId"`
	ClusterARN           string      `json:"clusterArn"`
	ContainerInstanceARN string      `json:"containerInstanceArn"`
	UpdateInfo           *UpdateInfo `json:"updateInfo,omitzero"`
}

// PerformUpdateMessage asks the agent to restart as the staged version.
type PerformUpdateMessage struct {
	MessageID            string      `json:"messageId"`
	ClusterARN           string      `json:"clusterArn"`
	ContainerInstanceARN string      `json:"containerInstanceArn"`
	UpdateInfo           *UpdateInfo `json:"updateInfo,omitzero"`
}

// UpdateInfo says where an agent update lies; Signature is its SHA-256 in hex.
type UpdateInfo struct {
	Location  string `json:"location"`
	Signature string `json:"signature"`
}

// CloseMessage announces that the server is about to close. It needs no answer.
type CloseMessage struct {
	Message string `json:"message,omitzero"`
}

// ErrorMessage tells of a server-side error. It needs no answer.
type ErrorMessage struct {
	Message string `json:"message,omitzero"`
}

// MessageType is the envelope's name for the message.
func (HeartbeatMessage) MessageType() string { return "HeartbeatMessage" }

// MessageType is the envelope's name for the message.
func (IAMRoleCredentialsMessage) MessageType() string { return "IAMRoleCredentialsMessage" }

// MessageType is the envelope's name for the message.
func (TaskManifestMessage) MessageType() string { return "TaskManifestMessage" }

// MessageType is the envelope's name for the message.
func (TaskStopVerificationAck) MessageType() string { return "TaskStopVerificationAck" }

// MessageType is the envelope's name for the message.
func (StageUpdateMessage) MessageType() string { return "StageUpdateMessage" }

// MessageType is the envelope's name for the message.
func (PerformUpdateMessage) MessageType() string { return "PerformUpdateMessage" }

// MessageType is the envelope's name for the message.
func (CloseMessage) MessageType() string { return "CloseMessage" }

// MessageType is the envelope's name for the message.
func (ErrorMessage) MessageType() string { return "ErrorMessage" }

func init() {
	register[HeartbeatMessage]()
	register[IAMRoleCredentialsMessage]()
	register[TaskManifestMessage]()
	register[TaskStopVerificationAck]()
	register[StageUpdateMessage]()
	register[PerformUpdateMessage]()
	register[CloseMessage]()
	register[ErrorMessage]()
}

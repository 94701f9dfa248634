package acs

// AckRequest acknowledges a payload, a manifest or an attachment message.
type AckRequest struct {
	Cluster           string `json:"cluster"`
	ContainerInstance string `json:"containerInstance"`
	MessageID         string `json:"messageId"`
}

// NackRequest refuses an update message.
type NackRequest struct {
	Cluster           string `json:"cluster"`
	ContainerInstance string `json:"containerInstance"`
	MessageID         string `json:"messageId"`
	Reason            string `json:"reason,omitzero"`
}

// HeartbeatAckRequest answers HeartbeatMessage on ACS.
type HeartbeatAckRequest struct {
	MessageID string `json:"messageId"`
}

// IAMRoleCredentialsAckRequest acknowledges one credential set, whether it came in a payload or by itself.
type IAMRoleCredentialsAckRequest struct {
	MessageID     string `json:"messageId"`
	CredentialsID string `json:"credentialsId"`
	// Expiration repeats the set's, as text.
	Expiration string `json:"expiration,omitzero"`
}

// TaskStopVerificationMessage names the agent's running tasks that the manifest does not list as RUNNING.
type TaskStopVerificationMessage struct {
	// MessageID is that of the manifest.
	MessageID      string           `json:"messageId"`
	StopCandidates []TaskIdentifier `json:"stopCandidates"`
}

// MessageType is the envelope's name for the message.
func (AckRequest) MessageType() string { return "AckRequest" }

// MessageType is the envelope's name for the message.
func (NackRequest) MessageType() string { return "NackRequest" }

// MessageType is the envelope's name for the message.
func (HeartbeatAckRequest) MessageType() string { return "HeartbeatAckRequest" }

// MessageType is the envelope's name for the message.
func (IAMRoleCredentialsAckRequest) MessageType() string { return "IAMRoleCredentialsAckRequest" }

// MessageType is the envelope's name for the message.
func (TaskStopVerificationMessage) MessageType() string { return "TaskStopVerificationMessage" }

func init() {
	register[AckRequest]()
	register[NackRequest]()
	register[HeartbeatAckRequest]()
	register[IAMRoleCredentialsAckRequest]()
	register[TaskStopVerificationMessage]()
}

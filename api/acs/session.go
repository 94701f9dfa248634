package acs

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// ProtocolVersion is the ACS protocol both ends speak: with 2, heartbeats are acknowledged.
const ProtocolVersion = 2

// SessionQuery is what an agent says in the query of the ACS handshake.
type SessionQuery struct {
	// Cluster is whatever the agent was configured with: usually the name, sometimes the ARN.
	Cluster              string
	ContainerInstanceARN string
	AgentVersion         string
	AgentHash            string
	// DockerVersion is "DockerVersion: 20.10.24" from Amazon's agent; see PlainDockerVersion.
	DockerVersion   string
	ProtocolVersion int
	// SendCredentials asks for the credentials of every running task: the agent has none.
	SendCredentials bool
}

// Values are the query parameters of the handshake.
func (q SessionQuery) Values() url.Values {
	return url.Values{
		"clusterArn":           {q.Cluster},
		"containerInstanceArn": {q.ContainerInstanceARN},
		"agentVersion":         {q.AgentVersion},
		"agentHash":            {q.AgentHash},
		"dockerVersion":        {q.DockerVersion},
		"protocolVersion":      {strconv.Itoa(q.ProtocolVersion)},
		"seqNum":               {"1"},
		"sendCredentials":      {strconv.FormatBool(q.SendCredentials)},
	}
}

// ParseSessionQuery reads the query of an ACS handshake. What is missing or unreadable stays zero.
func ParseSessionQuery(v url.Values) SessionQuery {
	version, _ := strconv.Atoi(v.Get("protocolVersion"))
	return SessionQuery{
		Cluster:              v.Get("clusterArn"),
		ContainerInstanceARN: v.Get("containerInstanceArn"),
		AgentVersion:         v.Get("agentVersion"),
		AgentHash:            v.Get("agentHash"),
		DockerVersion:        v.Get("dockerVersion"),
		ProtocolVersion:      version,
		SendCredentials:      v.Get("sendCredentials") == "true",
	}
}

// PlainDockerVersion is the version without the words Amazon's agent puts before it on ACS.
func (q SessionQuery) PlainDockerVersion() string {
	return strings.TrimSpace(strings.TrimPrefix(q.DockerVersion, "DockerVersion:"))
}

// TelemetryQuery is what an agent says in the query of the TCS handshake.
type TelemetryQuery struct {
	Cluster              string
	ContainerInstanceARN string
	AgentVersion         string
	AgentHash            string
	DockerVersion        string
}

// Values are the query parameters of the handshake.
func (q TelemetryQuery) Values() url.Values {
	return url.Values{
		"cluster":           {q.Cluster},
		"containerInstance": {q.ContainerInstanceARN},
		"agentVersion":      {q.AgentVersion},
		"agentHash":         {q.AgentHash},
		"dockerVersion":     {q.DockerVersion},
	}
}

// ParseTelemetryQuery reads the query of a TCS handshake. What is missing stays empty.
func ParseTelemetryQuery(v url.Values) TelemetryQuery {
	return TelemetryQuery{
		Cluster:              v.Get("cluster"),
		ContainerInstanceARN: v.Get("containerInstance"),
		AgentVersion:         v.Get("agentVersion"),
		AgentHash:            v.Get("agentHash"),
		DockerVersion:        v.Get("dockerVersion"),
	}
}

// InactiveInstance is the refusal that tells an agent its instance was deregistered: the only one an agent treats
// differently from plain backoff.
const InactiveInstance = "InactiveInstanceException"

// AccessDenied is the refusal of an agent whose instance is not its own, or has another agent that answers.
const AccessDenied = "AccessDeniedException"

// Refusal is the body of a refused handshake.
type Refusal struct {
	// Code is an exception name such as InactiveInstance.
	Code string
	Text string
}

// Error is the code and the text.
func (r *Refusal) Error() string { return r.Code + ": " + r.Text }

// Body is the JSON an agent understands: {"type":CODE,"message":{"message":TEXT}}.
func (r *Refusal) Body() []byte {
	inner, _ := json.Marshal(map[string]string{"message": r.Text}, jsontext.AllowInvalidUTF8(true))
	body, _ := json.Marshal(envelope{Type: r.Code, Message: inner}, jsontext.AllowInvalidUTF8(true))
	return body
}

// ParseRefusal reads a refused handshake's body in either of its two forms, {"CODE":"text"} and Body's. It errs when
// the body is neither.
func ParseRefusal(body []byte) (*Refusal, error) {
	var env struct {
		Type    string `json:"type"`
		Message struct {
			Message string `json:"message"`
		} `json:"message"`
	}
	if json.Unmarshal(body, &env, decodeOptions) == nil && env.Type != "" {
		return &Refusal{Code: env.Type, Text: env.Message.Message}, nil
	}
	var short map[string]string
	if json.Unmarshal(body, &short, decodeOptions) == nil && len(short) == 1 {
		for code, text := range short {
			return &Refusal{Code: code, Text: text}, nil
		}
	}
	return nil, errors.New("handshake refusal is not in a known form")
}

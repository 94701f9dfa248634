package bench

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"

	"berth/api/acs"
	"berth/api/awsjson"
	"berth/api/ecs/wire"
	"berth/api/sigv4"
)

// agent is a simulated node: it registers, keeps its session open, acknowledges what it gets, and says of every task that it runs
// as soon as it hears of it. It has room for any number of tasks and starts nothing.
type agent struct {
	fleet *fleet
	arn   string
	conn  *websocket.Conn
	// known are the tasks that were told of: a repeated payload is acknowledged and no more.
	known map[string]bool
}

// capabilities are what a plain agent on Docker announces; placement looks through them.
var capabilities = []string{
	"ecs.capability.secrets.asm.environment-variables", "ecs.capability.secrets.ssm.environment-variables", "ecs.capability.task-cpu-mem-limit",
	"ecs.capability.container-health-check", "ecs.capability.container-ordering", "ecs.capability.env-files.s3", "ecs.capability.full-sync",
	"ecs.capability.pid-ipc-namespace-sharing", "ecs.capability.execution-role-awslogs", "ecs.capability.execution-role-ecr-pull",
	"com.amazonaws.ecs.capability.privileged-container", "com.amazonaws.ecs.capability.ecr-auth", "com.amazonaws.ecs.capability.task-iam-role",
	"com.amazonaws.ecs.capability.task-iam-role-network-host", "com.amazonaws.ecs.capability.logging-driver.json-file",
	"com.amazonaws.ecs.capability.logging-driver.syslog", "com.amazonaws.ecs.capability.logging-driver.journald",
	"com.amazonaws.ecs.capability.logging-driver.none", "com.amazonaws.ecs.capability.docker-remote-api.1.17",
	"com.amazonaws.ecs.capability.docker-remote-api.1.18", "com.amazonaws.ecs.capability.docker-remote-api.1.19",
	"com.amazonaws.ecs.capability.docker-remote-api.1.20", "com.amazonaws.ecs.capability.docker-remote-api.1.21",
	"com.amazonaws.ecs.capability.docker-remote-api.1.22", "com.amazonaws.ecs.capability.docker-remote-api.1.23",
	"com.amazonaws.ecs.capability.docker-remote-api.1.24", "com.amazonaws.ecs.capability.docker-remote-api.1.25",
	"com.amazonaws.ecs.capability.docker-remote-api.1.26", "com.amazonaws.ecs.capability.docker-remote-api.1.27",
	"com.amazonaws.ecs.capability.docker-remote-api.1.28", "com.amazonaws.ecs.capability.docker-remote-api.1.29",
}

const (
	// plenty is a capacity no benchmark uses up; the API's integers have 32 bits.
	plenty       = 1 << 30
	agentVersion = "1.68.0"
	maxFrame     = acs.MaxFrameBytes
)

func register(ctx context.Context, api *awsjson.Client) (arn string, err error) {
	in := wire.RegisterContainerInstanceInput{
		Cluster: new(cluster),
		TotalResources: []wire.Resource{
			{Name: new("CPU"), Type: new("INTEGER"), IntegerValue: new(int32(plenty))},
			{Name: new("MEMORY"), Type: new("INTEGER"), IntegerValue: new(int32(plenty))},
			{Name: new("PORTS"), Type: new("STRINGSET"), StringSetValue: []string{"22", "2375", "2376", "51678", "51679"}},
		},
		Attributes: []wire.Attribute{
			{Name: new("ecs.os-type"), Value: new("linux")}, {Name: new("ecs.cpu-architecture"), Value: new("x86_64")},
		},
	}
	for _, name := range capabilities {
		in.Attributes = append(in.Attributes, wire.Attribute{Name: &name})
	}
	var out wire.RegisterContainerInstanceOutput
	if err := api.Call(ctx, "RegisterContainerInstance", in, &out); err != nil {
		return "", err
	}
	return *out.ContainerInstance.ContainerInstanceArn, nil
}

// connect registers an agent and opens its session.
func (f *fleet) connect(ctx context.Context, api *awsjson.Client) (*agent, error) {
	arn, err := register(ctx, api)
	if err != nil {
		return nil, err
	}
	var out wire.DiscoverPollEndpointOutput
	in := wire.DiscoverPollEndpointInput{Cluster: new(cluster), ContainerInstance: &arn}
	if err := api.Call(ctx, "DiscoverPollEndpoint", in, &out); err != nil {
		return nil, err
	}
	conn, err := openSession(ctx, *out.Endpoint, arn, f.creds)
	if err != nil {
		return nil, fmt.Errorf("open an agent's session: %w", err)
	}
	return &agent{fleet: f, arn: arn, conn: conn, known: map[string]bool{}}, nil
}

func openSession(ctx context.Context, endpoint, arn string, creds sigv4.Credentials) (*websocket.Conn, error) {
	query := acs.SessionQuery{
		Cluster: cluster, ContainerInstanceARN: arn, AgentVersion: agentVersion, AgentHash: "bench", DockerVersion: "DockerVersion: 20.10.24",
		ProtocolVersion: acs.ProtocolVersion,
	}
	u, err := url.Parse(strings.TrimSuffix(endpoint, "/") + "/ws?" + query.Values().Encode())
	if err != nil {
		return nil, err
	}
	header, err := sigv4.SignHandshake(u, creds, region, "ecs", time.Now())
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{}}
	conn, _, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{HTTPClient: client, HTTPHeader: header})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(maxFrame)
	return conn, nil
}

// work is what a frame may ask of an agent, whatever its type. Reading no more of it spares the processors, which are the server's.
type work struct {
	Type    string `json:"type"`
	Message struct {
		MessageID string `json:"messageId"`
		Tasks     []struct {
			ARN           string `json:"arn"`
			DesiredStatus string `json:"desiredStatus"`
		} `json:"tasks"`
	} `json:"message"`
}

// serve answers until the session ends, and says why it did.
func (a *agent) serve(ctx context.Context) error {
	for {
		_, frame, err := a.conn.Read(ctx)
		if err != nil {
			return err
		}
		var w work
		if err := json.Unmarshal(frame, &w); err != nil {
			return fmt.Errorf("frame of the server: %w", err)
		}
		if err := a.answer(ctx, &w); err != nil {
			return err
		}
	}
}

func (a *agent) answer(ctx context.Context, w *work) error {
	switch w.Type {
	case "HeartbeatMessage":
		return a.send(ctx, &acs.HeartbeatAckRequest{MessageID: w.Message.MessageID})
	case "PayloadMessage":
		for _, t := range w.Message.Tasks {
			a.take(ctx, t.ARN, t.DesiredStatus)
		}
		return a.acknowledge(ctx, w.Message.MessageID)
	case "TaskManifestMessage":
		return a.acknowledge(ctx, w.Message.MessageID)
	}
	return nil
}

func (a *agent) acknowledge(ctx context.Context, id string) error {
	return a.send(ctx, &acs.AckRequest{Cluster: cluster, ContainerInstance: a.arn, MessageID: id})
}

func (a *agent) send(ctx context.Context, m acs.Message) error {
	frame, err := acs.Encode(m)
	if err != nil {
		return err
	}
	return a.conn.Write(ctx, websocket.MessageText, frame)
}

// take starts or stops a task, which is to say so.
func (a *agent) take(ctx context.Context, task, status string) {
	if status == acs.StatusRunning && a.known[task] {
		return
	}
	a.known[task] = status == acs.StatusRunning
	if a.fleet.reports != nil {
		select {
		case a.fleet.reports <- report{task, status}:
		case <-ctx.Done():
		}
	}
}

// report is what an agent has to say of a task.
type report struct{ task, status string }

// body is the report as agents send it. Container id and digest have their real length: the server keeps them.
func (r report) body(b []byte) []byte {
	sum := sha256.Sum256([]byte(r.task))
	now := time.Now().UnixMilli()
	b = append(b[:0], `{"cluster":"`+cluster+`","task":"`...)
	b = append(b, r.task...)
	b = append(b, `","status":"`...)
	b = append(b, r.status...)
	if r.status == acs.StatusRunning {
		b = fmt.Appendf(b, `","pullStartedAt":%d.%03d,"pullStoppedAt":%[1]d.%03[2]d`, now/1000, now%1000)
	} else {
		b = append(b, '"')
	}
	b = append(b, `,"containers":[{"containerName":"`+container+`","status":"`...)
	b = append(b, r.status...)
	b = append(b, `","runtimeId":"`...)
	b = hex.AppendEncode(b, sum[:])
	b = append(b, `","imageDigest":"sha256:`...)
	b = hex.AppendEncode(b, sum[:])
	if r.status == acs.StatusStopped {
		b = append(b, `","exitCode":0}]}`...)
	} else {
		b = append(b, `"}]}`...)
	}
	return b
}

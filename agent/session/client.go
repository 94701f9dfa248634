package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"berth/agent/report"
	"berth/agent/runtime"
	"berth/api/awsjson"
	"berth/api/ecs/wire"
	"berth/api/sigv4"
)

// service is the name requests are signed for.
const service = "ecs"

// Aliases, so that users of this package need not know where reports come from.
type (
	// Change is a report on one task.
	Change = report.Change
	// ContainerChange is a report on one container.
	ContainerChange = report.Container
)

// callTimeout bounds one API call.
const callTimeout = time.Minute

// Client makes an agent's API calls.
type Client struct {
	cluster string
	api     awsjson.Client
}

// NewClient makes a Client for the server at endpoint (http or https URL). httpClient may be nil.
func NewClient(endpoint, cluster, region string, credentials sigv4.Credentials, httpClient *http.Client) *Client {
	return &Client{cluster: cluster, api: awsjson.Client{
		Endpoint: endpoint, TargetPrefix: wire.TargetPrefix, HTTP: httpClient,
		Sign: func(r *http.Request, body []byte) error {
			return sigv4.SignRequest(r, credentials, region, service, body, time.Now())
		},
	}}
}

func (c *Client) call(ctx context.Context, operation string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.api.Call(ctx, operation, in, out)
}

// Registration is what an agent says about its host.
type Registration struct {
	// InstanceARN is empty for a new instance.
	InstanceARN string
	// ClientToken makes a repeated registration the same one.
	ClientToken string
	CPUUnits    int64
	MemoryMiB   int64
	// PortsTCP and PortsUDP are reserved ports.
	PortsTCP, PortsUDP []string
	// Attributes are name to value, capabilities with an empty value.
	Attributes []Attribute
	// AgentVersion, AgentHash and DockerVersion are the versionInfo.
	AgentVersion, AgentHash, DockerVersion string
}

// Attribute is a name with a value, which may be empty.
type Attribute struct{ Name, Value string }

// Register registers the instance and returns its ARN.
func (c *Client) Register(ctx context.Context, r Registration) (string, error) {
	in := wire.RegisterContainerInstanceInput{
		Cluster: &c.cluster, ClientToken: optional(r.ClientToken), ContainerInstanceArn: optional(r.InstanceARN),
		TotalResources: []wire.Resource{
			number("CPU", r.CPUUnits), number("MEMORY", r.MemoryMiB), set("PORTS", r.PortsTCP), set("PORTS_UDP", r.PortsUDP),
		},
		VersionInfo: &wire.VersionInfo{AgentHash: &r.AgentHash, AgentVersion: &r.AgentVersion, DockerVersion: &r.DockerVersion},
	}
	for _, a := range r.Attributes {
		in.Attributes = append(in.Attributes, wire.Attribute{Name: &a.Name, Value: optional(a.Value)})
	}
	var out wire.RegisterContainerInstanceOutput
	if err := c.call(ctx, "RegisterContainerInstance", in, &out); err != nil {
		return "", err
	}
	if out.ContainerInstance == nil || out.ContainerInstance.ContainerInstanceArn == nil {
		return "", errors.New("the server's answer to RegisterContainerInstance names no instance")
	}
	return *out.ContainerInstance.ContainerInstanceArn, nil
}

func number(name string, value int64) wire.Resource {
	kind, v := "INTEGER", int32(min(value, 1<<31-1))
	return wire.Resource{Name: &name, Type: &kind, IntegerValue: &v}
}

func set(name string, values []string) wire.Resource {
	kind := "STRINGSET"
	if values == nil {
		values = []string{}
	}
	return wire.Resource{Name: &name, Type: &kind, StringSetValue: values}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// Endpoints are where the websockets are.
type Endpoints struct{ ACS, TCS string }

// Endpoints asks for the websockets of an instance.
func (c *Client) Endpoints(ctx context.Context, instanceARN string) (Endpoints, error) {
	var out wire.DiscoverPollEndpointOutput
	err := c.call(ctx, "DiscoverPollEndpoint", wire.DiscoverPollEndpointInput{Cluster: &c.cluster, ContainerInstance: &instanceARN}, &out)
	if err != nil {
		return Endpoints{}, err
	}
	if out.Endpoint == nil || out.TelemetryEndpoint == nil {
		return Endpoints{}, errors.New("the server's answer to DiscoverPollEndpoint names no endpoints")
	}
	return Endpoints{ACS: *out.Endpoint, TCS: *out.TelemetryEndpoint}, nil
}

// Submit reports one change of a task. An error wraps report.ErrRefused when repeating it cannot help.
func (c *Client) Submit(ctx context.Context, change Change) error {
	in := wire.SubmitTaskStateChangeInput{
		Cluster: &c.cluster, Task: &change.TaskARN, Status: &change.Status, Reason: optional(runtime.Clip(change.Reason, runtime.MaxReason)),
		PullStartedAt: moment(change.PullStartedAt), PullStoppedAt: moment(change.PullStoppedAt),
		ExecutionStoppedAt: moment(change.ExecutionStoppedAt),
	}
	for _, container := range change.Containers {
		in.Containers = append(in.Containers, containerChange(container))
	}
	err := c.call(ctx, "SubmitTaskStateChange", in, nil)
	var answer *awsjson.Error
	if errors.As(err, &answer) && answer.Code == "InvalidParameterException" {
		return fmt.Errorf("%w: %w", report.ErrRefused, err)
	}
	return err
}

func containerChange(c ContainerChange) wire.ContainerStateChange {
	out := wire.ContainerStateChange{
		ContainerName: &c.Name, Status: &c.Status, RuntimeId: optional(c.RuntimeID),
		Reason: optional(c.Reason), ImageDigest: optional(c.ImageDigest),
	}
	if c.ExitCode != nil {
		code := int32(*c.ExitCode)
		out.ExitCode = &code
	}
	for _, b := range c.Bindings {
		binding := wire.NetworkBinding{
			BindIP: optional(b.HostIP), Protocol: optional(b.Protocol),
			ContainerPortRange: optional(b.ContainerPortRange), HostPortRange: optional(b.HostPortRange),
		}
		if b.ContainerPortRange == "" {
			inside, outside := int32(b.ContainerPort), int32(b.HostPort)
			binding.ContainerPort, binding.HostPort = &inside, &outside
		}
		out.NetworkBindings = append(out.NetworkBindings, binding)
	}
	return out
}

func moment(t time.Time) *wire.Timestamp {
	if t.IsZero() {
		return nil
	}
	stamp := wire.TimestampOf(t)
	return &stamp
}

//go:build acceptance

package acceptance

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// session is the agent's end of an ACS websocket, written from the protocol's facts and not with Berth's code.
type session struct {
	c    *C
	conn *websocket.Conn
}

// dial opens a websocket the way an agent does: signed handshake, everything about the agent in the query.
func (a *api) dial(endpoint string, query url.Values) (*session, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	address := strings.TrimSuffix(endpoint, "/") + "/ws?" + query.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := a.sign(r, nil, time.Now()); err != nil {
		return nil, nil, err
	}
	conn, response, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPHeader: r.Header})
	if err != nil {
		return nil, response, err
	}
	conn.SetReadLimit(4 << 20)
	a.c.Cleanup(func() { _ = conn.CloseNow() })
	return &session{a.c, conn}, response, nil
}

// next reads frames until one of the type comes, acknowledging heartbeats, and returns its message.
func (s *session) next(kind string, wanted func(obj) bool) obj {
	s.c.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Second)
	defer cancel()
	for {
		_, data, err := s.conn.Read(ctx)
		s.c.must(err, "wait for a %s", kind)
		var frame obj
		s.c.must(json.Unmarshal(data, &frame), "read the frame %.300s", data)
		message, _ := frame["message"].(obj)
		switch {
		case frame["type"] == "HeartbeatMessage":
			s.send("HeartbeatAckRequest", obj{"messageId": message["messageId"]})
		case frame["type"] == kind && wanted(message):
			return message
		}
	}
}

func (s *session) send(kind string, message obj) {
	s.c.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s.c.must(s.conn.Write(ctx, websocket.MessageText, []byte(compact(obj{"type": kind, "message": message}))), "send a %s", kind)
}

// ack acknowledges a payload.
func (s *session) ack(message obj) {
	s.c.Helper()
	s.send("AckRequest", obj{"cluster": message["clusterArn"], "containerInstance": message["containerInstanceArn"], "messageId": message["messageId"]})
}

// registration is what a small agent registers with.
func registration(k *cluster) obj {
	return obj{
		"cluster": k.name,
		"totalResources": []obj{
			{"name": "CPU", "type": "INTEGER", "integerValue": 1024}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 1024},
			{"name": "PORTS", "type": "STRINGSET", "stringSetValue": []string{"22"}}, {"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": []string{}},
		},
		"attributes": []obj{
			{"name": "ecs.os-type", "value": "linux"}, {"name": "empty"},
			{"name": "ecs.capability.container-ordering"}, // what a stopTimeout asks for
		},
	}
}

func TestS114(t *testing.T) {
	c := begin(t, "S114", "discover-poll-endpoint gives three endpoints, and an agent gets its work through them")
	k := c.emptyCluster(c.dev())
	node := k.as(k.newKey("agent"))
	out := node.call("RegisterContainerInstance", registration(k))
	instance := str(out, "containerInstance.containerInstanceArn")
	for _, sent := range []string{"ecs.os-type", "empty"} {
		c.check(find(list(out, "containerInstance.attributes"), "name", sent) != nil, "the answer does not repeat the attribute %s", sent)
	}
	endpoints := node.aws("discover-poll-endpoint", "--cluster", k.name, "--container-instance", instance)
	for _, name := range []string{"endpoint", "telemetryEndpoint", "serviceConnectEndpoint"} {
		u, err := url.Parse(str(endpoints, name))
		c.check(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "", "%s is %q", name, str(endpoints, name))
	}

	s, _, err := node.dial(str(endpoints, "endpoint"), url.Values{
		"clusterArn": {k.name}, "containerInstanceArn": {instance}, "agentHash": {"none"}, "agentVersion": {"1.2.3"},
		"dockerVersion": {"DockerVersion: 20.10.24"}, "protocolVersion": {"2"}, "seqNum": {"1"}, "sendCredentials": {"true"},
	})
	c.must(err, "dial the endpoint")
	k.awaitConnected(instance, true)
	c.equal("agentVersion", str(k.instance(instance), "versionInfo.agentVersion"), "1.2.3")

	td := k.define(container("main", sleeps, obj{"environment": []obj{{"name": "A", "value": "b"}}, "portMappings": []obj{{"containerPort": 80}}}))
	started := k.call("StartTask", obj{"cluster": k.name, "taskDefinition": td, "containerInstances": []string{instance}})
	arn := str(started, "tasks.0.taskArn")
	if arn == "" {
		c.Fatalf("StartTask started nothing: %s", compact(started))
	}
	mine := func(m obj) bool { return find(list(m, "tasks"), "arn", arn) != nil }
	payload := s.next("PayloadMessage", mine)
	task := find(list(payload, "tasks"), "arn", arn)
	c.equal("desiredStatus of the payload", str(task, "desiredStatus"), "RUNNING")
	c.equal("image of the payload", str(task, "containers.0.image"), image)
	c.equal("memory of the payload", num(task, "containers.0.memory"), 32)
	c.equal("environment of the payload", str(task, "containers.0.environment.A"), "b")
	c.equal("version is a string", str(task, "version"), "1")
	c.equal("port of the payload", num(task, "containers.0.portMappings.0.containerPort"), 80)
	c.check(str(payload, "messageId") != "" && str(payload, "containerInstanceArn") == instance, "no messageId or another's instance: %s", compact(payload))
	s.ack(payload)

	report := func(status string, more obj) {
		c.Helper()
		node.call("SubmitTaskStateChange", obj{"cluster": k.name, "task": arn, "status": status,
			"containers": []obj{with(obj{"containerName": "main", "status": status, "runtimeId": strings.Repeat("ab", 32)}, more)}})
	}
	report("RUNNING", obj{"networkBindings": []obj{{"bindIP": "0.0.0.0", "containerPort": 80, "hostPort": 40001, "protocol": "tcp"}}})
	running := k.running(arn)
	c.equal("hostPort", num(running, "containers.0.networkBindings.0.hostPort"), 40001)
	c.equal("runtimeId", str(running, "containers.0.runtimeId"), strings.Repeat("ab", 32))
	k.call("StopTask", obj{"cluster": k.name, "task": arn})
	payload = s.next("PayloadMessage", func(m obj) bool {
		return mine(m) && str(find(list(m, "tasks"), "arn", arn), "desiredStatus") == "STOPPED"
	})
	s.ack(payload)
	report("STOPPED", obj{"exitCode": 3})
	c.equal("exitCode", get(k.stopped(arn), "containers.0.exitCode"), 3)
	report("RUNNING", nil) // late news change nothing, and are no error
	c.equal("lastStatus after late news", str(k.task(arn), "lastStatus"), "STOPPED")
	node.call("SubmitTaskStateChange", obj{"cluster": k.name, "task": strings.Replace(arn, idOf(arn), strings.Repeat("0", 32), 1), "status": "STOPPED"})

	_ = s.conn.CloseNow()
	k.awaitConnected(instance, false)
}

func TestDeregisteredAgent(t *testing.T) {
	c := begin(t, "A-session-inactive", "a deregistered instance's handshake is refused with InactiveInstanceException, an unsigned one too")
	k := c.emptyCluster(c.dev())
	node := k.as(k.newKey("agent"))
	instance := str(node.call("RegisterContainerInstance", registration(k)), "containerInstance.containerInstanceArn")
	endpoint := str(node.call("DiscoverPollEndpoint", obj{"cluster": k.name, "containerInstance": instance}), "endpoint")
	query := url.Values{"clusterArn": {k.name}, "containerInstanceArn": {instance}, "agentVersion": {"1.2.3"}, "protocolVersion": {"2"}, "seqNum": {"1"}}

	_, response, err := node.as(node.key, "another secret").dial(endpoint, query)
	c.check(err != nil && response != nil && response.StatusCode >= 400, "a wrongly signed handshake was let in: %v", response)
	_, response, err = node.as(k.newKey("agent")).dial(endpoint, query)
	c.check(err != nil && response != nil && response.StatusCode >= 400, "another agent's handshake was let in: %v", response)

	s, _, err := node.dial(endpoint, query)
	c.must(err, "dial the endpoint")
	k.awaitConnected(instance, true)
	k.call("DeregisterContainerInstance", obj{"cluster": k.name, "containerInstance": instance})
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	for err = nil; err == nil; _, _, err = s.conn.Read(ctx) {
	}
	c.check(ctx.Err() == nil, "the session of a deregistered instance stays open")
	_, response, err = node.dial(endpoint, query)
	c.check(err != nil && response != nil, "the handshake of a deregistered instance was let in")
	if response != nil {
		body := make([]byte, 1024)
		n, _ := response.Body.Read(body)
		c.check(strings.Contains(string(body[:n]), "InactiveInstanceException"), "the refusal says %d %q", response.StatusCode, body[:n])
	}
}

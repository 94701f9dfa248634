package session

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"berth/agent/report"
	"berth/agent/runtime"
	"berth/api/acs"
)

func payload(id string, seq int64, tasks ...acs.Task) acs.PayloadMessage {
	return acs.PayloadMessage{MessageID: id, ClusterARN: cluster, ContainerInstanceARN: instance, SeqNum: seq, Tasks: tasks}
}

func TestPayloadIsAppliedAndAcknowledged(t *testing.T) {
	s := newServer(t)
	session, h := connect(t, s, nil)
	p := next(t, s.acs)
	for name, want := range map[string]string{
		"clusterArn": "test", "containerInstanceArn": instance, "agentVersion": "9.9", "agentHash": "abc",
		"dockerVersion": "DockerVersion: 20.10", "protocolVersion": "2", "seqNum": "1", "sendCredentials": "true",
	} {
		if got := p.query[name]; len(got) != 1 || got[0] != want {
			t.Errorf("query %s is %q, want %q", name, got, want)
		}
	}
	p.send(payload("m1", 7, acs.Task{ARN: "t", DesiredStatus: "RUNNING",
		RoleCredentials: &acs.RoleCredentials{CredentialsID: "c1", Expiration: "2026-11-20T23:26:13Z"}}))
	if tasks := h.wait(t); len(tasks) != 1 || tasks[0].ARN != "t" {
		t.Errorf("%+v", tasks)
	}
	if ack := receive[*acs.AckRequest](p); *ack != (acs.AckRequest{Cluster: cluster, ContainerInstance: instance, MessageID: "m1"}) {
		t.Errorf("%+v", ack)
	}
	if ack := receive[*acs.IAMRoleCredentialsAckRequest](p); ack.CredentialsID != "c1" || ack.MessageID != "m1" || ack.Expiration == "" {
		t.Errorf("%+v", ack)
	}
	if !session.Connected() {
		t.Error("not connected")
	}
}

func TestEveryDownMessageIsAnswered(t *testing.T) {
	s := newServer(t)
	connect(t, s, nil)
	p := next(t, s.acs)
	p.send(acs.HeartbeatMessage{MessageID: "h", Healthy: true})
	if ack := receive[*acs.HeartbeatAckRequest](p); ack.MessageID != "h" {
		t.Errorf("%+v", ack)
	}
	p.send(acs.IAMRoleCredentialsMessage{MessageID: "c", RoleCredentials: &acs.RoleCredentials{CredentialsID: "x"}})
	if ack := receive[*acs.IAMRoleCredentialsAckRequest](p); ack.CredentialsID != "x" {
		t.Errorf("%+v", ack)
	}
	for _, m := range []acs.Message{acs.StageUpdateMessage{MessageID: "u"}, acs.PerformUpdateMessage{MessageID: "u"}} {
		p.send(m)
		if nack := receive[*acs.NackRequest](p); nack.Reason != "Updates are disabled" || nack.MessageID != "u" {
			t.Errorf("%+v", nack)
		}
	}
	for _, m := range []acs.Message{
		acs.AttachTaskNetworkInterfacesMessage{MessageID: "a"}, acs.AttachInstanceNetworkInterfacesMessage{MessageID: "a"},
		acs.ConfirmAttachmentMessage{MessageID: "a"},
	} {
		p.send(m)
		if ack := receive[*acs.AckRequest](p); ack.MessageID != "a" {
			t.Errorf("%+v", ack)
		}
	}
}

func TestWhatCannotBeUsedIsDroppedAndTheConnectionStays(t *testing.T) {
	s := newServer(t)
	_, h := connect(t, s, nil)
	p := next(t, s.acs)
	p.sendText("not json")
	p.sendText(`{"type":"FutureMessage","message":{}}`)
	p.send(acs.CloseMessage{Message: "soon"})
	p.send(acs.ErrorMessage{Message: "oh"})
	p.send(acs.IAMRoleCredentialsMessage{MessageID: "none"})
	p.send(acs.PayloadMessage{MessageID: "x", ClusterARN: cluster, Tasks: []acs.Task{{ARN: "bad"}}})
	p.send(acs.PayloadMessage{MessageID: "y", ClusterARN: cluster, ContainerInstanceARN: "another", Tasks: []acs.Task{{ARN: "bad"}}})
	p.send(acs.TaskStopVerificationAck{MessageID: "never asked", StopTasks: []acs.TaskIdentifier{{TaskARN: "bad"}}})
	p.send(payload("good", 1, acs.Task{ARN: "good"}))
	if tasks := h.wait(t); tasks[0].ARN != "good" {
		t.Errorf("%+v", tasks)
	}
	if ack := receive[*acs.AckRequest](p); ack.MessageID != "good" {
		t.Errorf("%+v", ack)
	}
}

func TestManifest(t *testing.T) {
	s := newServer(t)
	_, h := connect(t, s, nil)
	h.candidates = []acs.TaskIdentifier{{TaskARN: "extra", DesiredStatus: "STOPPED"}}
	p := next(t, s.acs)
	p.send(payload("m", 10))
	h.wait(t)
	receive[*acs.AckRequest](p)
	p.send(acs.TaskManifestMessage{MessageID: "stale", ClusterARN: cluster, Timeline: 10})
	p.send(acs.TaskManifestMessage{MessageID: "new", ClusterARN: cluster, Timeline: 11})
	if ack := receive[*acs.AckRequest](p); ack.MessageID != "new" {
		t.Errorf("%+v", ack)
	}
	v := receive[*acs.TaskStopVerificationMessage](p)
	if v.MessageID != "new" || len(v.StopCandidates) != 1 || v.StopCandidates[0].TaskARN != "extra" {
		t.Errorf("%+v", v)
	}
	confirm := acs.TaskStopVerificationAck{MessageID: "new", StopTasks: v.StopCandidates}
	p.send(confirm)
	if tasks := h.wait(t); len(tasks) != 1 || tasks[0].ARN != "extra" || tasks[0].DesiredStatus != acs.StatusStopped {
		t.Errorf("%+v", tasks)
	}
	p.send(confirm)
	p.send(payload("after", 12, acs.Task{ARN: "after"}))
	if tasks := h.wait(t); tasks[0].ARN != "after" {
		t.Errorf("a confirmation counted twice: %+v", tasks)
	}
}

func TestReconnects(t *testing.T) {
	s := newServer(t)
	session, _ := connect(t, s, nil)
	p := next(t, s.acs)
	p.ws.Close(websocket.StatusGoingAway, "restart")
	p = next(t, s.acs)
	if got := p.query["sendCredentials"]; got[0] != "false" {
		t.Errorf("credentials are asked for again: %q", got)
	}
	p.ws.CloseNow()
	p = next(t, s.acs)
	p.send(acs.HeartbeatMessage{MessageID: "h"})
	receive[*acs.HeartbeatAckRequest](p)
	if !session.Connected() {
		t.Error("not connected")
	}
}

func TestSilenceEndsAConnection(t *testing.T) {
	s := newServer(t)
	connect(t, s, func(c *Config) { c.Silence = 100 * time.Millisecond })
	next(t, s.acs)
	next(t, s.acs)
}

func TestRefusedHandshakes(t *testing.T) {
	s := newServer(t)
	s.refuse(&acs.Refusal{Code: "ServerException", Text: "not now"})
	connect(t, s, nil)
	for begin := time.Now(); s.refusals() < 4; {
		if time.Since(begin) > patience {
			t.Fatal("the agent gave up")
		}
		<-time.After(5 * time.Millisecond)
	}
	s.refuse(nil)
	next(t, s.acs)
	next(t, s.tcs)
}

func TestDeregisteredInstancePauses(t *testing.T) {
	s := newServer(t)
	s.refuse(&acs.Refusal{Code: acs.InactiveInstance, Text: "gone"})
	connect(t, s, func(c *Config) { c.InactivePause = time.Second })
	begin := time.Now()
	for s.refusals() == 0 {
		if time.Since(begin) > patience {
			t.Fatal("the agent did not try")
		}
		<-time.After(5 * time.Millisecond)
	}
	s.refuse(nil)
	next(t, s.acs)
	if took := time.Since(begin); took < 900*time.Millisecond {
		t.Errorf("paused for %s", took)
	}
	if n := s.refusals(); n > 2 {
		t.Errorf("tried %d times before the pause", n)
	}
}

func TestHealthGoesUpAtOnce(t *testing.T) {
	s := newServer(t)
	session, h := connect(t, s, nil)
	p := next(t, s.tcs)
	if p.query["cluster"][0] != "test" || p.query["containerInstance"][0] != instance || p.query["dockerVersion"][0] != "20.10" {
		t.Errorf("%v", p.query)
	}
	h.mu.Lock()
	for range 12 {
		h.health = append(h.health, acs.TaskHealth{TaskARN: "t", Containers: []acs.ContainerHealth{{ContainerName: "c", HealthStatus: "HEALTHY"}}})
	}
	h.mu.Unlock()
	session.HealthChanged()
	first := receive[*acs.PublishHealthRequest](p)
	second := receive[*acs.PublishHealthRequest](p)
	if len(first.Tasks) != 10 || first.Metadata.Fin || len(second.Tasks) != 2 || !second.Metadata.Fin {
		t.Errorf("%d, %d tasks", len(first.Tasks), len(second.Tasks))
	}
	p.send(acs.AckPublishHealth{})
}

func TestMetricsAndStatus(t *testing.T) {
	s := newServer(t)
	_, h := connect(t, s, func(c *Config) { c.MetricsEvery = 20 * time.Millisecond })
	p := next(t, s.tcs)
	if m := receive[*acs.PublishMetricsRequest](p); !m.Metadata.Idle || !m.Metadata.Fin || len(m.TaskMetrics) != 0 {
		t.Errorf("%+v", m)
	}
	h.mu.Lock()
	h.metrics = []acs.TaskMetric{{TaskARN: "t", ContainerMetrics: []acs.ContainerMetric{{ContainerName: "c", CPU: &acs.StatsSet{Max: 5}}}}}
	h.mu.Unlock()
	for begin := time.Now(); ; {
		m := receive[*acs.PublishMetricsRequest](p)
		if len(m.TaskMetrics) == 1 && !m.Metadata.Idle && m.TaskMetrics[0].ContainerMetrics[0].CPU.Max == 5 {
			break
		}
		if time.Since(begin) > patience {
			t.Fatalf("%+v", m)
		}
	}
	next(t, s.acs).send(acs.HeartbeatMessage{MessageID: "h"})
	status := receive[*acs.PublishInstanceStatusRequest](p)
	if len(status.Statuses) != 1 || status.Statuses[0].Status != acs.InstanceStatusOK {
		t.Errorf("%+v", status)
	}
}

func TestRegister(t *testing.T) {
	s := newServer(t)
	c := NewClient(s.http.URL, "test", "eu-test-1", credentials, nil)
	s.answers["RegisterContainerInstance"] = `{"containerInstance":{"containerInstanceArn":"` + instance + `"}}`
	got, err := c.Register(t.Context(), Registration{
		ClientToken: "token", CPUUnits: 2048, MemoryMiB: 4096, PortsTCP: []string{"22"},
		Attributes: []Attribute{{"rack", "r1"}, {"ecs.capability.x", ""}}, AgentVersion: "9", DockerVersion: "20",
	})
	if err != nil || got != instance {
		t.Fatalf("%q, %v", got, err)
	}
	for _, want := range []string{
		`"clientToken":"token"`, `"name":"CPU"`, `"integerValue":2048`, `"stringSetValue":["22"]`, `"stringSetValue":[]`,
		`{"name":"rack","value":"r1"}`, `{"name":"ecs.capability.x"}`, `"agentVersion":"9"`, `"dockerVersion":"20"`,
	} {
		if !strings.Contains(s.bodies["RegisterContainerInstance"], want) {
			t.Errorf("lacks %s: %s", want, s.bodies["RegisterContainerInstance"])
		}
	}
	s.answers["RegisterContainerInstance"] = `{}`
	if _, err := c.Register(t.Context(), Registration{}); err == nil {
		t.Error("an answer without an instance was taken")
	}
}

func TestSubmit(t *testing.T) {
	s := newServer(t)
	c := NewClient(s.http.URL, "test", "eu-test-1", credentials, nil)
	s.answers["SubmitTaskStateChange"] = `{}`
	code := 3
	change := Change{
		TaskARN: "t", Status: "STOPPED", PullStartedAt: time.UnixMilli(1795213698460), Containers: []ContainerChange{{
			Name: "c", Status: "STOPPED", RuntimeID: "id", ExitCode: &code, ImageDigest: "sha256:x", Reason: "R",
			Bindings: []runtime.Binding{
				{HostIP: "0.0.0.0", ContainerPort: 80, HostPort: 32768, Protocol: "tcp"},
				{HostIP: "0.0.0.0", ContainerPortRange: "1-2", HostPortRange: "3-4", Protocol: "udp"},
			},
		}},
	}
	if err := c.Submit(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"task":"t"`, `"pullStartedAt":1795213698.460`, `"exitCode":3`, `"runtimeId":"id"`, `"imageDigest":"sha256:x"`,
		`"containerPort":80`, `"hostPort":32768`, `"hostPortRange":"3-4"`,
	} {
		if !strings.Contains(s.bodies["SubmitTaskStateChange"], want) {
			t.Errorf("lacks %s: %s", want, s.bodies["SubmitTaskStateChange"])
		}
	}
	if strings.Contains(s.bodies["SubmitTaskStateChange"], "executionStoppedAt") {
		t.Error("a time that is not known was sent")
	}
	s.status = 400
	for code, refused := range map[string]bool{"InvalidParameterException": true, "ThrottlingException": false, "AccessDeniedException": false} {
		s.answers["SubmitTaskStateChange"] = `{"__type":"` + code + `","message":"no"}`
		if err := c.Submit(t.Context(), change); err == nil || errors.Is(err, report.ErrRefused) != refused {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestWebsocketURL(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://h:1":     "http://h:1/ws?a=b",
		"https://h/x":    "https://h/x/ws?a=b",
		"https://h/x/y/": "https://h/x/y/ws?a=b",
		"wss://h":        "",
		"h:1":            "",
		"":               "",
	} {
		got, err := websocketURL(endpoint, map[string][]string{"a": {"b"}})
		if (err != nil) != (want == "") || (err == nil && got.String() != want) {
			t.Errorf("%q: %v, %v", endpoint, got, err)
		}
	}
}

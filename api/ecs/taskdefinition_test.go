package ecs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"berth/api/auth"
	"berth/api/ecs/wire"
	"berth/ecs"
	"berth/state"
)

// tables is a store that keeps nothing.
type tables struct {
	mu       sync.Mutex
	view     *state.View
	snapshot *state.Snapshot
	now      ecs.Time
}

func newTables() *tables {
	v := state.NewView()
	return &tables{view: v, snapshot: v.Freeze(0), now: 1700000000000}
}

func (s *tables) Snapshot() *state.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot
}

func (s *tables) Do(_ context.Context, fn func(tx *state.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now++
	ids := 0
	tx := s.view.Begin(s.now, func() string { ids++; return fmt.Sprintf("%016x%016x", s.now, ids) })
	if err := fn(tx); err != nil {
		tx.Rollback()
		return err
	}
	s.snapshot = s.view.Freeze(s.view.Revision() + 1)
	return nil
}

func newService() *Service { return New(Config{Store: newTables(), Realm: realm}) }

func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var e *ecs.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != message {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

// must fails the test on an error.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

var operator = auth.WithPrincipal(context.Background(), auth.Principal{ARN: "arn:aws:iam::000000000000:user/ann"})

func registration(family string) *wire.RegisterTaskDefinitionInput {
	return &wire.RegisterTaskDefinitionInput{
		Family:               &family,
		ContainerDefinitions: []wire.ContainerDefinition{{Name: new("app"), Image: new("busybox"), Memory: new(int32(64))}},
	}
}

func (s *Service) mustRegister(t *testing.T, in *wire.RegisterTaskDefinitionInput) *wire.RegisterTaskDefinitionOutput {
	t.Helper()
	return must[*wire.RegisterTaskDefinitionOutput](t)(s.registerTaskDefinition(operator, in))
}

func (s *Service) register(t *testing.T, family string) string {
	t.Helper()
	return *s.mustRegister(t, registration(family)).TaskDefinition.TaskDefinitionArn
}

func (s *Service) describe(ref string, include ...string) (*wire.DescribeTaskDefinitionOutput, error) {
	return s.describeTaskDefinition(operator, &wire.DescribeTaskDefinitionInput{TaskDefinition: &ref, Include: include})
}

func (s *Service) deregister(ref string) (*wire.TaskDefinition, error) {
	out, err := s.deregisterTaskDefinition(operator, &wire.DeregisterTaskDefinitionInput{TaskDefinition: &ref})
	if err != nil {
		return nil, err
	}
	return out.TaskDefinition, nil
}

func TestRegisterAnswers(t *testing.T) {
	s := newService()
	out := s.mustRegister(t, registration("web"))
	want := `{
  "taskDefinition": {
    "compatibilities": [
      "EXTERNAL",
      "EC2"
    ],
    "containerDefinitions": [
      {
        "cpu": 0,
        "environment": [],
        "essential": true,
        "image": "busybox",
        "memory": 64,
        "mountPoints": [],
        "name": "app",
        "portMappings": [],
        "systemControls": [],
        "volumesFrom": []
      }
    ],
    "family": "web",
    "placementConstraints": [],
    "registeredAt": 1700000000.001,
    "registeredBy": "arn:aws:iam::000000000000:user/ann",
    "revision": 1,
    "status": "ACTIVE",
    "taskDefinitionArn": "arn:aws:ecs:eu-west-1:000000000000:task-definition/web:1",
    "volumes": []
  }
}`
	if got := asJSON(t, out); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRegisterNormalizes(t *testing.T) {
	s := newService()
	in := registration("web")
	in.Cpu, in.Memory, in.NetworkMode = new("1 vCPU"), new("2 GB"), new("awsvpc")
	in.TaskRoleArn, in.ExecutionRoleArn = new(""), new("")
	in.ContainerDefinitions[0].PortMappings = []wire.PortMapping{{ContainerPort: new(int32(80))}}
	d := s.mustRegister(t, in).TaskDefinition
	port := d.ContainerDefinitions[0].PortMappings[0]
	if *d.Cpu != "1024" || *d.Memory != "2048" || d.TaskRoleArn != nil || d.ExecutionRoleArn != nil ||
		*port.HostPort != 80 || *port.Protocol != "tcp" || !slices.Equal(d.Compatibilities, []string{"EC2", "FARGATE"}) {
		t.Errorf("%s", asJSON(t, d))
	}
}

func TestTagsStandBesideTheDefinition(t *testing.T) {
	s := newService()
	in := registration("web")
	in.Tags = []wire.Tag{{Key: new("team"), Value: new("a")}}
	if out := s.mustRegister(t, in); len(out.Tags) != 1 {
		t.Errorf("register: %s", asJSON(t, out.Tags))
	}
	plain := must[*wire.DescribeTaskDefinitionOutput](t)(s.describe("web"))
	if plain.Tags == nil || len(plain.Tags) != 0 {
		t.Errorf("describe: %s", asJSON(t, plain.Tags))
	}
	if out := must[*wire.DescribeTaskDefinitionOutput](t)(s.describe("web", "TAGS")); len(out.Tags) != 1 || *out.Tags[0].Value != "a" {
		t.Errorf("describe with TAGS: %s", asJSON(t, out.Tags))
	}
	in.Tags[0].Value = nil
	_, err := s.registerTaskDefinition(operator, in)
	wantError(t, err, "ClientException", "Tag value can not be null.")
}

func TestDefinitionLength(t *testing.T) {
	s := newService()
	in := registration("web")
	in.ContainerDefinitions[0].Command = []string{strings.Repeat("x", maxDefinitionBytes)}
	length := len(must[[]byte](t)(json.Marshal(in)))
	_, err := s.registerTaskDefinition(operator, in)
	wantError(t, err, "ClientException", fmt.Sprintf("Actual length: '%d'. Max allowed length is '65536' bytes.", length))
}

func TestDescribeByEveryName(t *testing.T) {
	s := newService()
	first := s.register(t, "web")
	s.register(t, "web")
	for ref, want := range map[string]int32{"web": 2, "web:1": 1, "web:2": 2, first: 1, strings.TrimSuffix(first, ":1"): 2} {
		out, err := s.describe(ref)
		if err != nil || *out.TaskDefinition.Revision != want {
			t.Errorf("%s: %v, want revision %d", ref, err, want)
		}
	}
	for ref, want := range map[string][2]string{
		"db":     {"ClientException", "Unable to describe task definition."},
		"web:3":  {"ClientException", "Unable to describe task definition."},
		"web:x":  {"InvalidParameterException", "Invalid revision number. Number: x"},
		"web:0":  {"InvalidParameterException", "Invalid revision number. Number: 0"},
		"web:":   {"InvalidParameterException", "Invalid revision number. Number: "},
		"web:-1": {"InvalidParameterException", "Invalid revision number. Number: -1"},
		"web:1:": {"InvalidParameterException", "Unexpected number of separators"},
		"a/web":  {"InvalidParameterException", "Unexpected number of separators"},
		"":       {"InvalidParameterException", "TaskDefinition can not be blank."},
		"arn:aws:ecs:eu-west-1:1:task-definition/web:1": {"InvalidParameterException",
			"The ARN arn:aws:ecs:eu-west-1:1:task-definition/web:1 belongs to another account or region."},
	} {
		_, err := s.describe(ref)
		t.Run(ref, func(t *testing.T) { wantError(t, err, want[0], want[1]) })
	}
}

func TestDeregisterAnswers(t *testing.T) {
	s := newService()
	s.register(t, "web")
	s.register(t, "web")
	for ref, want := range map[string][2]string{
		"web":   {"InvalidParameterException", "Revision is missing"},
		"web:9": {"ClientException", "Unable to deregister task definition."},
		"web:x": {"InvalidParameterException", "Invalid revision number. Number: x"},
	} {
		_, err := s.deregister(ref)
		t.Run(ref, func(t *testing.T) { wantError(t, err, want[0], want[1]) })
	}
	first := must[*wire.TaskDefinition](t)(s.deregister("web:2"))
	if *first.Status != "INACTIVE" || first.DeregisteredAt != nil {
		t.Errorf("first: %s", asJSON(t, first))
	}
	again := must[*wire.TaskDefinition](t)(s.deregister("web:2"))
	if *again.Status != "INACTIVE" || again.DeregisteredAt == nil {
		t.Errorf("again: %s", asJSON(t, again))
	}
	if out := must[*wire.DescribeTaskDefinitionOutput](t)(s.describe("web:2")); out.TaskDefinition.DeregisteredAt == nil {
		t.Error("a later describe has no deregisteredAt")
	}
	if out := must[*wire.DescribeTaskDefinitionOutput](t)(s.describe("web")); *out.TaskDefinition.Revision != 1 {
		t.Errorf("the family means revision %d, want 1", *out.TaskDefinition.Revision)
	}
	if arn := s.register(t, "web"); !strings.HasSuffix(arn, "web:3") {
		t.Errorf("after a deregistration: %s", arn)
	}
}

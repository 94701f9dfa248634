package ecs

import (
	"reflect"
	"strconv"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"berth/api/ecs/wire"
	"berth/ecs"
)

// filler sets every member of a wire shape to a value of its own.
type filler struct{ n int }

func (f *filler) next() int { f.n++; return f.n }

func (f *filler) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"key" + strconv.Itoa(f.next()): "value" + strconv.Itoa(f.next())}))
	case reflect.String:
		v.SetString("text" + strconv.Itoa(f.next()))
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(f.next()))
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("no value for " + v.Type().String())
	}
}

// stored is a definition as it comes back from the store.
func stored(t *testing.T, d *ecs.TaskDefinition) *ecs.TaskDefinition {
	t.Helper()
	b, err := d.MarshalMsg(nil)
	if err != nil {
		t.Fatal(err)
	}
	back := &ecs.TaskDefinition{}
	if _, err := back.UnmarshalMsg(b); err != nil {
		t.Fatal(err)
	}
	return back
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var realm = ecs.Realm{Region: "eu-west-1", Account: "000000000000"}

// Every member of a registration comes back as it was sent, also one that is added to the API later.
func TestEveryMemberSurvives(t *testing.T) {
	in := &wire.RegisterTaskDefinitionInput{}
	new(filler).fill(reflect.ValueOf(in).Elem())
	in.Cpu, in.Memory = new("1024"), new("2048")
	in.EphemeralStorage.SizeInGiB = new(int32(21))
	for i := range in.ContainerDefinitions {
		for k := range in.ContainerDefinitions[i].PortMappings { // either a port or a range
			p := &in.ContainerDefinitions[i].PortMappings[k]
			if k == 0 {
				p.ContainerPortRange = nil
			} else {
				p.ContainerPort, p.HostPort = nil, nil
			}
		}
	}
	d, err := taskDefinitionFromWire(in)
	if err != nil {
		t.Fatal(err)
	}
	out := New(Config{Realm: realm}).taskDefinitionToWire(stored(t, d))
	sent, came := reflect.ValueOf(in).Elem(), reflect.ValueOf(out).Elem()
	for i := range sent.NumField() {
		name := sent.Type().Field(i).Name
		if name == "Tags" {
			continue // beside the definition in the answer
		}
		want, got := sent.Field(i).Interface(), came.FieldByName(name).Interface()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s came back as\n%s\nwant\n%s", name, asJSON(t, got), asJSON(t, want))
		}
	}
	if tags := tagsToWire(d.Tags); !reflect.DeepEqual(tags, in.Tags) {
		t.Errorf("tags came back as %s", asJSON(t, tags))
	}
}

// Lists and structures that were given empty are echoed empty, apart from those that were not given.
func TestEmptyIsNotAbsent(t *testing.T) {
	var in wire.RegisterTaskDefinitionInput
	text := `{"family":"f","requiresCompatibilities":[],"volumes":[{"name":"v","host":{}}],"containerDefinitions":[{"name":"a","image":"i",
		"command":[],"entryPoint":[],"links":[],"dependsOn":[],"secrets":[],"dnsServers":[],"dockerLabels":{},"ulimits":[],
		"linuxParameters":{"capabilities":{},"devices":[]},"logConfiguration":{"logDriver":"json-file","options":{}}}]}`
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		t.Fatal(err)
	}
	d, err := taskDefinitionFromWire(&in)
	if err != nil {
		t.Fatal(err)
	}
	d.Revision, d.Status = 1, ecs.TaskDefinitionActive
	want := `{
  "containerDefinitions": [
    {
      "command": [],
      "cpu": 0,
      "dependsOn": [],
      "dnsServers": [],
      "dockerLabels": {},
      "entryPoint": [],
      "environment": [],
      "essential": true,
      "image": "i",
      "links": [],
      "linuxParameters": {
        "capabilities": {},
        "devices": []
      },
      "logConfiguration": {
        "logDriver": "json-file",
        "options": {}
      },
      "mountPoints": [],
      "name": "a",
      "portMappings": [],
      "secrets": [],
      "systemControls": [],
      "ulimits": [],
      "volumesFrom": []
    }
  ],
  "family": "f",
  "placementConstraints": [],
  "requiresCompatibilities": [],
  "revision": 1,
  "status": "ACTIVE",
  "taskDefinitionArn": "arn:aws:ecs:eu-west-1:000000000000:task-definition/f:1",
  "volumes": [
    {
      "host": {},
      "name": "v"
    }
  ]
}`
	if got := asJSON(t, New(Config{Realm: realm}).taskDefinitionToWire(stored(t, d))); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRegistrationsThatCannotBeRead(t *testing.T) {
	port := func(container, host int32) *wire.RegisterTaskDefinitionInput {
		return &wire.RegisterTaskDefinitionInput{ContainerDefinitions: []wire.ContainerDefinition{
			{Name: new("a"), PortMappings: []wire.PortMapping{{ContainerPort: &container, HostPort: &host}}}}}
	}
	for _, c := range []struct {
		name, code, message string
		in                  *wire.RegisterTaskDefinitionInput
	}{
		{"empty cpu", "InvalidParameterException", "Invalid 'cpu' setting for task. " +
			"For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
			&wire.RegisterTaskDefinitionInput{Cpu: new("")}},
		{"container port", "ClientException", "Invalid 'containerPort' setting for container 'a'.", port(65536, 0)},
		{"negative container port", "ClientException", "Invalid 'containerPort' setting for container 'a'.", port(-1, 0)},
		{"host port", "ClientException", "Invalid 'hostPort' setting for container 'a'.", port(80, 70000)},
		{"storage of 0", "ClientException", "EphemeralStorage size should be at least 21",
			&wire.RegisterTaskDefinitionInput{EphemeralStorage: &wire.EphemeralStorage{SizeInGiB: new(int32(0))}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := taskDefinitionFromWire(c.in)
			wantError(t, err, c.code, c.message)
		})
	}
}

func TestHealthCheckDefaults(t *testing.T) {
	h := healthCheckFromWire(&wire.HealthCheck{Command: []string{"CMD", "true"}, Retries: new(int32(0))})
	if h.Interval != 30 || h.Timeout != 5 || h.Retries != 0 || h.StartPeriod != nil {
		t.Errorf("%+v", h)
	}
}

// Every member of the overrides comes back with the task.
func TestEveryOverrideSurvives(t *testing.T) {
	in := &wire.TaskOverride{}
	new(filler).fill(reflect.ValueOf(in).Elem())
	in.Cpu, in.Memory = new("1024"), new("2048")
	o := taskOverrideFromWire(in)
	task := &ecs.Task{Overrides: o}
	for _, c := range in.ContainerOverrides {
		task.Containers = append(task.Containers, ecs.Container{Name: *c.Name})
	}
	b, err := task.MarshalMsg(nil)
	if err != nil {
		t.Fatal(err)
	}
	back := &ecs.Task{}
	if _, err := back.UnmarshalMsg(b); err != nil {
		t.Fatal(err)
	}
	if out := taskOverrideToWire(back); !reflect.DeepEqual(out, in) {
		t.Errorf("came back as\n%s\nwant\n%s", asJSON(t, out), asJSON(t, in))
	}
}

func TestOverridesNameEveryContainer(t *testing.T) {
	task := &ecs.Task{Containers: []ecs.Container{{Name: "a"}, {Name: "b"}}}
	want := `{
  "containerOverrides": [
    {
      "name": "a"
    },
    {
      "name": "b"
    }
  ],
  "inferenceAcceleratorOverrides": []
}`
	if got := asJSON(t, taskOverrideToWire(task)); got != want {
		t.Errorf("got\n%s", got)
	}
	task.Overrides = taskOverrideFromWire(&wire.TaskOverride{ContainerOverrides: []wire.ContainerOverride{}})
	if got := asJSON(t, taskOverrideToWire(task)); got != want {
		t.Errorf("with an empty list, got\n%s", got)
	}
}

func TestOverriddenSizesAreNormalized(t *testing.T) {
	o := taskOverrideFromWire(&wire.TaskOverride{Cpu: new("1 vCPU"), Memory: new("lots")})
	if o.CPU != "1024" || o.Memory != "lots" {
		t.Errorf("%+v", o)
	}
}

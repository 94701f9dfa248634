package berth

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"berth/api/ecs/wire"
	"berth/ecs"
	"berth/state"
)

const arn = "arn:aws:ecs:us-east-1:123456789012:"

// fill puts a small cluster into the store: two instances in a zone each, the first with a task on port 8080, and "web" to run.
func (h *house) fill() {
	h.t.Helper()
	err := h.store.Do(h.t.Context(), func(tx *state.Tx) error {
		tx.PutCluster(&ecs.Cluster{Name: "c", Status: ecs.ClusterActive})
		tx.PutFamily(&ecs.Family{Name: "web", LastRevision: 1})
		tx.PutTaskDefinition(&ecs.TaskDefinition{
			Family: "web", Revision: 1, Status: ecs.TaskDefinitionActive, CPU: "256", Memory: "512",
			RequiresAttributes: []ecs.Attribute{{Name: "ecs.capability.x"}},
			Containers: []ecs.ContainerDefinition{{Name: "app", Image: "i", Essential: true, PortMappings: []ecs.PortMapping{
				{ContainerPort: 80, HostPort: 8080, Protocol: ecs.TCP}}}},
		})
		for k, zone := range []string{"a", "b"} {
			tx.PutInstance(&ecs.Instance{
				Cluster: "c", ID: ecs.InstanceID(strings.Repeat(zone, 32)), Status: ecs.InstanceActive, AgentConnected: true,
				CPUUnits: 1024, MemoryMiB: 1000 - 600*int64(k),
				Attributes: []ecs.Attribute{{Name: "ecs.availability-zone", Value: zone}, {Name: "ecs.capability.x"}, {Name: "ecs.capability.task-cpu-mem-limit"}},
			})
		}
		tx.PutTask(&ecs.Task{
			Cluster: "c", ID: ecs.TaskID(strings.Repeat("1", 32)), Family: "web", Revision: 1, Group: "family:web", LaunchType: ecs.LaunchEC2,
			Instance: ecs.InstanceID(strings.Repeat("a", 32)), DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusRunning,
			Reserved: ecs.Reservation{CPUUnits: 256, MemoryMiB: 512, Ports: []ecs.HostPort{{Port: 8080, Protocol: ecs.TCP}}},
		})
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) explain(in map[string]any) *ExplainPlacementOutput {
	h.t.Helper()
	out := new(ExplainPlacementOutput)
	if err := h.call(root, "ExplainPlacement", in, out); err != nil {
		h.t.Fatal(err)
	}
	return out
}

func TestExplainPlacement(t *testing.T) {
	h := newHouse(t)
	h.fill()
	out := h.explain(map[string]any{"cluster": "c", "taskDefinition": "web", "placementStrategy": []any{map[string]any{"type": "binpack", "field": "memory"}}})
	if out.ClusterARN != arn+"cluster/c" || out.TaskDefinitionARN != arn+"task-definition/web:1" || out.Group != "family:web" ||
		len(out.Placements) != 0 || out.Task != nil || out.Refusal != nil || len(out.Failures) != 2 || len(out.Requests) != 1 {
		t.Fatalf("%+v", out)
	}
	r := out.Requests[0]
	want := Needs{CPU: 256, Memory: 512, Ports: []Port{{8080, "tcp"}}, Attributes: []Attribute{{Name: "ecs.capability.x"}}, Strategies: []string{"binpack memory"}}
	if !reflect.DeepEqual(r.Needs, want) || r.Considered != 2 || r.Fitting != 0 {
		t.Errorf("%+v", r)
	}
	if want := []RejectedCount{{"memory", "RESOURCE:MEMORY", 2}}; !slices.Equal(r.Rejected, want) {
		t.Errorf("rejected %v, want %v", r.Rejected, want)
	}
	var rules []string
	for _, rule := range r.Instances[0].Rules {
		rules = append(rules, rule.Rule)
	}
	if want := []string{"status", "agent", "attributes", "cpu", "memory", "ports"}; !slices.Equal(rules, want) {
		t.Errorf("rules %v, want %v", rules, want)
	}
	memory, ports := r.Instances[0].Rules[4], r.Instances[0].Rules[5]
	if *memory.Needed != 512 || *memory.Free != 488 || *memory.Total != 1000 || memory.Missing != 24 || memory.Passed {
		t.Errorf("memory: %+v", memory)
	}
	if want := []TakenPort{{Port: Port{8080, "tcp"}, TaskARN: arn + "task/c/" + strings.Repeat("1", 32)}}; !slices.Equal(ports.Ports, want) {
		t.Errorf("ports %+v, want %+v", ports.Ports, want)
	}
	// The detail is the one of the failure, word for word.
	if f := out.Failures[0]; *f.Detail != memory.Detail || *f.Reason != memory.Reason || *f.Arn != r.Instances[0].ContainerInstanceARN {
		t.Errorf("failure %s %s, rule %+v", *f.Arn, *f.Detail, memory)
	}
	if n := h.store.Snapshot().TaskCount(); n != 1 {
		t.Errorf("%d tasks after the explanation, want 1", n)
	}
}

func TestExplainPlacementOfWhatFits(t *testing.T) {
	h := newHouse(t)
	h.fill()
	revision := h.store.Snapshot().Revision()
	small := map[string]any{"memory": "100", "cpu": "128"}
	out := h.explain(map[string]any{
		"cluster": "c", "taskDefinition": "web:1", "count": 2, "overrides": small, "maxResults": 1,
		"placementStrategy": []any{map[string]any{"type": "spread", "field": "attribute:ecs.availability-zone"}},
	})
	b := arn + "container-instance/c/" + strings.Repeat("b", 32)
	if want := []Placement{{ContainerInstanceARN: b, LastStatus: "PENDING"}}; !slices.Equal(out.Placements, want) {
		t.Errorf("placements %v, want %v", out.Placements, want)
	}
	if len(out.Failures) != 1 || *out.Failures[0].Reason != "RESOURCE:PORTS" {
		t.Errorf("failures %+v", out.Failures)
	}
	r := out.Requests[0]
	if len(r.Instances) != 1 || r.Omitted != 1 || r.Fitting != 1 {
		t.Fatalf("%+v", r)
	}
	i := r.Instances[0]
	if i.ContainerInstanceARN != b || !i.Fits || i.Rank != 1 || i.Chosen != 1 || i.Zone != "b" || i.Status != "ACTIVE" ||
		!slices.Equal(i.Scores, []Score{{"spread attribute:ecs.availability-zone", 0, "b"}}) {
		t.Errorf("%+v", i)
	}
	if n := h.store.Snapshot().Revision(); n != revision {
		t.Errorf("the explanation committed something: revision %d, was %d", n, revision)
	}
}

func TestExplainPlacementOfATask(t *testing.T) {
	h := newHouse(t)
	h.fill()
	id := strings.Repeat("1", 32)
	for _, name := range []string{id, arn + "task/c/" + id} {
		out := h.explain(map[string]any{"cluster": "c", "task": name})
		a := arn + "container-instance/c/" + strings.Repeat("a", 32)
		if want := (ExplainedTask{TaskARN: arn + "task/c/" + id, LastStatus: "RUNNING", ContainerInstanceARN: a}); out.Task == nil || *out.Task != want {
			t.Errorf("%+v, want %+v", out.Task, want)
		}
		if len(out.Placements) != 1 || out.Placements[0].ContainerInstanceARN != a {
			t.Errorf("as if it were not there: %+v", out.Placements)
		}
	}
	err := h.store.Do(t.Context(), func(tx *state.Tx) error {
		waits := *tx.Task("c", ecs.TaskID(id))
		waits.Instance, waits.LastStatus, waits.CapacityProvider, waits.CreatedAt = "", "PROVISIONING", "p", 999_970_000
		waits.Waiting = &ecs.Waiting{Constraints: []ecs.PlacementConstraint{{Type: "memberOf", Expression: "attribute:rack == r1"}}}
		tx.PutCapacityProvider(&ecs.CapacityProvider{Name: "p", Status: ecs.ProviderActive, Group: "g", Cluster: "c"})
		tx.PutTask(&waits)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out := h.explain(map[string]any{"cluster": "c", "task": id})
	if out.Task.LastStatus != "PROVISIONING" || out.Task.WaitingSeconds != 30 || len(out.Placements) != 0 || out.Requests[0].CapacityProvider != "p" {
		t.Errorf("%+v", out)
	}
	rules := out.Requests[0].Instances[0].Rules
	if x := rules[len(rules)-1].Expressions; !slices.Equal(x, []UnmetExpression{{"attribute:rack == r1", "attribute rack is missing"}}) {
		t.Errorf("expressions %v", x)
	}
}

func TestExplanationsThatAreRefused(t *testing.T) {
	h := newHouse(t)
	h.fill()
	id := strings.Repeat("2", 32)
	for _, tc := range []struct {
		in            map[string]any
		code, message string
	}{
		{map[string]any{}, "InvalidParameterException", "taskDefinition is missing"},
		{map[string]any{"taskDefinition": "web", "launchType": "MOON"}, "InvalidParameterException", "launch type should be one of"},
		{map[string]any{"cluster": "c", "taskDefinition": "web", "count": 11}, "InvalidParameterException", "count should be between 1 and 10."},
		{map[string]any{"cluster": "c", "taskDefinition": "none"}, "ClientException", "TaskDefinition not found."},
		{map[string]any{"cluster": "d", "taskDefinition": "web"}, "ClusterNotFoundException", "Cluster not found."},
		{map[string]any{"cluster": "c", "taskDefinition": "web", "placementConstraints": []any{map[string]any{"type": "memberOf", "expression": "attribute:x = 1"}}},
			"InvalidParameterException", "column"},
		{map[string]any{"cluster": "c", "taskDefinition": "web", "maxResults": 1001}, "InvalidParameterException", "maxResults should be between 1 and 1000."},
		{map[string]any{"cluster": "c", "task": id}, "InvalidParameterException", "The referenced task was not found."},
		{map[string]any{"cluster": "d", "task": id}, "ClusterNotFoundException", "Cluster not found."},
		{map[string]any{"cluster": "c", "task": "short"}, "InvalidParameterException", "taskId length should be one of [32,36]"},
		{map[string]any{"cluster": "c", "task": id, "taskDefinition": "web"}, "InvalidParameterException", "not both"},
		{map[string]any{"cluster": "c", "task": id, "count": 2}, "InvalidParameterException", "not both"},
	} {
		h.wantCode(h.call(root, "ExplainPlacement", tc.in, nil), tc.code, tc.message)
	}
}

// Each member of RunTask that says something about placement is refused beside a task; the others say nothing about it.
func TestNothingOfARequestIsIgnoredBesideATask(t *testing.T) {
	harmless := []string{"cluster", "clientToken", "enableECSManagedTags", "enableExecuteCommand", "networkConfiguration", "platformVersion",
		"propagateTags", "referenceId", "startedBy", "tags"}
	request := reflect.TypeFor[wire.RunTaskInput]()
	for k := range request.NumField() {
		name, _, _ := strings.Cut(request.Field(k).Tag.Get("json"), ",")
		in := &ExplainPlacementInput{Task: new("t")}
		v := reflect.ValueOf(&in.RunTaskInput).Elem().Field(k)
		if v.Kind() == reflect.Slice {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		} else {
			v.Set(reflect.New(v.Type().Elem()))
		}
		if refused := in.Validate() != nil; refused == slices.Contains(harmless, name) {
			t.Errorf("%s beside a task: refused %v", name, refused)
		}
	}
	if _, err := json.Marshal(&ExplainPlacementInput{RunTaskInput: wire.RunTaskInput{Group: new("g")}, Task: new("t")}); err != nil {
		t.Error(err)
	}
}

package app

import (
	"reflect"
	"strings"
	"testing"

	apiberth "berth/api/berth"
	"berth/api/ecs/wire"
)

const (
	instanceARN = "arn:aws:ecs:us-east-1:123456789012:container-instance/c/"
	taskARN     = "arn:aws:ecs:us-east-1:123456789012:task/c/"
)

func TestExplanationsAsTheyArePrinted(t *testing.T) {
	x := &apiberth.ExplainPlacementOutput{
		ClusterARN: "arn:aws:ecs:us-east-1:123456789012:cluster/c", TaskDefinitionARN: "arn:aws:ecs:us-east-1:123456789012:task-definition/web:3",
		Group:      "family:web",
		Placements: []apiberth.Placement{{ContainerInstanceARN: instanceARN + "i1", CapacityProvider: "p"}, {CapacityProvider: "p", LastStatus: "PROVISIONING"}},
		Failures:   []wire.Failure{{Arn: new(instanceARN + "i2"), Reason: new("RESOURCE:CPU"), Detail: new("needs 2 CPU units, 1 of 4 are free")}},
		Requests: []apiberth.ExplainedRequest{{
			CapacityProvider: "p",
			Needs: apiberth.Needs{CPU: 2, Memory: 64, GPUs: 1, Ports: []apiberth.Port{{Port: 80, Protocol: "tcp"}},
				Attributes: []apiberth.Attribute{{Name: "x"}, {Name: "y", Value: "1"}}, Expressions: []string{"attribute:a == b"}, DistinctInstance: true},
			Considered: 3, Fitting: 1, Rejected: []apiberth.RejectedCount{{Rule: "attributes", Instances: 1}, {Rule: "cpu", Instances: 1}},
			Instances: []apiberth.ExplainedInstance{
				{ContainerInstanceARN: instanceARN + "i1", Zone: "a", Fits: true, Rank: 1, Chosen: 1, Scores: []apiberth.Score{
					{Strategy: "spread attribute:rack", Number: 1, Value: "r1"}, {Strategy: "binpack cpu", Number: 7}, {Strategy: "spread instanceId"}}},
				{ContainerInstanceARN: instanceARN + "i2", Rules: []apiberth.Rule{
					{Rule: "status", Passed: true},
					{Rule: "attributes", Detail: "missing attribute x", Attributes: []apiberth.MissingAttribute{{Name: "x"}, {Name: "y", Wanted: "1", Have: new("2")}}},
					{Rule: "ports", Detail: "port 80/tcp is in use on the instance", Ports: []apiberth.TakenPort{{Port: apiberth.Port{Port: 80, Protocol: "tcp"}, TaskARN: taskARN + "t1"}}},
				}},
				{ContainerInstanceARN: instanceARN + "i3", Zone: "b", Rules: []apiberth.Rule{
					{Rule: "cpu", Detail: "needs 2 CPU units, 1 of 4 are free", Missing: 1},
					{Rule: "ports", Detail: "port 80/tcp is reserved on the instance", Ports: []apiberth.TakenPort{
						{Port: apiberth.Port{Port: 80, Protocol: "tcp"}, Reserved: true}, {Port: apiberth.Port{Port: 81, Protocol: "udp"}, TaskARN: taskARN + "t2"}}},
					{Rule: "distinctInstance", Detail: "a task of group g runs there", TaskARNs: []string{taskARN + "t2"}},
					{Rule: "memberOf", Detail: "one", Expressions: []apiberth.UnmetExpression{{Why: "one"}, {Why: "two"}}},
				}},
			},
			Omitted: 4,
		}},
	}
	var b strings.Builder
	if err := writeExplanation(&b, x); err != nil {
		t.Fatal(err)
	}
	want := `web:3 of group family:web in cluster c
1 task would be placed.
1 task would wait in PROVISIONING for capacity provider p.
Not placed: RESOURCE:CPU on i2: needs 2 CPU units, 1 of 4 are free

Capacity provider p. One task needs 2 CPU units, 64 MiB, 1 GPUs, port 80/tcp, attribute x, attribute y=1, an instance without a task of its group, an instance where attribute:a == b.
It fits on 1 of 3 instances; rejected: 1 by attributes, 1 by cpu.
INSTANCE  ZONE  RANK  TASKS  WHY
i1        a     1     1      fits: 1 task of the group where rack is "r1", 7 CPU units free, 0 tasks of the group here
i2        -     -     -      attributes: missing attribute x
                               also attribute y is "2", the task needs "1"
                             ports: port 80/tcp is in use on the instance, by task t1
i3        b     -     -      cpu: needs 2 CPU units, 1 of 4 are free, 1 missing
                             ports: port 80/tcp is reserved on the instance
                               port 80/tcp is reserved
                               port 81/udp is held by task t2
                             distinctInstance: a task of group g runs there
                               task t2
                             memberOf: one
                               also two
… and 4 more
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}

	b.Reset()
	x = &apiberth.ExplainPlacementOutput{
		Task:    &apiberth.ExplainedTask{TaskARN: taskARN + "t1", LastStatus: "PROVISIONING", WaitingSeconds: 95.4},
		Refusal: &apiberth.Refusal{Code: "ClientException", Message: "No."}, Requests: []apiberth.ExplainedRequest{{}},
	}
	if err := writeExplanation(&b, x); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Task t1 is PROVISIONING, waiting for capacity since 1m35s.\n", "Refused: ClientException: No.\n", "It fits on 0 of 0 instances.\n"} {
		if !strings.Contains(b.String(), line) {
			t.Errorf("%q is not in\n%s", line, b.String())
		}
	}
}

func TestExplainReadsItsFlags(t *testing.T) {
	in, err := ExplainConfig{
		Cluster: "c", TaskDefinition: "web", Count: 2, Overrides: `{"cpu":"5"}`, Constraints: []string{"distinctInstance", "attribute:x == a:b"},
		Strategies: []string{"random", "spread:attribute:rack"}, Providers: []string{"p", "q:2:1"},
	}.input()
	if err != nil {
		t.Fatal(err)
	}
	want := &apiberth.ExplainPlacementInput{RunTaskInput: wire.RunTaskInput{
		Cluster: new("c"), TaskDefinition: new("web"), Count: new(int32(2)), Overrides: &wire.TaskOverride{Cpu: new("5")},
		PlacementConstraints: []wire.PlacementConstraint{{Type: new("distinctInstance")}, {Type: new("memberOf"), Expression: new("attribute:x == a:b")}},
		PlacementStrategy:    []wire.PlacementStrategy{{Type: new("random")}, {Type: new("spread"), Field: new("attribute:rack")}},
		CapacityProviderStrategy: []wire.CapacityProviderStrategyItem{
			{CapacityProvider: new("p"), Weight: new(int32(1))}, {CapacityProvider: new("q"), Weight: new(int32(2)), Base: new(int32(1))}},
	}}
	if !reflect.DeepEqual(in, want) {
		t.Errorf("got %+v, want %+v", in, want)
	}
	for _, bad := range []ExplainConfig{{Overrides: "{"}, {Providers: []string{"p:x"}}, {Providers: []string{"p:1:2:3"}}, {Providers: []string{"p:1:"}}} {
		if _, err := bad.input(); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

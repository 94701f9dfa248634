package command

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"berth/ecs"
	"berth/placement"
	"berth/placement/query"
	"berth/state"
)

func runTask(family string, change func(*RunTaskInput)) func(*state.Tx) (StartedTasks, error) {
	return func(tx *state.Tx) (StartedTasks, error) { return RunTask(tx, runInput(family, change)) }
}

func startTask(change func(*TaskSpec), on ...ecs.InstanceID) func(*state.Tx) (StartedTasks, error) {
	in := StartTaskInput{TaskSpec: TaskSpec{Cluster: "c", Family: "f"}, Instances: on}
	if change != nil {
		change(&in.TaskSpec)
	}
	return func(tx *state.Tx) (StartedTasks, error) { return StartTask(tx, in) }
}

// wantFailures compares failures by instance and reason, in order.
func wantFailures(t *testing.T, got []TaskFailure, want ...string) {
	t.Helper()
	var texts []string
	for _, f := range got {
		texts = append(texts, string(f.Instance)+" "+f.Reason)
	}
	if !slices.Equal(texts, want) {
		t.Errorf("failures %v, want %v", texts, want)
	}
}

func TestNewTask(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) {
		d.CPU, d.Memory, d.TaskRoleARN = "256", "512", "arn:role"
		d.Containers = append(d.Containers, ecs.ContainerDefinition{Name: "side", Image: "other", MemoryMiB: 8})
		d.Containers[0].PortMappings = []ecs.PortMapping{{ContainerPort: 80, HostPort: 8080, Protocol: ecs.TCP}}
	})
	i := w.host(nil)
	got := w.runOne("f", func(in *RunTaskInput) { in.StartedBy, in.ReferenceID = "me", "ref" })
	ports := []ecs.HostPort{{Port: 8080, Protocol: ecs.TCP}}
	want := &ecs.Task{
		ID: got.ID, Cluster: "c", Family: "f", Revision: 1, Instance: i.ID, Group: "family:f", StartedBy: "me", Reference: "ref",
		LaunchType: ecs.LaunchEC2, Zone: "z", CPU: "256", Memory: "512", DesiredStatus: running, LastStatus: pending, Health: ecs.HealthUnknown,
		Connectivity: ecs.Connected, ConnectivityAt: w.now, CreatedAt: w.now, Version: 1, CredentialsID: got.CredentialsID,
		Reserved: ecs.Reservation{CPUUnits: 256, MemoryMiB: 512, Ports: ports},
		Containers: []ecs.Container{
			{ID: got.Containers[0].ID, Name: "app", Image: "busybox", LastStatus: pending, Health: ecs.HealthUnknown},
			{ID: got.Containers[1].ID, Name: "side", Image: "other", LastStatus: pending, Health: ecs.HealthUnknown},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for _, id := range []string{got.Containers[0].ID, got.Containers[1].ID, got.CredentialsID} {
		if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
			t.Errorf("%q is not a UUID", id)
		}
	}
	if len(got.ID) != 32 || got.Containers[0].ID == got.Containers[1].ID || w.view.Task("c", got.ID) != got {
		t.Errorf("task %s", got.ID)
	}
	if u := w.view.Usage(i.ID); u.CPUUnits != 256 || u.MemoryMiB != 512 || !slices.Equal(u.Ports, ports) || u.Pending != 1 {
		t.Errorf("usage %+v", u)
	}
}

func TestOverridesOfATask(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) { d.CPU, d.Memory = "256", "512" })
	w.host(nil)
	o := &ecs.TaskOverride{CPU: "512", Memory: "256", TaskRoleARN: "arn:role", ExecutionRoleARN: "arn:x"}
	got := w.runOne("f", func(in *RunTaskInput) { in.Overrides = o })
	if got.CPU != "512" || got.Memory != "256" || got.Reserved.CPUUnits != 512 || got.Reserved.MemoryMiB != 256 ||
		got.CredentialsID == "" || got.ExecutionCredentialsID == "" || got.ExecutionCredentialsID == got.CredentialsID {
		t.Errorf("%+v", got)
	}
	bare := w.runOne("f", nil)
	if bare.CPU != "256" || bare.CredentialsID != "" || bare.ExecutionCredentialsID != "" {
		t.Errorf("without overrides: %+v", bare)
	}
	bad := &ecs.TaskOverride{Containers: []ecs.ContainerOverride{{Name: "x"}}}
	message := "Override for container named x is not a container in the TaskDefinition."
	w.refused("InvalidParameterException", message, fails(runTask("f", func(in *RunTaskInput) { in.Overrides = bad })))
	w.refused("InvalidParameterException", message, fails(startTask(func(s *TaskSpec) { s.Overrides = bad })))
}

func TestRevisionOfANewTask(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	w.define("f", nil)
	w.define("f", nil)
	w.host(nil)
	revision := func(r int32) func(*RunTaskInput) { return func(in *RunTaskInput) { in.Revision = r } }
	if got := w.runOne("f", revision(1)).Revision; got != 1 {
		t.Errorf("revision %d, want 1", got)
	}
	w.must(fails(func(tx *state.Tx) (*ecs.TaskDefinition, error) { return DeregisterTaskDefinition(tx, "f", 3) }))
	if got := w.runOne("f", nil).Revision; got != 2 {
		t.Errorf("a family runs %d, want its newest ACTIVE revision 2", got)
	}
	w.refused("InvalidParameterException", "TaskDefinition is inactive", fails(runTask("f", revision(3))))
	w.refused("ClientException", "TaskDefinition not found.", fails(runTask("f", revision(4))))
	w.refused("ClientException", "TaskDefinition not found.", fails(runTask("g", nil)))
	w.refused("ClientException", "TaskDefinition not found.", fails(startTask(func(s *TaskSpec) { s.Family = "g" })))
}

func TestDefinitionIsLookedUpBeforeCluster(t *testing.T) {
	w := newWorld(t)
	nowhere := func(in *RunTaskInput) { in.Cluster = "nowhere" }
	w.refused("ClientException", "TaskDefinition not found.", fails(runTask("f", nowhere)))
	w.refused("ClientException", "TaskDefinition not found.", fails(startTask(func(s *TaskSpec) { s.Cluster = "nowhere" })))
	w.define("f", nil)
	w.refused("ClusterNotFoundException", "Cluster not found.", fails(runTask("f", nowhere)))
	w.refused("ClusterNotFoundException", "Cluster not found.", fails(startTask(func(s *TaskSpec) { s.Cluster = "nowhere" })))
	w.must(fails(deleteCluster("c")))
	w.refused("ClusterNotFoundException", "The referenced cluster was inactive.", fails(runTask("f", nil)))
}

func TestNetworkConfigurationGoesWithAwsvpc(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	w.define("eni", func(d *ecs.TaskDefinition) { d.NetworkMode = ecs.NetworkAWSVPC })
	w.refused("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
		fails(runTask("eni", nil)))
	w.refused("InvalidParameterException", "Network Configuration is not valid for the given networkMode of this task definition.",
		fails(runTask("f", func(in *RunTaskInput) { in.HasNetworkConfiguration = true })))
}

func TestWhereThereIsNoInstanceThatIsAnException(t *testing.T) {
	const none = "No Container Instances were found in your cluster."
	w := newWorld(t)
	w.define("f", nil)
	w.refused("InvalidParameterException", none, fails(runTask("f", nil)))
	i := w.host(nil)
	w.must(fails(setState(i.ID, ecs.InstanceDraining, Caller{})))
	w.refused("InvalidParameterException", none, fails(runTask("f", nil)))
	w.must(fails(setState(i.ID, ecs.InstanceActive, Caller{})))
	w.runOne("f", nil)
	w.must(fails(deregister(i.ID, true)))
	w.refused("InvalidParameterException", none, fails(runTask("f", nil)))
}

func TestADisconnectedAgentIsAFailure(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	i := w.host(nil)
	w.must(func(tx *state.Tx) error { return DisconnectAgent(tx, SessionInput{Instance: i.ID, Token: i.Sequence}) })
	for _, out := range []StartedTasks{w.run("f", nil), do(w, startTask(nil, i.ID))} {
		wantFailures(t, out.Failures, string(i.ID)+" AGENT")
		if len(out.Tasks) != 0 {
			t.Errorf("tasks %v", out.Tasks)
		}
	}
}

func TestCountWithPartialSuccess(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) { d.Containers[0].MemoryMiB = 400 })
	a, b := w.host(nil), w.host(func(in *RegisterInstanceInput) { in.MemoryMiB = 500 })
	out := w.run("f", func(in *RunTaskInput) { in.Count = 10 })
	on := map[ecs.InstanceID]int{}
	for _, task := range out.Tasks {
		on[task.Instance]++
	}
	if on[a.ID] != 2 || on[b.ID] != 1 {
		t.Errorf("tasks %v", on)
	}
	if len(out.Failures) != 7 {
		t.Errorf("%d failures, want one for each task that was not placed", len(out.Failures))
	}
	wantFailures(t, out.Failures[:1], string(a.ID)+" RESOURCE:MEMORY")
	if d := out.Failures[0].Detail; d != "needs 400 MiB of memory, 224 of 1024 are free" {
		t.Errorf("detail %q", d)
	}
	if n := w.view.Counts("c").Pending.EC2; n != 3 {
		t.Errorf("%d tasks stayed, want 3", n)
	}
}

func TestResourcesAreFreeAsSoonAsATaskStops(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) {
		d.Containers[0].CPUUnits, d.Containers[0].MemoryMiB = 1024, 1024
		d.Containers[0].PortMappings = []ecs.PortMapping{{ContainerPort: 80, HostPort: 80, Protocol: ecs.TCP}}
	})
	i := w.host(nil)
	task := w.runOne("f", nil)
	wantFailures(t, w.run("f", nil).Failures, string(i.ID)+" RESOURCE:CPU")
	w.stop(task.ID, "")
	task = w.runOne("f", nil)
	w.report(task.ID, TaskReport{Status: running, Containers: containers(ContainerReport{Name: "app", Status: over, ExitCode: exit(0)})})
	w.runOne("f", nil)
}

func TestPorts(t *testing.T) {
	w := newWorld(t)
	maps := func(host uint16, p ecs.Protocol) func(*ecs.TaskDefinition) {
		return func(d *ecs.TaskDefinition) {
			d.Containers[0].PortMappings = []ecs.PortMapping{{ContainerPort: 80, HostPort: host, Protocol: p}}
		}
	}
	w.define("tcp", maps(8080, ecs.TCP))
	w.define("udp", maps(8080, ecs.UDP))
	w.define("dynamic", maps(0, ecs.TCP))
	w.define("ssh", maps(22, ecs.TCP))
	i := w.host(func(in *RegisterInstanceInput) { in.ReservedPorts = []ecs.HostPort{{Port: 22, Protocol: ecs.TCP}} })
	taken := string(i.ID) + " RESOURCE:PORTS"
	wantFailures(t, w.run("ssh", nil).Failures, taken)
	first := w.runOne("tcp", nil)
	wantFailures(t, w.run("tcp", nil).Failures, taken)
	w.runOne("udp", nil)
	w.runOne("dynamic", nil)
	w.runOne("dynamic", nil)
	w.stop(first.ID, "")
	w.runOne("tcp", nil)
	wantFailures(t, w.run("udp", nil).Failures, taken)
}

func TestTheHundredAndFirstPortIsRefused(t *testing.T) {
	w := newWorld(t)
	for k := range 2 {
		w.define(fmt.Sprintf("f%d", k), func(d *ecs.TaskDefinition) {
			for n := range 47 {
				p := uint16(1000 + 100*k + n)
				d.Containers[0].PortMappings = append(d.Containers[0].PortMappings, ecs.PortMapping{ContainerPort: p, HostPort: p, Protocol: ecs.TCP})
			}
		})
	}
	one := func(p uint16) func(*ecs.TaskDefinition) {
		return func(d *ecs.TaskDefinition) {
			d.Containers[0].PortMappings = []ecs.PortMapping{{ContainerPort: p, HostPort: p, Protocol: ecs.TCP}}
		}
	}
	w.define("last", one(5000))
	w.define("more", one(5001))
	i := w.host(func(in *RegisterInstanceInput) {
		for _, p := range []uint16{22, 2375, 2376, 51678, 51679} { // what the agent sends
			in.ReservedPorts = append(in.ReservedPorts, ecs.HostPort{Port: p, Protocol: ecs.TCP})
		}
	})
	w.runOne("f0", nil)
	w.runOne("f1", nil)
	w.runOne("last", nil) // 5 + 2·47 + 1
	out := w.run("more", nil)
	wantFailures(t, out.Failures, string(i.ID)+" RESOURCE:PORTS")
}

func TestDistinctInstanceAndOtherConstraints(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	w.define("where", func(d *ecs.TaskDefinition) {
		d.PlacementConstraints = []ecs.PlacementConstraint{{Type: "memberOf", Expression: "attribute:a exists"}}
	})
	a, b := w.host(nil), w.host(nil)
	alone := func(in *RunTaskInput) {
		in.Count, in.Constraints = 3, []ecs.PlacementConstraint{{Type: "distinctInstance"}}
	}
	out := w.run("f", alone)
	if len(out.Tasks) != 2 || out.Tasks[0].Instance == out.Tasks[1].Instance {
		t.Errorf("tasks %v", out.Tasks)
	}
	const unsatisfied = " DistinctInstance placement constraint unsatisfied."
	wantFailures(t, out.Failures, string(a.ID)+unsatisfied)
	wantFailures(t, w.run("f", alone).Failures, string(a.ID)+unsatisfied, string(b.ID)+unsatisfied)
	other := w.run("f", func(in *RunTaskInput) { alone(in); in.Group = "other" })
	if len(other.Tasks) != 2 {
		t.Errorf("another group got %d tasks", len(other.Tasks))
	}
	const notMember = " MemberOf placement constraint unsatisfied."
	wantFailures(t, w.run("where", nil).Failures, string(a.ID)+notMember, string(b.ID)+notMember)
	do(w, startTask(func(s *TaskSpec) { s.Family = "where" }, a.ID)) // StartTask is not asked
}

func TestMemberOf(t *testing.T) {
	w := newWorld(t)
	memberOf := func(n int, expression string) (out []ecs.PlacementConstraint) {
		for range n {
			out = append(out, ecs.PlacementConstraint{Type: "memberOf", Expression: expression})
		}
		return out
	}
	w.define("f", nil)
	w.define("ssd", func(d *ecs.TaskDefinition) { d.PlacementConstraints = memberOf(6, "attribute:disk == ssd") })
	w.define("broken", func(d *ecs.TaskDefinition) { d.PlacementConstraints = memberOf(1, "attribute:disk ==") })
	with := func(attributes ...ecs.Attribute) *ecs.Instance {
		return w.host(func(in *RegisterInstanceInput) { in.Attributes = append(in.Attributes, attributes...) })
	}
	ssd, rack := ecs.Attribute{Name: "disk", Value: "ssd"}, ecs.Attribute{Name: "rack", Value: "r1"}
	both := with(ssd, rack)
	with(ssd)
	with(rack)
	asks := func(constraints []ecs.PlacementConstraint) func(*RunTaskInput) {
		return func(in *RunTaskInput) { in.Constraints = constraints }
	}
	for range 8 {
		if got := w.runOne("ssd", asks(memberOf(4, "attribute:rack == r1"))); got.Instance != both.ID {
			t.Fatalf("placed on %s: the constraints of definition and request do not both hold there", got.Instance)
		}
	}
	w.refused("InvalidParameterException", "placementConstraints can have at most 10 items, those of the task definition included.",
		fails(runTask("ssd", asks(memberOf(5, "attribute:rack == r1")))))
	w.refused("InvalidParameterException", "The memberOf expression 'attribute:disk ==' is invalid: "+column(t, "attribute:disk =="),
		fails(runTask("broken", nil)))
	w.refused("InvalidParameterException", "Placement constraints of type 'near' do not exist.",
		fails(runTask("f", asks([]ecs.PlacementConstraint{{Type: "near"}}))))
}

// column is what the language says of an expression; it must name a column.
func column(t *testing.T, expression string) string {
	t.Helper()
	_, err := query.Parse(expression)
	if err == nil || !strings.HasPrefix(err.Error(), "column ") {
		t.Fatalf("%q: %v", expression, err)
	}
	return err.Error()
}

func TestStrategiesReachPlacement(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	a, b := w.host(nil), w.host(nil)
	for range 5 {
		out := w.run("f", func(in *RunTaskInput) {
			in.Count, in.Strategies = 2, []placement.Strategy{{Type: placement.Spread, Field: "instanceId"}}
		})
		if len(out.Tasks) != 2 || out.Tasks[0].Instance == out.Tasks[1].Instance {
			t.Fatalf("%v", out)
		}
	}
	if w.view.Usage(a.ID).Tasks != 5 || w.view.Usage(b.ID).Tasks != 5 {
		t.Error("spread by instance did not balance")
	}
}

// Without a strategy the tasks of one call do not all go to the same instance.
func TestTasksOfOneCallAreDrawnOneByOne(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	a, b := w.host(nil), w.host(nil)
	w.run("f", func(in *RunTaskInput) { in.Count = 10 })
	if x, y := w.view.Usage(a.ID).Tasks, w.view.Usage(b.ID).Tasks; x == 0 || y == 0 {
		t.Errorf("%d and %d tasks", x, y)
	}
}

func TestLaunchTypes(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	launch := func(l ecs.LaunchType) func(*RunTaskInput) { return func(in *RunTaskInput) { in.LaunchType = l } }
	i := w.host(func(in *RegisterInstanceInput) { in.Attributes = []ecs.Attribute{{Name: "ecs.capability.external"}} })
	wantFailures(t, w.run("f", launch(ecs.LaunchEC2)).Failures, string(i.ID)+" ATTRIBUTE")
	for _, l := range []ecs.LaunchType{"", ecs.LaunchExternal} {
		if got := w.runOne("f", launch(l)); got.LaunchType != ecs.LaunchExternal {
			t.Errorf("launch type %q became %s", l, got.LaunchType)
		}
	}
}

func TestTagsOfANewTask(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) { d.Tags = []ecs.Tag{{Key: "a", Value: "def"}, {Key: "b", Value: "def"}} })
	w.host(nil)
	own := []ecs.Tag{{Key: "b", Value: "own"}}
	managed := ecs.Tag{Key: "aws:ecs:clusterName", Value: "c"}
	for _, tc := range []struct {
		propagate, managed bool
		own, want          []ecs.Tag
	}{
		{},
		{own: own, want: own},
		{propagate: true, want: []ecs.Tag{{Key: "a", Value: "def"}, {Key: "b", Value: "def"}}},
		{propagate: true, own: own, want: []ecs.Tag{{Key: "b", Value: "own"}, {Key: "a", Value: "def"}}},
		{managed: true, want: []ecs.Tag{managed}},
		{propagate: true, managed: true, own: own, want: []ecs.Tag{{Key: "b", Value: "own"}, {Key: "a", Value: "def"}, managed}},
	} {
		got := w.runOne("f", func(in *RunTaskInput) { in.Tags, in.PropagateTags, in.ManagedTags = tc.own, tc.propagate, tc.managed })
		if !slices.Equal(got.Tags, tc.want) {
			t.Errorf("%+v: tags %v", tc, got.Tags)
		}
	}
	if len(own) != 1 || own[0].Value != "own" {
		t.Error("the input was changed")
	}
}

func TestStartTask(t *testing.T) {
	w := newWorld(t)
	do(w, createCluster(CreateClusterInput{Name: "d"}))
	w.define("f", func(d *ecs.TaskDefinition) { d.Containers[0].MemoryMiB = 600 })
	a, draining, gone := w.host(nil), w.host(nil), w.host(nil)
	elsewhere := w.host(func(in *RegisterInstanceInput) { in.Cluster = "d" })
	w.must(fails(setState(draining.ID, ecs.InstanceDraining, Caller{})))
	w.must(fails(deregister(gone.ID, false)))
	out := do(w, startTask(func(s *TaskSpec) { s.Group = "g" }, a.ID, draining.ID, gone.ID, elsewhere.ID, strange, a.ID))
	if len(out.Tasks) != 1 || out.Tasks[0].Instance != a.ID || out.Tasks[0].Group != "g" || w.view.Task("c", out.Tasks[0].ID) != out.Tasks[0] {
		t.Errorf("tasks %v", out.Tasks)
	}
	wantFailures(t, out.Failures, string(draining.ID)+" INACTIVE", string(gone.ID)+" INACTIVE", string(elsewhere.ID)+" MISSING",
		string(strange)+" MISSING", string(a.ID)+" RESOURCE:MEMORY")
}

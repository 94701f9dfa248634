package command

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/ecs"
	"berth/placement"
	"berth/state"
)

// Any sequence of commands: what the state derives agrees with a recount from the records, nothing is placed where there was no
// room, a refused command leaves no trace, and a frozen snapshot stays what it was.
func TestAnySequenceOfCommands(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(rt)
		for range rapid.IntRange(5, 40).Draw(rt, "commands") {
			m.w.now += ecs.Time(rapid.IntRange(0, 5).Draw(rt, "seconds")) * second
			m.step(rt)
		}
	})
}

// machine knows what it may name, besides things that do not exist.
type machine struct {
	w         *world
	instances []ecs.InstanceID
	tasks     []ecs.TaskID
}

var (
	someClusters = []string{"c", "c", "c", "c", "d", ecs.DefaultCluster}
	somePorts    = []uint16{0, 80, 443}
)

func newMachine(rt *rapid.T) *machine {
	m := &machine{w: newWorld(rt), tasks: []ecs.TaskID{"x"}}
	for k, memory := range []int32{64, 300, 700} {
		m.w.define(fmt.Sprintf("f%d", k), func(d *ecs.TaskDefinition) {
			d.Containers[0].CPUUnits, d.Containers[0].MemoryMiB = int32(k)*300, memory
			if k > 0 {
				d.Containers[0].PortMappings = []ecs.PortMapping{{ContainerPort: 80, HostPort: somePorts[k], Protocol: ecs.TCP}}
			}
		})
	}
	m.w.newProvider("p", false)
	m.w.newProvider("q", true)
	do(m.w, putProviders("c", nil, "p", "q"))
	for range 2 {
		m.instances = append(m.instances, m.w.host(inGroup("g-q")).ID)
	}
	m.instances = append(m.instances, strange)
	return m
}

func (m *machine) step(rt *rapid.T) {
	before := m.w.view.Freeze(0)
	was := dump(before)
	tx := m.w.begin()
	err := m.command(rt, tx)
	if err != nil {
		tx.Rollback()
		if now := dump(m.w.view); !reflect.DeepEqual(now, was) {
			rt.Fatalf("%v left a trace:\n%v\n%v", err, was, now)
		}
	} else {
		checkPlacements(rt, before, tx.Changes())
	}
	if again := dump(before); !reflect.DeepEqual(again, was) {
		rt.Fatal("a snapshot changed")
	}
	checkDerived(rt, m.w.view)
}

func (m *machine) command(rt *rapid.T, tx *state.Tx) error {
	cluster := rapid.SampledFrom(someClusters).Draw(rt, "cluster")
	instance := rapid.SampledFrom(m.instances).Draw(rt, "instance")
	task := rapid.SampledFrom(m.tasks).Draw(rt, "task")
	spec := TaskSpec{Cluster: cluster, Family: fmt.Sprintf("f%d", rapid.IntRange(0, 3).Draw(rt, "family"))}
	var err error
	switch what := rapid.IntRange(0, 19).Draw(rt, "what"); what {
	case 0:
		_, err = CreateCluster(tx, CreateClusterInput{Name: cluster, Request: rapid.SampledFrom([]string{"", "r"}).Draw(rt, "request")})
	case 1:
		_, err = DeleteCluster(tx, cluster)
	case 2, 3:
		in := RegisterInstanceInput{
			Cluster: cluster, CPUUnits: 1024, MemoryMiB: rapid.SampledFrom([]int64{100, 1024}).Draw(rt, "memory"),
			ReservedPorts: []ecs.HostPort{{Port: 443, Protocol: ecs.TCP}}, ClientToken: rapid.SampledFrom([]string{"", "t"}).Draw(rt, "token"),
		}
		if rapid.Bool().Draw(rt, "again") {
			in.ID = instance
		}
		var i *ecs.Instance
		if i, err = RegisterInstance(tx, in); err == nil {
			m.instances = append(m.instances, i.ID)
		}
	case 4, 5:
		_, err = ConnectAgent(tx, ConnectAgentInput{Instance: instance})
	case 6:
		_, err = UpdateInstanceState(tx, UpdateInstanceStateInput{Cluster: cluster, ID: instance,
			Status: rapid.SampledFrom([]ecs.InstanceStatus{ecs.InstanceActive, ecs.InstanceDraining}).Draw(rt, "status")})
	case 7:
		_, err = DeregisterInstance(tx, DeregisterInstanceInput{Cluster: cluster, ID: instance, Force: rapid.Bool().Draw(rt, "force")})
	case 8, 9, 10:
		err = m.runTask(rt, tx, spec)
	case 11:
		var out StartedTasks
		out, err = StartTask(tx, StartTaskInput{TaskSpec: spec, Instances: []ecs.InstanceID{instance, instance}})
		m.remember(out)
	case 12:
		_, err = StopTask(tx, StopTaskInput{Cluster: cluster, ID: task})
	case 13:
		r := drawReport(rt, m.w.now)
		r.Cluster, r.ID = cluster, task
		if len(r.Containers) > 0 {
			r.Containers[0].Name = "app"
		}
		err = ReportTask(tx, r)
	case 14, 15:
		_, err = PlaceWaiting(tx, PlaceWaitingInput{Cluster: cluster, Provider: "q", Max: rapid.IntRange(1, 3).Draw(rt, "max")})
	case 16:
		err = GiveUpWaiting(tx, []WaitedTask{{cluster, task, "RESOURCE:CPU"}})
	case 17:
		in := PutClusterProvidersInput{Cluster: cluster, Providers: rapid.SampledFrom([][]string{nil, {"p"}, {"q", "p"}}).Draw(rt, "providers")}
		if len(in.Providers) == 2 {
			in.DefaultStrategy = []ecs.StrategyItem{{Provider: "q", Base: 1}, {Provider: "p", Weight: 1}}
		}
		_, err = PutClusterCapacityProviders(tx, in)
	case 18:
		group := rapid.SampledFrom([]string{"g-p", "g-q", "none"}).Draw(rt, "group")
		_, err = PutAttributes(tx, AttributesInput{cluster, []InstanceAttribute{{instance, ecs.GroupAttribute, group}, {instance, "n", group}}})
	case 19:
		_, err = Expire(tx, ExpireInput{TasksStoppedBefore: m.w.now.Add(-9 * time.Second), InstancesInactiveBefore: m.w.now.Add(-9 * time.Second)})
	}
	return err
}

func (m *machine) runTask(rt *rapid.T, tx *state.Tx, spec TaskSpec) error {
	in := RunTaskInput{
		TaskSpec: spec, Count: rapid.IntRange(1, 4).Draw(rt, "count"), ClientToken: rapid.SampledFrom([]string{"", "t"}).Draw(rt, "token"),
		RequestDigest: spec.Family, Strategies: rapid.SampledFrom([][]placement.Strategy{
			nil, {{Type: placement.Binpack, Field: "memory"}}, {{Type: placement.Spread, Field: "instanceId"}},
		}).Draw(rt, "strategies"),
	}
	if rapid.Bool().Draw(rt, "distinct") {
		in.Constraints = []ecs.PlacementConstraint{{Type: "distinctInstance"}}
	}
	in.ProviderStrategy = rapid.SampledFrom([][]ecs.StrategyItem{nil, nil, {{Provider: "q"}}, {{Provider: "p", Weight: 1}, {Provider: "q", Weight: 1}}}).Draw(rt, "providers")
	out, err := RunTask(tx, in)
	if err == nil && len(out.Tasks)+len(out.Failures)+len(out.EmptyProviders) == 0 {
		rt.Fatal("neither tasks nor failures")
	}
	m.remember(out)
	return err
}

func (m *machine) remember(out StartedTasks) {
	for _, t := range out.Tasks {
		m.tasks = append(m.tasks, t.ID)
	}
}

// dump is everything a view holds, derived values included.
func dump(v *state.View) map[string]any {
	all := make(map[string]any)
	v.ScanClusters("", func(c *ecs.Cluster) bool {
		all["cluster "+c.Name], all["counts "+c.Name] = *c, *v.Counts(c.Name)
		v.ScanTasks(c.Name, "", func(t *ecs.Task) bool { all["task "+string(t.ID)] = *t; return true })
		return true
	})
	v.ScanAllInstances(func(i *ecs.Instance) bool {
		all["instance "+string(i.ID)], all["usage "+string(i.ID)] = *i, *v.Usage(i.ID)
		return true
	})
	v.ScanCapacityProviders("", func(p *ecs.CapacityProvider) bool { all["provider "+p.Name] = *p; return true })
	v.ScanAllWaiting(func(t *ecs.Task) bool { all["waiting "+string(t.ID)] = t.CapacityProvider; return true })
	v.StoppedBefore(1<<62, func(t *ecs.Task) bool { all["stopped "+string(t.ID)] = t.StoppedAt; return true })
	v.InactiveBefore(1<<62, func(i *ecs.Instance) bool { all["inactive "+string(i.ID)] = i.InactiveAt; return true })
	return all
}

// checkPlacements follows a command's changes one by one on a copy: each task that gets an instance must have had room there at that
// moment, and one of a provider be among its hosts.
func checkPlacements(t reporter, v *state.View, changes []state.Change) {
	tx := v.Freeze(0).Begin(0, nil)
	for _, c := range changes {
		if before, after, ok := c.TaskChange(); ok && after != nil && after.Instance != "" && (before == nil || before.Instance == "") {
			i := tx.InstanceByID(after.Instance)
			if i == nil || i.Status != ecs.InstanceActive || !i.AgentConnected || i.Cluster != after.Cluster {
				t.Fatalf("task %s was placed on %+v", after.ID, i)
			}
			if name := after.CapacityProvider; name != "" && (tx.ProviderOf(i) == nil || tx.ProviderOf(i).Name != name) {
				t.Fatalf("task %s of provider %s was placed on %+v", after.ID, name, i)
			}
			used := recount(tx.View, i)
			for _, p := range after.Reserved.Ports {
				if slices.Contains(used.Ports, p) || slices.Contains(i.ReservedPorts, p) {
					t.Fatalf("port %v of %s was taken", p, i.ID)
				}
			}
			if after.Reserved.CPUUnits > 0 && used.CPUUnits+after.Reserved.CPUUnits > i.CPUUnits || used.MemoryMiB+after.Reserved.MemoryMiB > i.MemoryMiB {
				t.Fatalf("no room on %+v, where %+v is used, for %+v", i, used, after.Reserved)
			}
		}
		tx.View.Apply([]state.Change{c})
	}
}

// checkDerived counts by hand what the state keeps.
func checkDerived(t reporter, v *state.View) {
	v.ScanAllInstances(func(i *ecs.Instance) bool {
		if got, want := *v.Usage(i.ID), recount(v, i); !reflect.DeepEqual(got, want) {
			t.Fatalf("usage of %s is %+v, want %+v", i.ID, got, want)
		}
		return true
	})
	v.ScanClusters("", func(c *ecs.Cluster) bool {
		var want state.Counts
		v.ScanInstances(c.Name, "", func(i *ecs.Instance) bool {
			if i.Status != ecs.InstanceInactive {
				want.Instances++
			}
			return true
		})
		v.ScanTasks(c.Name, "", func(task *ecs.Task) bool {
			checkOrder(t, task)
			if task.LastStatus != over {
				want.Tasks++
				waits := task.LastStatus == ecs.StatusProvisioning
				if waits != (task.Waiting != nil) || waits != (task.Instance == "") || waits && (task.DesiredStatus != running || task.CapacityProvider == "") {
					t.Fatalf("task waits and does not: %+v", task)
				}
				if waits {
					want.Waiting++
				} else if i := v.InstanceByID(task.Instance); i == nil || i.Status == ecs.InstanceInactive {
					t.Fatalf("task %s lives on an instance that is gone", task.ID)
				}
			}
			if task.DesiredStatus == running && task.LastStatus == running {
				want.Running.EC2++
			}
			if task.DesiredStatus == running && task.LastStatus == pending {
				want.Pending.EC2++
			}
			if waiting := task.Waiting != nil; waiting && task.LastStatus == over {
				t.Fatalf("a task that is over waits: %+v", task)
			}
			return true
		})
		for _, name := range c.CapacityProviders {
			if p := v.CapacityProvider(name); c.Status == ecs.ClusterActive && p.Cluster != c.Name {
				t.Fatalf("provider %+v of cluster %s", p, c.Name)
			}
		}
		if got := *v.Counts(c.Name); got != want {
			t.Fatalf("counts of %s are %+v, want %+v", c.Name, got, want)
		}
		if c.Status == ecs.ClusterInactive && want.Instances+want.Tasks > 0 {
			t.Fatalf("an INACTIVE cluster holds %+v", want)
		}
		return true
	})
}

func recount(v *state.View, i *ecs.Instance) state.Usage {
	var u state.Usage
	v.ScanTasks(i.Cluster, "", func(t *ecs.Task) bool {
		if t.Instance != i.ID || t.LastStatus == over {
			return true
		}
		u.Tasks++
		if t.DesiredStatus != running {
			return true
		}
		u.CPUUnits += t.Reserved.CPUUnits
		u.MemoryMiB += t.Reserved.MemoryMiB
		u.GPUs += t.Reserved.GPUs
		u.Ports = append(u.Ports, t.Reserved.Ports...)
		at := slices.IndexFunc(u.Groups, func(g state.GroupTasks) bool { return g.Group == t.Group })
		if at < 0 {
			at, u.Groups = len(u.Groups), append(u.Groups, state.GroupTasks{Group: t.Group})
		}
		u.Groups[at].Tasks++
		if t.LastStatus == running {
			u.Running++
		} else {
			u.Pending++
		}
		return true
	})
	slices.SortFunc(u.Ports, state.ComparePorts)
	slices.SortFunc(u.Groups, func(a, b state.GroupTasks) int { return strings.Compare(a.Group, b.Group) })
	return u
}

package placement

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"berth/ecs"
	"berth/placement/query"
)

func TestRulesAreTheFiltersInTheirOrder(t *testing.T) {
	if len(rules) != len(filters)+1 {
		t.Fatalf("%d rules for %d filters", len(rules), len(filters))
	}
	for k, f := range filters {
		if r := rules[k+1].filter; r.reason != f.reason || reflect.ValueOf(r.passes).Pointer() != reflect.ValueOf(f.passes).Pointer() {
			t.Errorf("rule %s is not filter %d, %s", rules[k+1].name, k, f.reason)
		}
	}
}

// verdict explains a request on a world of one instance, and returns what one rule says.
func verdict(t *testing.T, w *world, r Request, rule string) Verdict {
	t.Helper()
	r.Cluster, r.Group = "c", "g"
	all := Explain(w.view, &r)
	if len(all) != 1 {
		t.Fatalf("%d instances", len(all))
	}
	for _, v := range all[0].Verdicts {
		if v.Rule == rule {
			return v
		}
	}
	t.Fatalf("rule %s was not asked: %+v", rule, all[0].Verdicts)
	return Verdict{}
}

func expression(t *testing.T, text string) *query.Expr {
	t.Helper()
	x, err := query.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestVerdicts(t *testing.T) {
	one := func(instance func(*ecs.Instance)) *world {
		w := newWorld()
		w.instance("i1", instance)
		w.task("i1", ecs.Reservation{CPUUnits: 24, MemoryMiB: 48, GPUs: 1, Ports: []ecs.HostPort{port(80, ecs.TCP), port(90, ecs.TCP)}}, nil)
		w.task("i1", ecs.Reservation{Ports: []ecs.HostPort{port(70, ecs.TCP)}}, stopping)
		w.task("i1", ecs.Reservation{Ports: []ecs.HostPort{port(60, ecs.TCP)}}, nil)
		return w
	}
	ports := func(numbers ...uint16) (all []ecs.HostPort) {
		for _, n := range numbers {
			all = append(all, port(n, ecs.TCP))
		}
		return all
	}
	for _, tc := range []struct {
		name     string
		instance func(*ecs.Instance)
		request  Request
		want     Verdict
	}{
		{"active", nil, Request{}, Verdict{Rule: "status", Passed: true}},
		{"draining", func(i *ecs.Instance) { i.Status = ecs.InstanceDraining }, Request{},
			Verdict{Rule: "status", Reason: "INACTIVE", Detail: "the instance is DRAINING"}},
		{"agent", func(i *ecs.Instance) { i.AgentConnected = false }, Request{},
			Verdict{Rule: "agent", Reason: "AGENT", Detail: "the agent is not connected"}},
		{"launch type", nil, Request{LaunchType: ecs.LaunchExternal}, Verdict{Rule: "launchType", Reason: "ATTRIBUTE",
			Detail: "launch type EXTERNAL needs an instance with ecs.capability.external"}},
		{"every attribute that lacks, not the first alone", nil,
			Request{Attributes: []ecs.Attribute{{Name: "a"}, {Name: "ecs.availability-zone"}, {Name: "ecs.availability-zone", Value: "y"}, {Name: "b", Value: "1"}}},
			Verdict{Rule: "attributes", Reason: "ATTRIBUTE", Detail: "missing attribute a", Attributes: []MissingAttribute{
				{Name: "a"}, {Name: "ecs.availability-zone", Wanted: "y", Have: "z", Exists: true}, {Name: "b", Wanted: "1"}}}},
		{"cpu that fits", nil, Request{Needs: ecs.Reservation{CPUUnits: 1000}},
			Verdict{Rule: "cpu", Passed: true, Amount: &Amount{1000, 1000, 1024}}},
		{"memory that does not", nil, Request{Needs: ecs.Reservation{MemoryMiB: 2100}}, Verdict{Rule: "memory", Reason: "RESOURCE:MEMORY",
			Detail: "needs 2100 MiB of memory, 2000 of 2048 are free", Amount: &Amount{2100, 2000, 2048}}},
		{"gpu", nil, Request{Needs: ecs.Reservation{GPUs: 2}}, Verdict{Rule: "gpu", Reason: "RESOURCE:GPU",
			Detail: "needs 2 GPUs, 1 of 2 are free", Amount: &Amount{2, 1, 2}}},
		{"who holds the ports; a task that stops holds none", nil, Request{Needs: ecs.Reservation{Ports: ports(22, 60, 70, 80, 85, 90)}},
			Verdict{Rule: "ports", Reason: "RESOURCE:PORTS", Detail: "port 22/tcp is reserved on the instance", Ports: []TakenPort{
				{Port: port(22, ecs.TCP)}, {port(60, ecs.TCP), "t0003"}, {port(80, ecs.TCP), "t0001"}, {port(90, ecs.TCP), "t0001"}}}},
		{"ports that are free", nil, Request{Needs: ecs.Reservation{Ports: ports(70)}}, Verdict{Rule: "ports", Passed: true}},
		{"zone", nil, Request{Zones: []string{"a", "b"}},
			Verdict{Rule: "zone", Reason: "LOCATION", Detail: `the instance is in zone "z", the task needs a or b`}},
		{"which tasks of the group", nil, Request{DistinctInstance: true}, Verdict{Rule: "distinctInstance",
			Reason: "DistinctInstance placement constraint unsatisfied.", Detail: "a task of group g runs there", Tasks: []ecs.TaskID{"t0001", "t0003"}}},
		{"every expression that does not hold", nil, Request{MemberOf: []*query.Expr{
			expression(t, "attribute:ecs.availability-zone exists"), expression(t, "attribute:ecs.availability-zone == z and attribute:stack==prod"),
			expression(t, "not(task:group == g)")}},
			Verdict{Rule: "memberOf", Reason: "MemberOf placement constraint unsatisfied.", Detail: "attribute stack is missing", Unmet: []UnmetExpression{
				{"attribute:ecs.availability-zone == z && attribute:stack == prod", "attribute stack is missing"},
				{"!task:group == g", `a task of group g runs there`}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := verdict(t, one(tc.instance), tc.request, tc.want.Rule); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
	if m := (Amount{Needed: 5, Free: 3}).Missing(); m != 2 {
		t.Errorf("missing %d, want 2", m)
	}
	if m := (Amount{Needed: 3, Free: 5}).Missing(); m != 0 {
		t.Errorf("missing %d, want 0", m)
	}
}

func TestRulesThatNobodyAskedForAreLeftOut(t *testing.T) {
	w := newWorld()
	w.instances(1)
	var names []string
	for _, v := range Explain(w.view, &Request{Cluster: "c"})[0].Verdicts {
		names = append(names, v.Rule)
	}
	if want := []string{"status", "agent"}; !slices.Equal(names, want) {
		t.Errorf("rules %v, want %v", names, want)
	}
}

func TestRanksFollowTheStrategies(t *testing.T) {
	w := newWorld()
	w.instance("i1", inZone("a"))
	w.instance("i2", inZone("a"))
	w.instance("i3", inZone("b"))
	w.instance("i4", func(i *ecs.Instance) { inZone("b")(i); i.MemoryMiB = 10 })
	w.instance("i5", func(i *ecs.Instance) { i.Status = ecs.InstanceInactive })
	w.task("i1", ecs.Reservation{MemoryMiB: 100}, nil)
	w.task("i3", ecs.Reservation{MemoryMiB: 500}, nil)
	w.task("i4", ecs.Reservation{}, nil)
	r := Request{Cluster: "c", Group: "g", Needs: ecs.Reservation{MemoryMiB: 20},
		Strategies: []Strategy{{Random, ""}, {Spread, "attribute:ecs.availability-zone"}, {Binpack, "memory"}}}
	got := ""
	for _, a := range Explain(w.view, &r) {
		got += fmt.Sprint(a.Instance.ID, " ", a.Rank, " ", a.Scores, "\n")
	}
	want := "i1 1 [{{spread attribute:ecs.availability-zone} 1 a} {{binpack memory} 1948 }]\n" +
		"i2 2 [{{spread attribute:ecs.availability-zone} 1 a} {{binpack memory} 2048 }]\n" +
		"i3 3 [{{spread attribute:ecs.availability-zone} 2 b} {{binpack memory} 1548 }]\n" +
		"i4 0 []\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	r.Strategies = nil
	for _, a := range Explain(w.view, &r)[:3] {
		if a.Rank != 1 {
			t.Errorf("without strategies %s has rank %d", a.Instance.ID, a.Rank)
		}
	}
}

// What Explain says is what Place does: the choice has rank 1, and every rejection is the first failed rule, word for word.
func TestExplainAgreesWithPlace(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 14))
	placed, refused := 0, 0
	for range 2000 {
		w, r := randomQuestion(t, random)
		choice, rejections := Place(w.view, r)
		all := Explain(w.view, r)
		var said []Rejection
		for _, a := range all {
			if f := a.Failed(); f != nil && a.Instance.Status == ecs.InstanceActive {
				said = append(said, Rejection{a.Instance.ID, f.Reason, f.Detail})
			}
			if choice != nil && a.Instance.ID == choice.ID && a.Rank != 1 {
				t.Fatalf("%+v: the choice %s has rank %d", r, choice.ID, a.Rank)
			}
		}
		switch {
		case choice != nil:
			placed++
		case !slices.Equal(said, rejections):
			t.Fatalf("%+v\nsaid     %v\nrejected %v", r, said, rejections)
		case len(all) > 0 && all[0].Rank != 0:
			t.Fatalf("%+v: ranks without a choice", r)
		default:
			refused++
		}
	}
	if placed < 200 || refused < 200 {
		t.Errorf("%d placed, %d refused: too few of one kind", placed, refused)
	}
}

func randomQuestion(t *testing.T, random *rand.Rand) (*world, *Request) {
	w := newWorld()
	for k := range random.IntN(6) {
		id := ecs.InstanceID(fmt.Sprintf("i%d", k))
		w.instance(id, func(i *ecs.Instance) {
			inZone(string(rune('a' + random.IntN(2))))(i)
			i.AgentConnected = random.IntN(8) > 0
			if random.IntN(8) == 0 {
				i.Status = ecs.InstanceDraining
			}
		})
		for range random.IntN(3) {
			w.task(id, ecs.Reservation{CPUUnits: int64(random.IntN(600)), Ports: []ecs.HostPort{port(uint16(random.IntN(4)), ecs.TCP)}}, nil)
		}
	}
	r := &Request{Cluster: "c", Group: "g", Seed: random.Uint64(), DistinctInstance: random.IntN(4) == 0,
		Needs: ecs.Reservation{CPUUnits: int64(random.IntN(1200)), MemoryMiB: 10}}
	if random.IntN(3) == 0 {
		r.Needs.Ports = []ecs.HostPort{port(uint16(random.IntN(4)), ecs.TCP)}
	}
	if random.IntN(3) == 0 {
		r.MemberOf = []*query.Expr{expression(t, "attribute:ecs.availability-zone == a")}
	}
	for range random.IntN(3) {
		r.Strategies = append(r.Strategies, []Strategy{{Binpack, "cpu"}, {Spread, "instanceId"}, {Spread, "attribute:ecs.availability-zone"}, {Random, ""}}[random.IntN(4)])
	}
	return w, r
}

func BenchmarkExplain5000(b *testing.B) {
	w := benchWorld(5000)
	r := &Request{Cluster: "c", Group: "g", Needs: ecs.Reservation{CPUUnits: 1 << 20, MemoryMiB: 1 << 20}, DistinctInstance: true,
		Strategies: []Strategy{{Spread, "attribute:ecs.availability-zone"}, {Binpack, "memory"}}}
	b.ReportAllocs()
	for b.Loop() {
		Explain(w.view, r)
	}
}

package engine

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"berth/agent/report"
	"berth/agent/runtime"
	"berth/agent/runtime/fake"
	"berth/agent/supervisor"
	"berth/api/acs"
)

var own = supervisor.Identity{Cluster: "test", InstanceARN: "arn:aws:ecs:test:0:container-instance/test/i"}

// rig is an engine over a fake runtime in a synctest bubble.
type rig struct {
	t  *testing.T
	rt *fake.Runtime
	e  *Engine

	mu      sync.Mutex
	changes []report.Change
	health  int
	mute    bool // the server is away: nothing is taken
}

func withEngine(t *testing.T, body func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, rt: fake.New()}
		r.open()
		body(r)
		r.e.Close()
	})
}

func (r *rig) open() {
	r.t.Helper()
	e, err := Open(r.t.Context(), Config{
		Runtime: r.rt, Identity: own, Capacity: Capacity{CPUUnits: 1024, MemoryMiB: 512}, Metrics: true, CleanupWait: time.Hour,
		Report:        r.take,
		HealthChanged: func() { r.mu.Lock(); defer r.mu.Unlock(); r.health++ },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	r.e = e
	late := r.changes
	r.mu.Unlock()
	for _, c := range late {
		e.Taken(c)
	}
	synctest.Wait()
}

// take is a server that takes every report at once.
func (r *rig) take(c report.Change) {
	r.mu.Lock()
	r.changes = append(r.changes, c)
	e := r.e
	mute := r.mute
	r.mu.Unlock()
	if e != nil && !mute {
		e.Taken(c)
	}
}

func (r *rig) apply(tasks ...acs.Task) {
	r.e.Apply(tasks)
	synctest.Wait()
}

func (r *rig) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// last is the last thing reported of a task: its status and reason.
func (r *rig) last(id string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.changes) - 1; i >= 0; i-- {
		if c := r.changes[i]; c.TaskARN == arn(id) {
			return strings.TrimSpace(c.Status + " " + c.Reason)
		}
	}
	return ""
}

func (r *rig) expect(id, want string) {
	r.t.Helper()
	if got := r.last(id); got != want {
		r.t.Errorf("task %s: %q, want %q", id, got, want)
	}
}

func arn(id string) string { return "arn:aws:ecs:test:0:task/test/" + id }

// job is a task of one container whose name is the id.
func job(id, program string, set ...func(*acs.Task)) acs.Task {
	t := acs.Task{
		ARN: arn(id), Family: "f", Version: "1", DesiredStatus: acs.StatusRunning,
		Containers: []acs.Container{{Name: id, Image: "i", Essential: true, Command: strings.Fields(program), StopTimeout: 10}},
	}
	for _, s := range set {
		s(&t)
	}
	return t
}

func memory(mib int64) func(*acs.Task) { return func(t *acs.Task) { t.Containers[0].Memory = mib } }
func cpu(units int64) func(*acs.Task)  { return func(t *acs.Task) { t.Containers[0].CPU = units } }
func port(p int64) func(*acs.Task) {
	return func(t *acs.Task) {
		t.Containers[0].PortMappings = []acs.PortMapping{{ContainerPort: 80, HostPort: p, Protocol: "tcp"}}
	}
}

func stopOf(id string) acs.Task { return acs.Task{ARN: arn(id), DesiredStatus: acs.StatusStopped} }

func TestQueueWaitsForThePortOfAStoppingTask(t *testing.T) {
	withEngine(t, func(r *rig) {
		r.apply(job("old", "ignore", port(8080)))
		r.expect("old", "RUNNING")
		r.apply(stopOf("old"), job("new", "run", port(8080)), job("third", "run"))
		r.expect("new", "PENDING Waiting for host port 8080/tcp, held by task old, which is stopping")
		r.expect("third", "PENDING Waiting for its turn behind task new")
		r.pass(9 * time.Second)
		r.expect("third", "PENDING Waiting for its turn behind task new")
		r.pass(2 * time.Second)
		r.expect("old", "STOPPED")
		r.expect("new", "RUNNING")
		r.expect("third", "RUNNING")
	})
}

func TestQueueWaitsForMemoryAndCPU(t *testing.T) {
	withEngine(t, func(r *rig) {
		r.apply(job("a", "run", memory(300)), job("b", "run", memory(300)))
		r.expect("b", "PENDING Waiting for 300 MiB of memory (212 of 512 are free), held by running tasks")
		r.apply(stopOf("a"))
		r.expect("b", "RUNNING")
		r.apply(job("c", "run", cpu(1000)), job("d", "run", cpu(100)))
		r.expect("d", "PENDING Waiting for 100 CPU units (24 of 1024 are free), held by running tasks")
		r.apply(stopOf("d"))
		r.expect("d", "STOPPED")
		r.apply(stopOf("c"))
		r.apply(job("e", "run", cpu(1000)))
		r.expect("e", "RUNNING")
	})
}

func TestWhatNeverFitsIsRefused(t *testing.T) {
	withEngine(t, func(r *rig) {
		r.apply(job("big", "run", memory(513)), job("ok", "run"))
		r.expect("big", "STOPPED ResourceInitializationError: the task needs 513 MiB of memory, the host has 512")
		r.expect("ok", "RUNNING")
	})
}

func TestClaims(t *testing.T) {
	tk := job("a", "run", cpu(10), memory(100), port(80))
	tk.Containers[0].DockerConfig = &acs.DockerConfig{HostConfig: `{"MemoryReservation":52428800}`}
	if c := claimOf(tk); c.cpu != 10 || c.memory != 50 || len(c.ports) != 1 || c.ports[0] != (hostPort{80, "tcp"}) {
		t.Errorf("%+v", c)
	}
	tk.CPU, tk.Memory, tk.NetworkMode = 0.25, 64, "host"
	tk.Containers[0].PortMappings[0].HostPort = 0
	if c := claimOf(tk); c.cpu != 256 || c.memory != 64 || len(c.ports) != 1 {
		t.Errorf("%+v", c)
	}
	tk.NetworkMode = "bridge"
	if c := claimOf(tk); len(c.ports) != 0 {
		t.Errorf("a dynamic port is claimed: %+v", c)
	}
}

func TestDuplicatesAndStrangers(t *testing.T) {
	withEngine(t, func(r *rig) {
		r.apply(job("a", "run"))
		r.apply(job("a", "run"))
		if n, _, _ := r.rt.Left(); n != 1 {
			t.Errorf("%d containers", n)
		}
		r.apply(stopOf("nobody"))
		r.expect("nobody", "STOPPED TaskStateError: the agent does not have this task")
		odd := job("odd", "run")
		odd.DesiredStatus = "PAUSED"
		r.apply(odd)
		if got := r.last("odd"); !strings.HasPrefix(got, "STOPPED TaskStateError") {
			t.Error(got)
		}
		bad := job("bad", "run")
		bad.NetworkMode = "awsvpc"
		r.apply(bad, job("good", "run"))
		if got := r.last("bad"); !strings.HasPrefix(got, "STOPPED ResourceInitializationError: network mode awsvpc") {
			t.Error(got)
		}
		r.expect("good", "RUNNING")
		r.apply(stopOf("a"))
		r.expect("a", "STOPPED")
	})
}

func TestAServerThatLostTheEndIsReminded(t *testing.T) {
	withEngine(t, func(r *rig) {
		r.apply(job("a", "exit 3"))
		ask := map[string]func(){
			"RUNNING":  func() { r.apply(job("a", "run")) },
			"STOPPED":  func() { r.apply(stopOf("a")) },
			"manifest": func() { r.e.Manifest([]acs.TaskIdentifier{{TaskARN: arn("a"), DesiredStatus: "RUNNING"}}) },
		}
		for name, do := range ask {
			n := len(r.changes)
			do()
			if len(r.changes) != n+1 || r.changes[n].Status != report.Stopped || *r.changes[n].Containers[0].ExitCode != 3 {
				t.Errorf("%s: %+v", name, r.changes[n:])
			}
		}
		if n, _, _ := r.rt.Left(); n != 1 {
			t.Errorf("%d containers: the task ran again", n)
		}
	})
}

func TestCleanUpAfterTheWait(t *testing.T) {
	withEngine(t, func(r *rig) {
		r.apply(job("a", "after 1s 0"))
		r.pass(59 * time.Minute)
		if n, _, _ := r.rt.Left(); n != 1 {
			t.Errorf("%d containers before the wait is over", n)
		}
		r.pass(2 * time.Minute)
		if n, _, _ := r.rt.Left(); n != 0 {
			t.Errorf("%d containers are left", n)
		}
		if len(r.e.supervisors()) != 0 {
			t.Error("the task is not forgotten")
		}
	})
}

func TestNoCleanUpBeforeTheServerKnows(t *testing.T) {
	withEngine(t, func(r *rig) {
		r.mute = true
		r.apply(job("a", "after 1s 0"))
		r.pass(5 * time.Hour)
		if n, _, _ := r.rt.Left(); n != 1 {
			t.Fatalf("%d containers", n)
		}
		r.e.Taken(report.Change{TaskARN: arn("a"), Status: report.Stopped})
		synctest.Wait()
		if n, _, _ := r.rt.Left(); n != 0 {
			t.Errorf("%d containers are left", n)
		}
	})
}

func TestCleanUpWaitsForADeadEngine(t *testing.T) {
	withEngine(t, func(r *rig) {
		r.apply(job("a", "after 1s 0"))
		r.pass(time.Minute)
		r.rt.Away()
		r.pass(2 * time.Hour)
		r.rt.Back()
		r.pass(2 * time.Minute)
		if n, _, _ := r.rt.Left(); n != 0 {
			t.Errorf("%d containers are left", n)
		}
	})
}

func TestAgentRestart(t *testing.T) {
	withEngine(t, func(r *rig) {
		r.apply(job("lives", "run", memory(400)), job("ends", "run"))
		r.e.Close()
		r.rt.Exit("ends", 4)
		r.changes = nil
		r.e = nil
		r.open()
		r.expect("lives", "RUNNING")
		r.expect("ends", "STOPPED")
		r.apply(job("more", "run", memory(400)))
		if got := r.last("more"); !strings.HasPrefix(got, "PENDING Waiting for 400 MiB") {
			t.Errorf("the room of a task from before is not booked: %q", got)
		}
		r.apply(stopOf("lives"))
		r.expect("lives", "STOPPED")
		r.expect("more", "RUNNING")
	})
}

func TestOpenWaitsForTheEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, rt: fake.New()}
		r.rt.Away()
		opened := make(chan struct{})
		go func() { defer close(opened); r.open() }()
		<-time.After(time.Minute)
		select {
		case <-opened:
			t.Fatal("opened without an engine")
		default:
		}
		r.rt.Back()
		<-opened
		r.e.Close()
		r.rt.Away()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := Open(ctx, Config{Runtime: r.rt, Identity: own, Report: r.take}); err == nil {
			t.Error("opened although the caller gave up")
		}
	})
}

func TestManifest(t *testing.T) {
	withEngine(t, func(r *rig) {
		r.apply(job("kept", "run"), job("extra", "run"), job("unwanted", "run"), job("over", "exit 0"))
		id := func(name, desired string) acs.TaskIdentifier {
			return acs.TaskIdentifier{TaskARN: arn(name), DesiredStatus: desired}
		}
		got := r.e.Manifest([]acs.TaskIdentifier{id("kept", "RUNNING"), id("unwanted", "STOPPED"), id("lost", "RUNNING"), id("late", "RUNNING")})
		if len(got) != 2 || got[0].TaskARN != arn("extra") || got[1].TaskARN != arn("unwanted") || got[0].DesiredStatus != "STOPPED" {
			t.Errorf("%+v", got)
		}
		r.pass(5 * time.Second)
		r.apply(job("late", "run"))
		r.expect("lost", "")
		r.pass(6 * time.Second)
		if got := r.last("lost"); !strings.HasPrefix(got, "STOPPED ContainerVanishedError") {
			t.Error(got)
		}
		r.expect("late", "RUNNING")
	})
}

func TestHealthAndMetrics(t *testing.T) {
	withEngine(t, func(r *rig) {
		checked := job("c", "run")
		checked.Containers[0].HealthCheckType = "docker"
		checked.Containers[0].DockerConfig = &acs.DockerConfig{Config: `{"Healthcheck":{"Test":["CMD","x"]}}`}
		r.apply(checked, job("plain", "run"))
		h := r.e.Health()
		if len(h) != 1 || h[0].Containers[0].HealthStatus != acs.HealthUnknown {
			t.Fatalf("%+v", h)
		}
		before := r.health
		r.rt.SetHealth("c", runtime.HealthUnhealthy)
		synctest.Wait()
		if h = r.e.Health(); h[0].Containers[0].HealthStatus != acs.HealthUnhealthy || r.health != before+1 {
			t.Errorf("%+v, told %d times", h, r.health-before)
		}
		r.pass(5 * time.Second)
		m := r.e.Metrics()
		if len(m) != 2 || m[0].ContainerMetrics[0].Memory.Max != 1 {
			t.Errorf("%+v", m)
		}
		if again := r.e.Metrics(); len(again) != 0 {
			t.Errorf("told twice: %+v", again)
		}
	})
}

func TestStatusFollowsTheEngine(t *testing.T) {
	withEngine(t, func(r *rig) {
		if !r.e.Status(t.Context()) {
			t.Error("a running engine is impaired")
		}
		r.rt.Away()
		if r.e.Status(t.Context()) {
			t.Error("an engine that is away is well")
		}
		r.rt.Back()
	})
}

func TestUsageSums(t *testing.T) {
	u := newUsage()
	at := time.Unix(1000, 0)
	u.begin("x")
	if u.begin("x") {
		t.Error("followed twice")
	}
	for i := range 3 {
		u.add("x", runtime.Stats{
			At: at.Add(time.Duration(i) * time.Second), CPUNanos: uint64(i) * 500_000_000, MemoryBytes: uint64(i) << 20,
			Network: map[string]runtime.NetworkStats{"eth0": {RxBytes: 10}, "eth1": {RxBytes: 5}},
		})
	}
	m, ok := u.take("x")
	if !ok || m.CPU.SampleCount != 2 || m.CPU.Max != 50 || m.CPU.Sum != 100 || m.Memory.Sum != 3 || m.Memory.Min != 0 ||
		m.Network.RxBytes.Max != 15 || m.Network.RxBytes.Sum != 45 {
		t.Errorf("%+v %+v %+v", m.CPU, m.Memory, m.Network)
	}
	u.end("x")
	if len(u.boxes) != 0 {
		t.Error("kept for ever")
	}
}

func TestStopAllLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, rt: fake.New()}
		r.open()
		for i := range 5 {
			r.apply(job(fmt.Sprint("t", i), []string{"run", "ignore"}[i%2], cpu(300)))
		}
		begin := time.Now()
		if err := r.e.StopAll(t.Context(), 3*time.Second); err != nil {
			t.Fatal(err)
		}
		r.e.Close()
		if n, _, _ := r.rt.Left(); n != 0 || time.Since(begin) > 4*time.Second {
			t.Errorf("%d containers are left after %s", n, time.Since(begin))
		}
	})
}

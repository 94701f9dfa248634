package supervisor

import (
	"strings"
	"testing"
	"time"

	"berth/agent/runtime"
	"berth/agent/runtime/fake"
	"berth/api/acs"
)

func TestStartOrderAndReverseStop(t *testing.T) {
	tk := task(
		after(box("web", "run"), "app", acs.ConditionStart),
		after(box("app", "run"), "db", acs.ConditionStart),
		box("db", "run"),
	)
	supervise(t, tk, nil, func(b *bench) {
		b.admit()
		b.order("start", "db", "app", "web")
		b.s.Stop()
		b.settle()
		b.order("stop", "web", "app", "db")
		b.over(true)
	})
}

func TestDependentStopsBeforeItsProvider(t *testing.T) {
	tk := task(after(box("web", "ignore"), "db", acs.ConditionStart), box("db", "run"))
	supervise(t, tk, nil, func(b *bench) {
		b.admit()
		b.s.Stop()
		b.pass(29 * time.Second)
		b.order("stop", "web")
		b.pass(2 * time.Second)
		b.order("stop", "web", "db")
	})
}

func TestCompleteAndSuccess(t *testing.T) {
	for _, condition := range []string{acs.ConditionComplete, acs.ConditionSuccess} {
		tk := task(after(box("main", "run"), "init", condition), side(box("init", "run")))
		supervise(t, tk, nil, func(b *bench) {
			b.admit()
			b.order("create", b.created()...)
			b.order("start", "init")
			b.rt.Exit("init", 0)
			b.settle()
			b.order("start", "init", "main")
			if story := b.story(); !strings.HasSuffix(story, "RUNNING main=RUNNING") || !strings.Contains(story, "PENDING init=STOPPED/0") {
				t.Errorf("%s: %s", condition, story)
			}
		})
	}
}

// created are the containers in the order they were created: parallel, so any.
func (b *bench) created() []string {
	var names []string
	for _, call := range b.did("create") {
		names = append(names, strings.TrimPrefix(call, "create "))
	}
	if len(names) != 2 {
		b.t.Errorf("created early: %q", names)
	}
	return names
}

func TestFailedSuccessDependency(t *testing.T) {
	tk := task(after(box("main", "run"), "init", acs.ConditionSuccess), side(box("init", "exit 7")))
	supervise(t, tk, nil, func(b *bench) {
		b.admit()
		b.order("start", "init")
		story := b.story()
		if !strings.Contains(story, "init=STOPPED/7") || !strings.Contains(story, "main=STOPPED") || strings.Contains(story, "main=STOPPED/") ||
			strings.Contains(story, "main=STOPPED {") || strings.Contains(story, "RUNNING main") {
			t.Error(story)
		}
		b.over(true)
	})
}

func TestHealthyGatesTheStartOnly(t *testing.T) {
	tk := task(after(box("main", "run"), "db", acs.ConditionHealthy), checked(box("db", "run")))
	supervise(t, tk, nil, func(b *bench) {
		b.admit()
		b.order("start", "db")
		b.rt.SetHealth("db", runtime.HealthUnhealthy)
		b.settle()
		b.order("start", "db")
		b.rt.SetHealth("db", runtime.HealthHealthy)
		b.settle()
		b.order("start", "db", "main")
		told := b.health
		b.rt.SetHealth("db", runtime.HealthUnhealthy)
		b.settle()
		b.over(false)
		if b.health != told+1 {
			t.Errorf("the new verdict was told %d times", b.health-told)
		}
		if v := b.s.View().Containers[1]; !v.Checked || v.Health != runtime.HealthUnhealthy || v.HealthSince.IsZero() {
			t.Errorf("%+v", v)
		}
	})
}

func TestStartTimeout(t *testing.T) {
	db := checked(box("db", "run"))
	db.StartTimeout = 20
	tk := task(after(box("main", "run"), "db", acs.ConditionHealthy), db)
	supervise(t, tk, nil, func(b *bench) {
		b.admit()
		b.pass(19 * time.Second)
		b.over(false)
		b.pass(2 * time.Second)
		story := b.story()
		if !strings.Contains(story, "main=STOPPED {TaskDependencyError: container db did not reach HEALTHY within its startTimeout of 20 s}") ||
			!strings.Contains(story, "db=STOPPED/143") {
			t.Error(story)
		}
		b.order("start", "db")
		b.over(true)
	})
}

func TestStartTimeoutCountsFromTheProvidersOwnDependencies(t *testing.T) {
	mid := side(box("mid", "run"))
	mid.StartTimeout = 20
	tk := task(
		after(box("main", "run"), "mid", acs.ConditionComplete),
		after(mid, "first", acs.ConditionComplete),
		side(box("first", "after 30s 0")),
	)
	supervise(t, tk, nil, func(b *bench) {
		b.admit()
		b.pass(45 * time.Second)
		b.over(false)
		b.pass(10 * time.Second)
		b.over(true)
	})
}

func TestStopWhileADependencyWaits(t *testing.T) {
	tk := task(after(box("main", "run"), "init", acs.ConditionComplete), side(box("init", "trap 5")))
	supervise(t, tk, nil, func(b *bench) {
		b.admit()
		b.s.Stop()
		b.settle()
		story := b.story()
		if !strings.Contains(story, "main=STOPPED") || !strings.Contains(story, "init=STOPPED/5") || strings.Contains(story, "main=STOPPED/") ||
			strings.Contains(story, "\nRUNNING") {
			t.Error(story)
		}
		b.over(true)
	})
}

func TestLinksAndVolumesFromImplyStart(t *testing.T) {
	web, sidecar := box("web", "run"), box("data", "run")
	web.Links = []string{"db:database"}
	sidecar.VolumesFrom = []acs.VolumeFrom{{SourceContainer: "db", ReadOnly: true}}
	supervise(t, task(web, sidecar, box("db", "run")), nil, func(b *bench) {
		b.admit()
		if starts := b.did("start"); len(starts) != 3 || starts[0] != "start db" {
			t.Errorf("%q", starts)
		}
		db, _ := b.rt.Spec("db")
		if spec, _ := b.rt.Spec("web"); len(spec.Links) != 1 || spec.Links[0] != db.Name+":database" {
			t.Errorf("%q", spec.Links)
		}
		id := b.s.View().Containers[2].ID
		if spec, _ := b.rt.Spec("data"); len(spec.VolumesFrom) != 1 || spec.VolumesFrom[0] != id+":ro" {
			t.Errorf("%q", spec.VolumesFrom)
		}
	})
}

func TestBadTasks(t *testing.T) {
	with := func(set func(*acs.Task)) acs.Task {
		tk := task(box("a", "run"), box("b", "run"))
		set(&tk)
		return tk
	}
	for want, tk := range map[string]acs.Task{
		"no containers":          task(),
		"two containers":         task(box("a", "run"), box("a", "run")),
		"go in a circle":         task(after(box("a", "run"), "b", "START"), after(box("b", "run"), "a", "START")),
		"which the task does":    task(after(box("a", "run"), "x", "START")),
		"unknown condition":      task(after(box("a", "run"), "b", "READY"), box("b", "run")),
		"has no health check":    task(after(box("a", "run"), "b", "HEALTHY"), box("b", "run")),
		"awsvpc":                 with(func(t *acs.Task) { t.NetworkMode = "awsvpc" }),
		"pidMode task":           with(func(t *acs.Task) { t.PIDMode = "task" }),
		"ipcMode task":           with(func(t *acs.Task) { t.IPCMode = "task" }),
		"of type efs":            with(func(t *acs.Task) { t.Volumes = []acs.Volume{{Name: "v", Type: "efs"}} }),
		"secrets":                with(func(t *acs.Task) { t.Containers[0].Secrets = []acs.Secret{{}} }),
		"Unrecognized key: env":  with(func(t *acs.Task) { t.Containers[0].Overrides = `{"env":1}` }),
		"is not a port range":    with(func(t *acs.Task) { t.Containers[0].PortMappings = []acs.PortMapping{{ContainerPortRange: "9-1"}} }),
		"unknown protocol":       with(func(t *acs.Task) { t.Containers[0].PortMappings = []acs.PortMapping{{ContainerPort: 1, Protocol: "x"}} }),
		"mount point names":      with(func(t *acs.Task) { t.Containers[0].MountPoints = []acs.MountPoint{{SourceVolume: "v"}} }),
		"name and image":         with(func(t *acs.Task) { t.Containers[0].Image = "" }),
		"restartPolicy":          with(func(t *acs.Task) { t.Containers[0].RestartPolicy = &acs.RestartPolicy{Enabled: true} }),
		"registry authentic":     with(func(t *acs.Task) { t.Containers[0].RegistryAuthentication = &acs.RegistryAuthentication{} }),
		"depends on \"b\", whic": task(func() acs.Container { c := box("a", "run"); c.Links = []string{"b"}; return c }()),
	} {
		if _, err := newMachine(tk); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

func TestSpec(t *testing.T) {
	c := box("main", "run")
	c.CPU, c.Memory = 64, 128
	c.Environment = map[string]string{"B": "2", "A": "1"}
	c.Overrides = `{"command":["after","1h","0"]}`
	c.MountPoints = []acs.MountPoint{
		{SourceVolume: "host", ContainerPath: "/h", ReadOnly: true},
		{SourceVolume: "scratch", ContainerPath: "/s"},
		{SourceVolume: "shared", ContainerPath: "/x"},
	}
	c.PortMappings = []acs.PortMapping{{ContainerPort: 80}, {ContainerPortRange: "7000-7002", Protocol: "UDP"}, {ContainerPort: 443, HostPort: 8443}}
	tk := task(c)
	tk.LaunchType, tk.CPU, tk.Memory, tk.PIDMode = "EXTERNAL", 0.5, 256, "host"
	tk.Volumes = []acs.Volume{
		{Name: "host", Host: &acs.HostVolume{SourcePath: "/srv"}},
		{Name: "scratch", Host: &acs.HostVolume{}},
		{Name: "shared", Docker: &acs.DockerVolume{Scope: "shared", Autoprovision: true, Driver: "local"}},
	}
	supervise(t, tk, nil, func(b *bench) {
		b.admit()
		s, ok := b.rt.Spec("main")
		if !ok {
			t.Fatal(b.story())
		}
		scratch := engineName(tk, "volume", "scratch")
		for what, pair := range map[string][2]any{
			"env":     {strings.Join(s.Env, " "), "A=1 AWS_EXECUTION_ENV=AWS_ECS_EXTERNAL B=2"},
			"command": {strings.Join(s.Command, " "), "after 1h 0"},
			"binds":   {strings.Join(s.Binds, " "), "/srv:/h:ro " + scratch + ":/s:rw shared:/x:rw"},
			"parent":  {s.CgroupParent, "/berth/0123"},
			"pid":     {s.PIDMode, "host"},
			"network": {s.NetworkMode, "bridge"},
			"cluster": {s.Labels[runtime.LabelCluster], "test"},
			"name":    {strings.HasPrefix(s.Name, "ecs-fam-3-main-") && len(s.Name) == len("ecs-fam-3-main-")+nameHex, true},
			"ports":   {len(s.Ports), 3},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
			}
		}
		bindings := b.changes[0].Containers[0].Bindings
		if len(bindings) != 3 || bindings[0].ContainerPortRange != "7000-7002" || bindings[2].HostPort != 8443 {
			t.Errorf("%+v", bindings)
		}
		if _, volumes, limits := b.rt.Left(); volumes != 2 || limits != 1 {
			t.Errorf("%d volumes, %d limits", volumes, limits)
		}
		b.s.Stop()
		b.settle()
		if err := Remove(t.Context(), b.rt, tk, []string{b.s.View().Containers[0].ID}); err != nil {
			t.Fatal(err)
		}
		if containers, volumes, limits := b.rt.Left(); containers != 0 || volumes != 1 || limits != 0 {
			t.Errorf("left: %d containers, %d volumes, %d limits", containers, volumes, limits)
		}
	})
}

func TestHostModeBindings(t *testing.T) {
	c := box("main", "run")
	c.PortMappings = []acs.PortMapping{{ContainerPort: 8080}}
	tk := task(c)
	tk.NetworkMode = "host"
	supervise(t, tk, nil, func(b *bench) {
		b.admit()
		got := b.changes[0].Containers[0].Bindings
		if len(got) != 1 || got[0].HostPort != 8080 || got[0].ContainerPort != 8080 {
			t.Errorf("%+v", got)
		}
	})
}

func TestPreparationFailures(t *testing.T) {
	missing := task(box("main", "run"))
	missing.Volumes = []acs.Volume{{Name: "v", Docker: &acs.DockerVolume{Scope: "shared"}}}
	limited := task(box("main", "run"))
	limited.CPU = 1
	no := func(rt *fake.Runtime) { rt.Host = runtime.Info{CPUs: 1, MemoryMiB: 1} }
	for want, tk := range map[string]acs.Task{runtime.CannotCreateVolume: missing, runtime.ResourceInitialization: limited} {
		supervise(t, tk, no, func(b *bench) {
			b.admit()
			if story := b.story(); !strings.Contains(story, "STOPPED ("+want) || !strings.HasSuffix(story, "main=STOPPED") {
				t.Errorf("%s: %s", want, story)
			}
			b.over(true)
		})
	}
}

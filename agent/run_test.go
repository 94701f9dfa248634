package agent

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/agent/runtime"
	"berth/agent/runtime/fake"
	"berth/api/acs"
)

func job(program string) acs.Task {
	return acs.Task{
		ARN: "arn:aws:ecs:test:000000000000:task/test/" + rand.Text(), Family: "f", Version: "1", DesiredStatus: acs.StatusRunning,
		Containers: []acs.Container{{Name: "main", Image: "i", Essential: true, Command: strings.Fields(program)}},
	}
}

func TestLifeOfATask(t *testing.T) {
	p, rt := newPlane(t), fake.New()
	a := start(t, p.config(t.TempDir(), rt))
	ws := p.connected()
	task := job("run")
	p.send(ws, task)
	if s := p.wait(task.ARN, "RUNNING"); len(s.Containers) != 1 || s.Containers[0].RuntimeID == "" {
		t.Errorf("%+v", s)
	}
	rt.Exit("main", 7)
	if s := p.wait(task.ARN, "STOPPED"); *s.Containers[0].ExitCode != 7 {
		t.Errorf("%+v", s)
	}
	if err := a.stop(); err != nil {
		t.Error(err)
	}
}

func TestRestartKeepsIdentityAndTasks(t *testing.T) {
	p, rt, dir := newPlane(t), fake.New(), t.TempDir()
	a := start(t, p.config(dir, rt))
	lives, ends := job("run"), job("run")
	ends.Containers[0].Name = "ends"
	ws := p.connected()
	p.send(ws, lives)
	p.wait(lives.ARN, "RUNNING")
	p.send(ws, ends)
	p.wait(ends.ARN, "RUNNING")
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	if n, _, _ := rt.Left(); n != 2 {
		t.Fatalf("%d containers live on", n)
	}
	rt.Exit("ends", 4)

	start(t, p.config(dir, rt))
	ws = p.connected()
	if s := p.wait(ends.ARN, "STOPPED"); *s.Containers[0].ExitCode != 4 {
		t.Errorf("%+v", s)
	}
	p.send(ws, acs.Task{ARN: lives.ARN, DesiredStatus: acs.StatusStopped})
	if s := p.wait(lives.ARN, "STOPPED"); *s.Containers[0].ExitCode != 143 {
		t.Errorf("%+v", s)
	}
	if p.registers[0]["containerInstanceArn"] != nil || p.registers[1]["containerInstanceArn"] != instanceARN ||
		p.registers[0]["clientToken"] != p.registers[1]["clientToken"] {
		t.Errorf("%v\n%v", p.registers[0], p.registers[1])
	}
}

func TestStopTasksOnExit(t *testing.T) {
	p, rt := newPlane(t), fake.New()
	config := p.config(t.TempDir(), rt)
	config.StopTasksOnExit, config.StopGrace = true, 100*time.Millisecond
	a := start(t, config)
	polite, stubborn := job("run"), job("ignore")
	ws := p.connected()
	p.send(ws, polite, stubborn)
	p.wait(polite.ARN, "RUNNING")
	for n := 0; n != 2; n, _, _ = rt.Left() {
		<-time.After(time.Millisecond)
	}
	if err := a.stop(); err != nil {
		t.Error(err)
	}
	if n, _, _ := rt.Left(); n != 0 {
		t.Errorf("%d containers are left", n)
	}
	p.wait(polite.ARN, "STOPPED")
}

func TestDataDirectoryIsGuarded(t *testing.T) {
	p, rt, dir := newPlane(t), fake.New(), t.TempDir()
	a := start(t, p.config(dir, rt))
	p.connected()
	if err := Run(t.Context(), p.config(dir, rt)); err == nil || !strings.Contains(err.Error(), "another agent is running") {
		t.Errorf("second agent: %v", err)
	}
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	other := p.config(dir, rt)
	other.Cluster = "other"
	if err := Run(t.Context(), other); err == nil || !strings.Contains(err.Error(), `belongs to cluster "test"`) {
		t.Errorf("other cluster: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, identityFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), p.config(dir, rt)); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("broken identity: %v", err)
	}
}

func TestFinalRefusal(t *testing.T) {
	p := newPlane(t)
	p.refuse = "AccessDeniedException"
	if err := Run(t.Context(), p.config(t.TempDir(), fake.New())); err == nil || !strings.Contains(err.Error(), "AccessDeniedException") {
		t.Errorf("%v", err)
	}
}

// A host that was refused has no identity yet: the next attempt may name another cluster.
func TestAnotherClusterAfterARefusal(t *testing.T) {
	p, rt, dir := newPlane(t), fake.New(), t.TempDir()
	p.refuse = "AccessDeniedException"
	wrong := p.config(dir, rt)
	wrong.Cluster = "wrong"
	if err := Run(t.Context(), wrong); err == nil {
		t.Fatal("the refusal was overlooked")
	}
	p.refuse = ""
	a := start(t, p.config(dir, rt))
	p.connected()
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	if first, last := p.registers[0], p.registers[len(p.registers)-1]; first["clientToken"] == last["clientToken"] {
		t.Error("the registration of another cluster repeats the token of the first")
	}
}

func TestWaitsForServerAndDocker(t *testing.T) {
	p, rt := newPlane(t), fake.New()
	rt.Away()
	p.refuse = "ServerException"
	start(t, p.config(t.TempDir(), rt))
	rt.Back()
	for n := 0; n < 2; {
		p.mu.Lock()
		n = len(p.registers)
		p.mu.Unlock()
		<-time.After(5 * time.Millisecond)
	}
	p.mu.Lock()
	p.refuse = ""
	if p.registers[0]["clientToken"] != p.registers[1]["clientToken"] {
		t.Error("a repeated registration is a new one")
	}
	p.mu.Unlock()
	p.connected()
}

func TestRegistrationSaysWhatTheHostIs(t *testing.T) {
	info := runtime.Info{
		Version: "20.10.24", APIVersion: "1.41", CPUs: 4, MemoryMiB: 8000, Architecture: "aarch64", OSType: "linux", TaskLimits: true,
		LogDrivers: []string{"json-file", "syslog"}, SecurityOptions: []string{"apparmor", "seccomp"},
	}
	config := Config{
		AvailabilityZone: "z1", Attributes: map[string]string{"rack": "r1", "ecs.os-type": "lie"}, Version: "1.105.1",
		Settings: Settings{
			LogDrivers: []string{"json-file", "syslog", "awslogs", "none"}, ReservedMemoryMiB: 500, AppArmor: true, SELinux: true,
			Attributes: map[string]string{"rack": "env", "color": "red"},
		},
	}
	r := registration(config, info, identity{InstanceARN: "arn", ClientToken: "token"})
	if r.CPUUnits != 4096 || r.MemoryMiB != 7500 || strings.Join(r.PortsTCP, " ") != "22 2375 2376 51678 51679 51680" || len(r.PortsUDP) != 0 ||
		r.DockerVersion != "20.10.24" || r.InstanceARN != "arn" {
		t.Errorf("%+v", r)
	}
	got := map[string]string{}
	for _, a := range r.Attributes {
		got[a.Name] = a.Value
	}
	for name, want := range map[string]string{
		"rack": "r1", "color": "red", "ecs.os-type": "linux", "ecs.os-family": "LINUX", "ecs.cpu-architecture": "arm64",
		"ecs.availability-zone": "z1", "ecs.capability.task-cpu-mem-limit": "", "ecs.capability.container-ordering": "",
		"com.amazonaws.ecs.capability.docker-remote-api.1.32": "", "com.amazonaws.ecs.capability.logging-driver.syslog": "",
		"com.amazonaws.ecs.capability.logging-driver.none": "", "com.amazonaws.ecs.capability.privileged-container": "",
		"com.amazonaws.ecs.capability.apparmor": "",
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s: %q, %v; want %q", name, value, ok, want)
		}
	}
	for _, name := range []string{
		"com.amazonaws.ecs.capability.logging-driver.awslogs", "com.amazonaws.ecs.capability.selinux", "ecs.capability.task-eni",
		"com.amazonaws.ecs.capability.task-iam-role", "com.amazonaws.ecs.capability.docker-remote-api.1.26",
	} {
		if _, ok := got[name]; ok {
			t.Errorf("%s is announced", name)
		}
	}
	if names := apiCapabilities("1.19"); len(names) != 3 {
		t.Errorf("%q", names)
	}
}

func TestSettingsFromEnv(t *testing.T) {
	env := map[string]string{
		"ECS_CONTAINER_STOP_TIMEOUT": "5s", "ECS_CONTAINER_START_TIMEOUT": "1s", "ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION": "1m",
		"ECS_IMAGE_PULL_BEHAVIOR": "prefer-cached", "ECS_AVAILABLE_LOGGING_DRIVERS": `["syslog"]`, "ECS_RESERVED_MEMORY": "128",
		"ECS_RESERVED_PORTS": "[22,8080]", "ECS_INSTANCE_ATTRIBUTES": `{"a":"b"}`, "ECS_DISABLE_METRICS": "true",
	}
	s, err := SettingsFromEnv(func(name string) string { return env[name] })
	if err != nil || s.StopTimeout != 5*time.Second || s.StartTimeout != minStartTimeout || s.CleanupWait != time.Minute ||
		s.PullPolicy != runtime.PullPreferCached || s.LogDrivers[0] != "syslog" || s.ReservedMemoryMiB != 128 ||
		s.ReservedPorts[1] != 8080 || s.Attributes["a"] != "b" || !s.DisableMetrics {
		t.Errorf("%+v, %v", s, err)
	}
	for name, value := range map[string]string{
		"ECS_CONTAINER_STOP_TIMEOUT": "30", "ECS_IMAGE_PULL_BEHAVIOR": "sometimes", "ECS_AVAILABLE_LOGGING_DRIVERS": "syslog",
		"ECS_RESERVED_MEMORY": "-1", "ECS_RESERVED_PORTS": "[70000]", "ECS_DISABLE_METRICS": "maybe",
	} {
		_, err := SettingsFromEnv(func(n string) string {
			if n == name {
				return value
			}
			return ""
		})
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "must be") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	p := newPlane(t)
	for want, spoil := range map[string]func(*Config){
		"not an http":    func(c *Config) { c.ServerURL = "localhost:1" },
		"data directory": func(c *Config) { c.DataDir = "" },
		"region":         func(c *Config) { c.Region = "" },
		"no credentials": func(c *Config) { c.Credentials.SecretAccessKey = "" },
		"negative":       func(c *Config) { c.CPUUnits = -1 },
	} {
		config := p.config(t.TempDir(), fake.New())
		spoil(&config)
		if err := Run(t.Context(), config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestSequenceSurvives(t *testing.T) {
	dir := t.TempDir()
	d, err := openDataDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{5, 3, 9} {
		if err := d.Raise(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if d, err = openDataDir(dir); err != nil || d.Highest() != 9 {
		t.Fatalf("%v, %v", d, err)
	}
	d.close()
}

package docker_test

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"berth/agent/runtime"
	"berth/agent/runtime/docker"
	"berth/agent/runtime/runtimetest"
)

// engine connects to the local engine or skips the test.
func engine(t *testing.T) *docker.Runtime {
	t.Helper()
	rt, err := docker.New(docker.Config{ManifestTimeout: 10 * time.Second})
	if err != nil {
		t.Skipf("no Docker client: %v", err)
	}
	if _, err := rt.Info(t.Context()); err != nil {
		t.Skipf("no Docker Engine to test with: %v", err)
	}
	t.Cleanup(func() { rt.Close() })
	return rt
}

func sh(script string) []string { return []string{"/bin/sh", "-c", script} }

func TestContract(t *testing.T) {
	rt := engine(t)
	runtimetest.Run(t, runtimetest.Harness{
		Runtime:    rt,
		Image:      runtimetest.BusyBox(t),
		Missing:    "127.0.0.1:9/no/such:image",
		Exit:       func(code string) []string { return sh("exit " + code) },
		Sleep:      []string{"/bin/sleep", "1000"},
		Trap:       func(code string) []string { return sh("trap 'exit " + code + "' TERM; while :; do sleep 0.1; done") },
		Ignore:     sh("trap '' TERM; while :; do sleep 0.1; done"),
		BadCommand: []string{"/no/such/program"},
	})
}

// run creates and starts a container and returns its output as the engine kept it.
func run(t *testing.T, rt *docker.Runtime, spec runtime.Spec) (string, runtime.State) {
	t.Helper()
	spec.Name = "ecs-dockertest-" + rand.Text()
	spec.Labels = map[string]string{runtime.LabelInstance: "dockertest", runtime.LabelTaskARN: spec.Name}
	id, err := rt.CreateContainer(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rt.RemoveContainer(context.Background(), id); err != nil {
			t.Error(err)
		}
	}()
	if err := rt.StartContainer(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("docker", "wait", id).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	state, err := rt.InspectContainer(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("docker", "logs", id).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out), state
}

func TestSpecReachesTheContainer(t *testing.T) {
	rt := engine(t)
	image := runtimetest.BusyBox(t)
	dir := t.TempDir()
	out, state := run(t, rt, runtime.Spec{
		Image:      image,
		EntryPoint: []string{"/bin/sh", "-c"},
		Command: []string{`echo "$FOO|$(busybox id -u)|$(busybox pwd)|$(busybox hostname)";
			busybox cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null;
			busybox cat /sys/fs/cgroup/cpu/cpu.shares 2>/dev/null; echo hello > /data/file; (echo x > /ro) 2>&1; busybox grep test.host /etc/hosts`},
		Env:         []string{"FOO=bar", "PATH=/bin"},
		Config:      `{"User":"0:0","WorkingDir":"/tmp","Hostname":"inside"}`,
		HostConfig:  `{"ReadonlyRootfs":true,"ExtraHosts":["test.host:10.1.2.3"]}`,
		MemoryMiB:   64,
		CPUShares:   1,
		NetworkMode: "bridge",
		Binds:       []string{dir + "/made:/data:rw"},
	})
	for _, want := range []string{"bar|0|/tmp|inside", "67108864", "Read-only file system", "10.1.2.3"} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
	if body, err := os.ReadFile(dir + "/made/file"); err != nil || string(body) != "hello\n" {
		t.Errorf("host path: %q, %v", body, err)
	}
	if state.Phase != runtime.PhaseExited || state.Health != runtime.HealthNone {
		t.Errorf("%+v", state)
	}
}

func TestOutOfMemoryIsSeen(t *testing.T) {
	rt := engine(t)
	_, state := run(t, rt, runtime.Spec{
		Image: runtimetest.BusyBox(t), MemoryMiB: 8, NetworkMode: "none", HostConfig: `{"MemorySwap":8388608}`,
		Command: sh("busybox dd if=/dev/zero of=/dev/null bs=64M count=2 2>/dev/null || exit 137"), Config: `{"Env":["PATH=/bin"]}`,
	})
	if !state.OOMKilled || state.ExitCode != 137 {
		t.Errorf("%+v", state)
	}
}

func TestTaskLimitsReachTheContainer(t *testing.T) {
	rt := engine(t)
	info, err := rt.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !info.TaskLimits {
		t.Skip("this host cannot limit tasks")
	}
	id := "dockertest" + rand.Text()
	parent, err := rt.SetTaskLimits(t.Context(), id, runtime.Limits{CPUUnits: 256, MemoryMiB: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rt.ReleaseTask(context.Background(), id); err != nil {
			t.Error(err)
		}
	}()
	out, state := run(t, rt, runtime.Spec{
		Image: runtimetest.BusyBox(t), NetworkMode: "none", CgroupParent: parent, Config: `{"Env":["PATH=/bin"]}`,
		HostConfig: `{"MemorySwappiness":0}`,
		Command:    sh("busybox dd if=/dev/zero of=/dev/null bs=64M count=2 2>/dev/null; echo $?; exit 3"),
	})
	if !strings.Contains(out, "137") && state.ExitCode != 137 {
		t.Errorf("64 MiB fit into a task of 8: %q, %+v", out, state)
	}
}

func TestDeadEngineIsUnavailable(t *testing.T) {
	rt, err := docker.New(docker.Config{Host: "unix://" + t.TempDir() + "/none.sock"})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if _, err := rt.Info(t.Context()); !runtime.IsUnavailable(err) {
		t.Errorf("info: %v", err)
	}
	if err := rt.Ping(t.Context()); !runtime.IsUnavailable(err) {
		t.Errorf("ping: %v", err)
	}
	if _, err := rt.PullImage(t.Context(), "busybox", runtime.PullDefault); !runtime.IsUnavailable(err) {
		t.Errorf("pull: %v", err)
	}
	if _, err := rt.CreateContainer(t.Context(), runtime.Spec{Name: "x", Image: "busybox"}); !runtime.IsUnavailable(err) {
		t.Errorf("create: %v", err)
	}
	if err := rt.StopContainer(t.Context(), "x", 0); !runtime.IsUnavailable(err) {
		t.Errorf("stop: %v", err)
	}
}

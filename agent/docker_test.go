package agent

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"berth/agent/runtime"
	"berth/agent/runtime/docker"
	"berth/agent/runtime/runtimetest"
	"berth/api/acs"
)

// onDocker starts an agent over the real engine and returns its ACS connection's sender and an image.
func onDocker(t *testing.T, set func(*Config)) (*plane, func(...acs.Task) time.Time, string) {
	t.Helper()
	rt, err := docker.New(docker.Config{})
	if err != nil {
		t.Skipf("no Docker client: %v", err)
	}
	if _, err := rt.Info(t.Context()); err != nil {
		t.Skipf("no Docker Engine to test with: %v", err)
	}
	t.Cleanup(func() { rt.Close() })
	image := runtimetest.BusyBox(t)
	p := newPlane(t)
	config := p.config(t.TempDir(), rt)
	config.StopTasksOnExit = true
	config.StopGrace = time.Second
	if set != nil {
		set(&config)
	}
	start(t, config)
	ws := p.connected()
	return p, func(tasks ...acs.Task) time.Time { return p.send(ws, tasks...) }, image
}

// box is a container that runs a shell script.
func box(name, image, script string) acs.Container {
	return acs.Container{
		Name: name, Image: image, Essential: true, Memory: 32, Command: []string{"/bin/sh", "-c", script},
		Environment: map[string]string{"PATH": "/bin"}, StopTimeout: 2,
	}
}

func dockerTask(containers ...acs.Container) acs.Task {
	return acs.Task{
		ARN:    "arn:aws:ecs:test:000000000000:task/test/" + strings.ToLower(rand.Text()),
		Family: "agenttest", Version: "1", DesiredStatus: acs.StatusRunning, Containers: containers,
	}
}

const forever = "trap 'exit 42' TERM; while :; do busybox sleep 0.1; done"

func TestTaskOnDocker(t *testing.T) {
	p, send, image := onDocker(t, nil)
	dir := t.TempDir()
	web := box("web", image, "echo $FOO > /scratch/foo; mkdir /tmp/www; echo hello > /tmp/www/index.html; exec busybox httpd -f -p 80 -h /tmp/www")
	web.Environment["FOO"] = "bar"
	web.Memory = 64
	web.PortMappings = []acs.PortMapping{{ContainerPort: 80, Protocol: "tcp"}, {ContainerPortRange: "7000-7001"}}
	web.MountPoints = []acs.MountPoint{{SourceVolume: "scratch", ContainerPath: "/scratch"}, {SourceVolume: "host", ContainerPath: "/host"}}
	web.HealthCheckType = "docker"
	web.DockerConfig = &acs.DockerConfig{Config: `{"Healthcheck":{"Test":["CMD-SHELL","busybox wget -q -O- 127.0.0.1:80"],"Interval":1000000000,"Timeout":1000000000,"Retries":3}}`}
	reader := box("reader", image, "until busybox wget -q -O /host/got http://front/; do busybox sleep 0.1; done; busybox cp /scratch/foo /host/foo; "+forever)
	reader.Links = []string{"web:front"}
	reader.VolumesFrom = []acs.VolumeFrom{{SourceContainer: "web"}}
	reader.DependsOn = []acs.Dependency{{ContainerName: "web", Condition: acs.ConditionHealthy}}
	task := dockerTask(reader, web)
	task.Volumes = []acs.Volume{{Name: "scratch", Type: "host", Host: &acs.HostVolume{}}, {Name: "host", Type: "host", Host: &acs.HostVolume{SourcePath: dir + "/made"}}}
	send(task)
	running := p.wait(task.ARN, "RUNNING")
	port, ranged := 0, ""
	for _, c := range running.Containers {
		for _, b := range c.NetworkBindings {
			if b["containerPort"] == float64(80) {
				port = int(b["hostPort"].(float64))
			}
			if b["containerPortRange"] == "7000-7001" {
				ranged, _ = b["hostPortRange"].(string)
			}
		}
	}
	if port == 0 {
		port, ranged = bindingsOf(t, p, task)
	}
	if ranged == "" {
		t.Errorf("no range: %+v", running)
	}
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	if string(body) != "hello\n" {
		t.Errorf("served %q", body)
	}
	for file, want := range map[string]string{"got": "hello\n", "foo": "bar\n"} {
		eventually(t, func() bool {
			text, err := os.ReadFile(dir + "/made/" + file)
			return err == nil && string(text) == want
		}, "file "+file)
	}
	send(acs.Task{ARN: task.ARN, DesiredStatus: acs.StatusStopped})
	stopped := p.wait2(task.ARN)
	if code := stopped["reader"]; code != 42 {
		t.Errorf("exit codes %v", stopped)
	}
}

// bindingsOf finds the web container's ports in reports that came before RUNNING.
func bindingsOf(t *testing.T, _ *plane, task acs.Task) (int, string) {
	t.Helper()
	out, err := exec.Command("docker", "ps", "--filter", "label="+runtime.LabelTaskARN+"="+task.ARN,
		"--filter", "label="+runtime.LabelContainerName+"=web", "--format", "{{.ID}}").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("docker", "port", strings.TrimSpace(string(out)), "80/tcp").Output()
	if err != nil {
		t.Fatal(err)
	}
	var port int
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	fmt.Sscan(line[strings.LastIndexByte(line, ':')+1:], &port)
	return port, "told before"
}

// wait2 collects exit codes until the task has stopped.
func (p *plane) wait2(task string) map[string]int {
	p.t.Helper()
	codes := map[string]int{}
	for deadline := time.After(patience); ; {
		select {
		case s := <-p.told:
			if s.Task != task {
				continue
			}
			for _, c := range s.Containers {
				if c.ExitCode != nil {
					codes[c.ContainerName] = *c.ExitCode
				}
			}
			if s.Status == "STOPPED" {
				return codes
			}
		case <-deadline:
			p.t.Fatalf("task %s did not stop", task)
		}
	}
}

func eventually(t *testing.T, ok func() bool, what string) {
	t.Helper()
	for begin := time.Now(); !ok(); <-time.After(20 * time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatalf("%s: does not come", what)
		}
	}
}

func TestCleanUpOnDocker(t *testing.T) {
	p, send, image := onDocker(t, func(c *Config) { c.Settings.CleanupWait = time.Millisecond })
	task := dockerTask(box("main", image, "exit 7"))
	task.CPU, task.Memory = 0.5, 64
	task.Volumes = []acs.Volume{{Name: "v", Docker: &acs.DockerVolume{Scope: "task", Driver: "local"}}}
	task.Containers[0].MountPoints = []acs.MountPoint{{SourceVolume: "v", ContainerPath: "/v"}}
	send(task)
	if codes := p.wait2(task.ARN); codes["main"] != 7 {
		t.Errorf("%v", codes)
	}
	eventually(t, func() bool {
		out, err := exec.Command("docker", "ps", "-aq", "--filter", "label="+runtime.LabelTaskARN+"="+task.ARN).Output()
		return err == nil && len(out) == 0
	}, "the container's removal")
	eventually(t, func() bool {
		out, err := exec.Command("docker", "volume", "ls", "-q", "--filter", "name=ecs-agenttest-1-v-").Output()
		return err == nil && len(out) == 0
	}, "the volume's removal")
	id := task.ARN[strings.LastIndexByte(task.ARN, '/')+1:]
	eventually(t, func() bool {
		_, err := os.Stat("/sys/fs/cgroup/memory/berth/" + id)
		return os.IsNotExist(err)
	}, "the cgroup's removal")
}

func TestFailedStartOnDocker(t *testing.T) {
	p, send, image := onDocker(t, nil)
	missing := dockerTask(box("main", "127.0.0.1:9/no/such:image", "exit 0"))
	bad := dockerTask(acs.Container{Name: "main", Image: image, Essential: true, Command: []string{"/no/such/program"}})
	for task, want := range map[string]string{missing.ARN: "CannotPull", bad.ARN: "CannotStartContainerError"} {
		if task == missing.ARN {
			send(missing)
		} else {
			send(bad)
		}
		s := p.wait(task, "STOPPED")
		if len(s.Containers) != 1 || !strings.HasPrefix(s.Containers[0].Reason, want) || s.Containers[0].ExitCode != nil {
			t.Errorf("%+v", s)
		}
		t.Log(s.Containers[0].Reason)
	}
}

// TestLatencyOnDocker shows what the agent adds to create and start. It only fails when the agent is grossly slow: a
// busy machine must not fail a test.
func TestLatencyOnDocker(t *testing.T) {
	p, send, image := onDocker(t, nil)
	rt, err := docker.New(docker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	var plain, ours []time.Duration
	for range 7 {
		begin := time.Now()
		id, err := rt.CreateContainer(t.Context(), runtime.Spec{
			Name: "agenttest-" + rand.Text(), Image: image, Command: []string{"/bin/sh", "-c", forever}, NetworkMode: "bridge", MemoryMiB: 32,
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := rt.StartContainer(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		plain = append(plain, time.Since(begin))
		if err := rt.RemoveContainer(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		task := dockerTask(box("main", image, forever))
		sent := send(task)
		ours = append(ours, p.wait(task.ARN, "RUNNING").at.Sub(sent))
		send(acs.Task{ARN: task.ARN, DesiredStatus: acs.StatusStopped})
		p.wait2(task.ARN)
	}
	slices.Sort(plain)
	slices.Sort(ours)
	t.Logf("median of %d: docker create and start %s, payload to RUNNING at the server %s", len(ours), plain[len(plain)/2], ours[len(ours)/2])
	if ours[len(ours)/2] > plain[len(plain)/2]+time.Second {
		t.Errorf("the agent takes %s, Docker alone %s", ours[len(ours)/2], plain[len(plain)/2])
	}
}

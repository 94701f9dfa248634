//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Labels that the agent puts on containers.
const (
	labelTask      = "com.amazonaws.ecs.task-arn"
	labelContainer = "com.amazonaws.ecs.container-name"
)

// docker runs the docker command and returns what it prints.
func docker(args ...string) (string, error) {
	cmd := exec.Command("docker", args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

func (c *C) docker(args ...string) string {
	c.Helper()
	out, err := docker(args...)
	c.must(err, "docker")
	return out
}

// containersOf lists the ids of a task's containers, ended ones included.
func (c *C) containersOf(task string) []string {
	c.Helper()
	return strings.Fields(c.docker("ps", "-aq", "--no-trunc", "--filter", "label="+labelTask+"="+task))
}

// real returns docker's view of one container of a task; there must be exactly one of that name.
func (c *C) real(task, name string) obj {
	c.Helper()
	ids := strings.Fields(c.docker("ps", "-aq", "--no-trunc", "--filter", "label="+labelTask+"="+task, "--filter", "label="+labelContainer+"="+name))
	if len(ids) != 1 {
		c.Fatalf("%d containers named %s of task %s, want 1: %v", len(ids), name, task, ids)
	}
	return c.inspect(ids[0])
}

func (c *C) inspect(id string) obj {
	c.Helper()
	var all []obj
	c.must(json.Unmarshal([]byte(c.docker("inspect", id)), &all), "read docker inspect")
	return all[0]
}

// logs is what a container wrote to both streams.
func (c *C) logs(id string) string {
	c.Helper()
	out, err := exec.Command("docker", "logs", id).CombinedOutput()
	c.must(err, "docker logs: %s", out)
	return string(out)
}

// removeContainers removes every container whose task's ARN contains a word: what a killed agent left.
func removeContainers(word string) {
	out, err := docker("ps", "-a", "--no-trunc", "--format", `{{.ID}} {{.Label "`+labelTask+`"}}`)
	if err != nil {
		return
	}
	var ids []string
	for _, line := range strings.Split(out, "\n") {
		if id, arn, ok := strings.Cut(line, " "); ok && strings.Contains(arn, word) {
			ids = append(ids, id)
		}
	}
	for chunk := range slices.Chunk(ids, 50) {
		_, _ = docker(append([]string{"rm", "-f", "-v"}, chunk...)...)
	}
}

// leftovers lists the containers whose task's ARN contains a word, and all networks and volumes that are not in a list.
func (c *C) leftovers(word string, before []string) []string {
	c.Helper()
	var left []string
	for _, line := range strings.Split(c.docker("ps", "-a", "--format", `{{.Names}} {{.Label "`+labelTask+`"}}`), "\n") {
		if strings.Contains(line, word) {
			left = append(left, "container "+line)
		}
	}
	for _, line := range c.networksAndVolumes() {
		if !slices.Contains(before, line) {
			left = append(left, line)
		}
	}
	return left
}

// networksAndVolumes lists all networks and volumes of the daemon.
func (c *C) networksAndVolumes() []string {
	c.Helper()
	var all []string
	for _, kind := range []string{"network", "volume"} {
		for _, name := range strings.Fields(c.docker(kind, "ls", "-q")) {
			all = append(all, kind+" "+name)
		}
	}
	return all
}

// curl asks a port of this machine until it answers, with the curl command a user would take.
func (c *C) curl(port int) string {
	c.Helper()
	var body string
	c.eventually(15*time.Second, fmt.Sprintf("port %d answers", port), func() error {
		out, err := exec.Command("curl", "-sS", "--max-time", "3", fmt.Sprintf("http://127.0.0.1:%d/", port)).CombinedOutput()
		body = string(out)
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	return body
}

// processOf is the main process of a running container.
func processOf(inspected obj) int { return int(num(inspected, "State.Pid")) }

// --- control groups -----------------------------------------------------------------------------------------------------

// limits are the numbers of a container's control group. Zero means that there is no limit.
type limits struct {
	cpuShares, memory, reservation int64
}

// limitsOf reads the control group of a process, of either version.
func (c *C) limitsOf(pid int) limits {
	c.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	c.must(err, "read the control groups of %d", pid)
	groups := map[string]string{} // controller → path; "" is version 2
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		fields := strings.SplitN(line, ":", 3)
		for _, controller := range strings.Split(fields[1], ",") {
			groups[controller] = fields[2]
		}
	}
	if memory, ok := groups["memory"]; ok {
		dir, cpu := filepath.Join("/sys/fs/cgroup/memory", memory), filepath.Join("/sys/fs/cgroup/cpu", groups["cpu"])
		return limits{
			cpuShares:   c.cgroupNumber(filepath.Join(cpu, "cpu.shares")),
			memory:      c.cgroupNumber(filepath.Join(dir, "memory.limit_in_bytes")),
			reservation: c.cgroupNumber(filepath.Join(dir, "memory.soft_limit_in_bytes")),
		}
	}
	dir := filepath.Join("/sys/fs/cgroup", groups[""])
	weight := c.cgroupNumber(filepath.Join(dir, "cpu.weight"))
	return limits{
		cpuShares:   2 + ((weight-1)*262142+9998)/9999, // the inverse of what the container runtime computes
		memory:      c.cgroupNumber(filepath.Join(dir, "memory.max")),
		reservation: c.cgroupNumber(filepath.Join(dir, "memory.low")),
	}
}

func (c *C) cgroupNumber(path string) int64 {
	c.Helper()
	data, err := os.ReadFile(path)
	c.must(err, "read a control group")
	text := strings.TrimSpace(string(data))
	n, err := strconv.ParseInt(text, 10, 64)
	if text == "max" || n >= 1<<60 {
		return 0
	}
	c.must(err, "read %s", path)
	return n
}

// commandLine is what a process runs, as /proc has it.
func (c *C) commandLine(pid int) string {
	c.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	c.must(err, "read the command of %d", pid)
	return strings.TrimSpace(strings.ReplaceAll(string(data), "\x00", " "))
}

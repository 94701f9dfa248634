//go:build acceptance

package acceptance

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func (c *C) portRange() (low, high int) {
	c.Helper()
	data, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	c.must(err, "read the port range")
	_, err = fmt.Sscan(string(data), &low, &high)
	c.must(err, "read %q", data)
	return low, high
}

// stopAndTime stops a task and returns it STOPPED, with the time its container took to end.
func (k *cluster) stopAndTime(arn, name string) (obj, time.Duration) {
	k.c.Helper()
	before := time.Now()
	k.stop(arn)
	task := k.stopped(arn)
	ended, err := time.Parse(time.RFC3339Nano, str(k.c.real(arn, name), "State.FinishedAt"))
	k.c.must(err, "read FinishedAt")
	return task, ended.Sub(before)
}

func TestS004(t *testing.T) {
	c := begin(t, "S004", "stop-task: a container that traps SIGTERM ends by itself with the trap's exit code")
	k := c.defaults()
	td := k.define(container("main", "trap 'echo caught TERM; exit 42' TERM; echo ready; while :; do sleep 0.1; done", obj{"stopTimeout": 30}))
	arn := k.run(td)
	k.running(arn)
	id := str(c.real(arn, "main"), "Id")
	c.eventually(10*time.Second, "the trap is set", func() error {
		if !strings.Contains(c.logs(id), "ready") {
			return notYet("no output")
		}
		return nil
	})
	task, took := k.stopAndTime(arn, "main")
	c.equal("exitCode", get(task, "containers.0.exitCode"), 42)
	c.check(!has(task, "containers.0.reason"), "a container that ended well has the reason %q", str(task, "containers.0.reason"))
	c.equal("docker's exit code", num(c.inspect(id), "State.ExitCode"), 42)
	c.check(strings.Contains(c.logs(id), "caught TERM"), "the container logged no signal: %s", c.logs(id))
	c.check(took < 15*time.Second, "it took %v", took)
}

func TestS005(t *testing.T) {
	c := begin(t, "S005", "stop-task: a container that ignores SIGTERM is gone after 30 s with exit code 137")
	k := c.defaults()
	main := container("main", stubborn, nil)
	delete(main, "stopTimeout")
	arn := k.run(k.define(main))
	k.running(arn)
	task, took := k.stopAndTime(arn, "main")
	c.equal("exitCode", get(task, "containers.0.exitCode"), 137)
	c.equal("docker's exit code", num(c.real(arn, "main"), "State.ExitCode"), 137)
	c.check(took > 29*time.Second && took < 42*time.Second, "it took %v, want about 30 s", took)
}

func TestS006(t *testing.T) {
	c := begin(t, "S006", "stopTimeout 5 kills after 5 s, else ECS_CONTAINER_STOP_TIMEOUT counts; 1, and 121 for Fargate, are refused")
	k := c.emptyCluster(c.dev())
	k.joinWith([]string{"ECS_CONTAINER_STOP_TIMEOUT=9s"})
	fast := k.run(k.define(container("main", stubborn, obj{"stopTimeout": 5})))
	without := container("main", stubborn, nil)
	delete(without, "stopTimeout")
	slow := k.run(k.define(without))
	k.running(fast)
	k.running(slow)
	task, took := k.stopAndTime(fast, "main")
	c.equal("exitCode", get(task, "containers.0.exitCode"), 137)
	c.check(took > 4500*time.Millisecond && took < 9*time.Second, "with stopTimeout 5 it took %v", took)
	task, took = k.stopAndTime(slow, "main")
	c.equal("exitCode", get(task, "containers.0.exitCode"), 137)
	c.check(took > 8500*time.Millisecond && took < 16*time.Second, "with the agent's 9 s it took %v", took)

	k.awsRefused("ClientException|InvalidParameterException", "at least 2 seconds", "register-task-definition",
		"--cli-input-json", compact(c.definition(nil, container("main", sleeps, obj{"stopTimeout": 1}))))
	fargate := obj{"requiresCompatibilities": []string{"FARGATE"}, "networkMode": "awsvpc", "cpu": "256", "memory": "512"}
	k.awsRefused("ClientException|InvalidParameterException", "less than 120 seconds", "register-task-definition",
		"--cli-input-json", compact(c.definition(fargate, container("main", sleeps, obj{"stopTimeout": 121}))))
	k.register(c.definition(fargate, container("main", sleeps, obj{"stopTimeout": 120})))
}

func TestS007(t *testing.T) {
	c := begin(t, "S007", "stop-task --reason shows as stoppedReason, stopCode UserInitiated; 256 characters are refused")
	k := c.defaults()
	td := k.define(container("main", sleeps, nil))
	arn := k.run(td)
	k.running(arn)
	k.awsRefused("InvalidParameterException|ClientException", "", "stop-task", "--cluster", k.name, "--task", arn, "--reason", strings.Repeat("x", 256))
	c.equal("desiredStatus after the refusal", str(k.task(arn), "desiredStatus"), "RUNNING")

	reason := strings.Repeat("long ", 50) + "enough"[:5] // 255 characters
	answer := k.stop(arn, "--reason", reason)
	c.equal("desiredStatus in the answer", str(answer, "task.desiredStatus"), "STOPPED")
	k.stop(arn, "--reason", "a second one") // repeating succeeds and keeps the first
	task := k.stopped(arn)
	c.equal("stoppedReason", str(task, "stoppedReason"), reason)
	c.equal("stopCode", str(task, "stopCode"), "UserInitiated")
	c.equal("State.Running", get(c.real(arn, "main"), "State.Running"), false)

	silent := k.run(td)
	k.running(silent)
	task = k.quit(silent)
	c.equal("stopCode", str(task, "stopCode"), "UserInitiated")
	c.equal("stoppedReason without a reason", str(task, "stoppedReason"), "Task stopped by user")
}

func TestS008(t *testing.T) {
	c := begin(t, "S008", "a process exits 7: task STOPPED, exitCode 7, EssentialContainerExited")
	k := c.defaults()
	arn := k.run(k.define(container("main", "sleep 1; exit 7", nil)))
	task := k.stopped(arn)
	c.equal("exitCode", get(task, "containers.0.exitCode"), 7)
	c.equal("stopCode", str(task, "stopCode"), "EssentialContainerExited")
	c.equal("stoppedReason", str(task, "stoppedReason"), "Essential container in task exited")
	c.equal("desiredStatus", str(task, "desiredStatus"), "STOPPED")
	c.check(!has(task, "containers.0.reason"), "the container has the reason %q", str(task, "containers.0.reason"))
	c.equal("docker's exit code", num(c.real(arn, "main"), "State.ExitCode"), 7)
	k.awsRefused("InvalidParameterException", "The referenced task was not found.", "stop-task", "--cluster", k.name, "--task", strings.Repeat("0", 32))
}

func TestS009(t *testing.T) {
	c := begin(t, "S009", "an essential container's end stops the other real container, a non-essential one's does not")
	k := c.defaults()
	both := k.run(k.define(container("ends", "sleep 2; exit 3", nil), container("stays", "trap 'exit 9' TERM; while :; do sleep 0.1; done", obj{"stopTimeout": 20})))
	helper := k.run(k.define(container("ends", "sleep 1; exit 3", obj{"essential": false}), container("stays", sleeps, nil)))

	task := k.stopped(both)
	c.equal("exitCode of the one that ended", get(part(task, "ends"), "exitCode"), 3)
	c.equal("exitCode of the other", get(part(task, "stays"), "exitCode"), 9)
	c.equal("stopCode", str(task, "stopCode"), "EssentialContainerExited")
	c.equal("the other runs", get(c.real(both, "stays"), "State.Running"), false)

	c.eventually(20*time.Second, "the helper's end is reported", func() error {
		if got := get(part(k.task(helper), "ends"), "exitCode"); fmt.Sprint(got) != "3" {
			return notYet("exitCode %v", got)
		}
		return nil
	})
	c.stays(3*time.Second, "the task goes on", func() error {
		if task := k.task(helper); str(task, "desiredStatus") != "RUNNING" || str(task, "lastStatus") != "RUNNING" {
			return notYet("%s", compact(task))
		}
		return nil
	})
	c.equal("the essential one runs", get(c.real(helper, "stays"), "State.Running"), true)
}

func TestS010(t *testing.T) {
	c := begin(t, "S010", "an image that does not exist: STOPPED, TaskFailedToStart, a readable reason of at most 255 characters")
	k := c.defaults()
	registry := c.registry()
	for _, missing := range []string{
		registry + "/nobody/has/this:1",                     // the registry answers: no such image
		fmt.Sprintf("127.0.0.1:%d/no/registry:1", c.port()), // nobody answers
	} {
		arn := k.run(k.define(with(container("main", sleeps, nil), obj{"image": missing})))
		task := k.stopped(arn)
		c.equal("stopCode", str(task, "stopCode"), "TaskFailedToStart")
		reason := str(task, "containers.0.reason")
		c.check(strings.HasPrefix(reason, "CannotPull"), "the container's reason is %q", reason)
		c.check(strings.Contains(reason, strings.SplitN(missing, "/", 2)[0]), "the reason does not name the registry: %q", reason)
		c.check(len(reason) <= 255, "the container's reason has %d characters", len(reason))
		stopped := str(task, "stoppedReason")
		c.check(stopped != "" && len(stopped) <= 255, "stoppedReason is %q", stopped)
		c.check(!has(task, "containers.0.exitCode"), "a container that never ran has an exit code")
		c.check(!has(task, "startedAt"), "a task that never ran has startedAt")
		c.equal("containers left", len(c.containersOf(arn)), 0)
	}
}

func TestS011(t *testing.T) {
	c := begin(t, "S011", "timestamps of a finished task are ordered, pull times included")
	k := c.defaults()
	pulled := c.push("timestamps")
	td := k.define(with(container("main", sleeps, nil), obj{"image": pulled}))
	arn := k.run(td)
	k.running(arn)
	k.stop(arn)
	task := k.stopped(arn)
	names := []string{"createdAt", "pullStartedAt", "pullStoppedAt", "startedAt", "stoppingAt", "executionStoppedAt", "stoppedAt"}
	last, lastName := 0.0, ""
	for _, name := range names {
		at, ok := get(task, name).(float64)
		c.check(ok && at > 1.7e9, "%s is %v, want epoch seconds", name, get(task, name))
		c.check(at >= last, "%s (%f) is before %s (%f)", name, at, lastName, last)
		last, lastName = at, name
	}
	started, err := time.Parse(time.RFC3339Nano, str(c.real(arn, "main"), "State.StartedAt"))
	c.must(err, "read StartedAt")
	c.check(num(task, "startedAt") >= float64(started.UnixMilli())/1000-0.002, "startedAt %f is before docker's start %v", num(task, "startedAt"), started)
	c.check(strings.HasPrefix(str(task, "containers.0.imageDigest"), "sha256:") || !has(task, "containers.0.imageDigest"),
		"imageDigest is %q", str(task, "containers.0.imageDigest"))
}

func TestS012(t *testing.T) {
	c := begin(t, "S012", "a stopped task is still described after 59 minutes")
	s := c.server()
	k, agent := c.clusterOn(s.api(c))
	arn := k.run(k.define(container("main", "exit 5", nil)))
	before := k.stopped(arn)
	agent.term(20 * time.Second)
	c.equal("exit code of the server", s.term(30*time.Second), 0)

	s.restart(c, "--clock-offset", "59m")
	after := k.task(arn)
	c.equal("lastStatus", str(after, "lastStatus"), "STOPPED")
	for _, name := range []string{"stoppedAt", "stopCode", "stoppedReason", "startedAt", "containers.0.exitCode", "containers.0.runtimeId"} {
		c.equal(name, get(after, name), get(before, name))
	}
	stopped := words(list(k.call("ListTasks", obj{"cluster": k.name, "desiredStatus": "STOPPED"}), "taskArns"))
	c.check(len(stopped) == 1 && stopped[0] == arn, "ListTasks of STOPPED gives %v", stopped)
}

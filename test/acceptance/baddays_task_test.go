//go:build acceptance

package acceptance

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

func TestPortsExhausted(t *testing.T) {
	c := begin(t, "A-baddays-ports", "a taken host port: RESOURCE:PORTS, free again after the stop; one taken by a stranger: a clear reason")
	k, agent := c.clusterOn(c.dev())
	port := c.port()
	td := k.define(httpd("web", obj{"containerPort": 80, "hostPort": port}))
	first := k.run(td)
	out := k.aws("run-task", "--cluster", k.name, "--task-definition", td)
	c.equal("tasks on a taken port", len(list(out, "tasks")), 0)
	c.equal("reason", str(out, "failures.0.reason"), "RESOURCE:PORTS")
	c.equal("arn of the failure", str(out, "failures.0.arn"), agent.instance)
	out = k.call("StartTask", obj{"cluster": k.name, "taskDefinition": td, "containerInstances": []string{agent.instance}})
	c.equal("reason of StartTask", str(out, "failures.0.reason"), "RESOURCE:PORTS")
	k.running(first)
	c.curl(port)
	k.quit(first)
	again := k.run(td)
	k.running(again)
	c.curl(port)

	foreign := c.port()
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", foreign))
	c.must(err, "take a port")
	c.Cleanup(func() { _ = listener.Close() })
	arn := k.run(k.define(httpd("web", obj{"containerPort": 80, "hostPort": foreign})))
	task := k.stopped(arn)
	c.equal("stopCode", str(task, "stopCode"), "TaskFailedToStart")
	reason := str(task, "stoppedReason") + " " + str(task, "containers.0.reason")
	c.check(strings.Contains(reason, fmt.Sprint(foreign)), "the reasons do not name port %d: %q", foreign, reason)
	running := c.docker("ps", "-q", "--filter", "label="+labelTask+"="+arn)
	c.equal("running containers of the failed task", running, "")
}

func TestMemoryExhausted(t *testing.T) {
	c := begin(t, "A-baddays-memory", "no room: RESOURCE:MEMORY and RESOURCE:CPU per instance, what fits is placed, nothing is rolled back")
	k, agent := c.clusterOn(c.dev(), "--cpu", "1000", "--memory", "100")
	td := k.define(container("main", sleeps, nil)) // 32 MiB
	out := k.aws("run-task", "--cluster", k.name, "--task-definition", td, "--count", "5")
	c.equal("tasks that fit into 100 MiB", len(list(out, "tasks")), 3)
	c.check(len(list(out, "failures")) >= 1, "no failures: %s", compact(out))
	for i := range list(out, "failures") {
		c.equal("reason", str(out, fmt.Sprintf("failures.%d.reason", i)), "RESOURCE:MEMORY")
		c.equal("arn", str(out, fmt.Sprintf("failures.%d.arn", i)), agent.instance)
	}
	for i := range list(out, "tasks") {
		arn := str(out, fmt.Sprintf("tasks.%d.taskArn", i))
		k.stopAtEnd(arn)
		k.running(arn)
	}
	k.quit(str(out, "tasks.0.taskArn"))
	k.running(k.run(td))
	out = k.call("RunTask", obj{"cluster": k.name, "taskDefinition": k.define(container("main", sleeps, obj{"cpu": 1001, "memory": 4 + 2}))})
	c.equal("reason for too much CPU", str(out, "failures.0.reason"), "RESOURCE:CPU")
	empty := c.emptyCluster(c.dev())
	empty.awsRefused("InvalidParameterException", "No Container Instances were found in your cluster.", "run-task", "--cluster", empty.name, "--task-definition", td)
}

func TestQueuedBehindStopping(t *testing.T) {
	c := begin(t, "A-baddays-queue", "a new task waits for the port and memory of a stopping one, says so, and then runs")
	k, _ := c.clusterOn(c.dev())
	port := c.port()
	slow := httpd("web", obj{"containerPort": 80, "hostPort": port})
	slow["command"], slow["stopTimeout"] = []string{"sh", "-c", "httpd -p 80 -h /www; " + stubborn}, 8
	td := k.define(slow)
	old := k.run(td)
	k.running(old)
	c.curl(port)
	k.stop(old)
	next := k.run(td) // accepted at once: ECS counts the stopping task's room as free
	said := ""
	for deadline := time.Now().Add(6 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		task := k.task(next)
		c.equal("status while the old one stops", str(task, "lastStatus"), "PENDING")
		if said = str(task, "stoppedReason") + str(task, "containers.0.reason"); said != "" {
			break
		}
	}
	c.check(strings.Contains(strings.ToLower(said), "wait"), "the waiting task's reason does not say that it waits: %q", said)
	task := k.running(next)
	c.equal("exit code of the old one", get(k.stopped(old), "containers.0.exitCode"), 137)
	c.check(str(task, "stoppedReason") == "" && !has(task, "containers.0.reason"), "the running task still has a reason: %s", compact(task))
	c.check(strings.Contains(c.curl(port), "hello"), "no answer from the new one")
}

func TestBrokenTasks(t *testing.T) {
	c := begin(t, "A-baddays-broken", "a command, a user or a folder that does not exist: TaskFailedToStart with the runtime's reason")
	k := c.defaults()
	for what, broken := range map[string]obj{
		"/no/such/program": container("main", "", obj{"command": []string{"/no/such/program"}}),
		"nobodyhere":       container("main", sleeps, obj{"user": "nobodyhere"}),
	} {
		arn := k.run(k.define(broken))
		task := k.stopped(arn)
		c.equal("stopCode with "+what, str(task, "stopCode"), "TaskFailedToStart")
		reason := str(task, "containers.0.reason")
		c.check(strings.Contains(reason, what), "the reason does not name %s: %q", what, reason)
		c.check(strings.Contains(reason, "Error"), "the reason has no error name: %q", reason)
		c.check(!has(task, "startedAt"), "a task that never ran has startedAt")
	}
	hungry := k.run(k.define(container("main", "", obj{"memory": 16, "command": []string{"tail", "-c", "200m", "/dev/zero"}})))
	task := k.stopped(hungry)
	c.equal("exitCode of the one killed for memory", get(task, "containers.0.exitCode"), 137)
	c.check(strings.Contains(str(task, "containers.0.reason"), "OutOfMemoryError"), "its reason is %q", str(task, "containers.0.reason"))
}

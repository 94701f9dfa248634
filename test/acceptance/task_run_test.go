//go:build acceptance

package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestS001(t *testing.T) {
	c := begin(t, "S001", "run-task on default: a real container of the image runs, runtimeId is its id")
	k := c.defaults()
	td := k.define(container("main", sleeps, nil))
	out := k.aws("run-task", "--task-definition", td) // no cluster: default
	arn := str(out, "tasks.0.taskArn")
	k.stopAtEnd(arn)
	k.aws("wait", "tasks-running", "--tasks", arn)

	task, real := obj{}, c.real(arn, "main")
	task, _ = get(k.aws("describe-tasks", "--tasks", arn), "tasks.0").(obj)
	c.equal("lastStatus", str(task, "lastStatus"), "RUNNING")
	c.equal("runtimeId", str(task, "containers.0.runtimeId"), str(real, "Id"))
	c.equal("the container's image", str(real, "Config.Image"), image)
	c.equal("State.Running", get(real, "State.Running"), true)
	c.check(strings.Contains(c.commandLine(processOf(real)), sleeps), "the process is %q", c.commandLine(processOf(real)))
	c.check(strings.Contains(arn, ":task/default/"), "the task's ARN is %s", arn)
}

func TestS002(t *testing.T) {
	c := begin(t, "S002", "run-task answers at once: PENDING, RUNNING wanted, overrides name every container")
	k := c.defaults()
	td := k.define(container("one", sleeps, nil), container("two", sleeps, nil))
	out := k.aws("run-task", "--cluster", k.name, "--task-definition", td)
	task, _ := get(out, "tasks.0").(obj)
	arn := str(task, "taskArn")
	k.stopAtEnd(arn)

	c.equal("lastStatus", str(task, "lastStatus"), "PENDING")
	c.equal("desiredStatus", str(task, "desiredStatus"), "RUNNING")
	c.equal("failures", list(out, "failures"), []any{})
	c.equal("containers", len(list(task, "containers")), 2)
	for _, name := range []string{"one", "two"} {
		c.equal(name+" lastStatus", str(part(task, name), "lastStatus"), "PENDING")
		c.check(find(list(task, "overrides.containerOverrides"), "name", name) != nil, "overrides do not name %s: %s", name, compact(get(task, "overrides")))
	}
	c.equal("taskDefinitionArn", str(task, "taskDefinitionArn"), td)
	c.check(str(task, "containerInstanceArn") != "", "no containerInstanceArn")
	c.equal("the task under its ARN", str(k.task(arn), "taskArn"), arn)
	c.equal("the task under its id", str(k.task(idOf(arn)), "taskArn"), arn)
	k.running(arn)
}

func TestS003(t *testing.T) {
	c := begin(t, "S003", "the CLI's waiters tasks-running and tasks-stopped end well for sleep 20")
	k := c.defaults()
	td := k.define(with(container("main", "", nil), obj{"command": []string{"sleep", "20"}}))
	arn := k.run(td)
	k.aws("wait", "tasks-running", "--cluster", k.name, "--tasks", arn)
	c.equal("lastStatus", str(k.task(arn), "lastStatus"), "RUNNING")
	c.equal("State.Running", get(c.real(arn, "main"), "State.Running"), true)
	k.aws("wait", "tasks-stopped", "--cluster", k.name, "--tasks", arn)
	c.equal("lastStatus", str(k.task(arn), "lastStatus"), "STOPPED")
	c.equal("exitCode", get(k.task(arn), "containers.0.exitCode"), 0)
}

func TestS013(t *testing.T) {
	c := begin(t, "S013", "count 3 gives 3 real containers, count 11 is refused")
	k := c.defaults()
	td := k.define(container("main", sleeps, nil))
	out := k.aws("run-task", "--cluster", k.name, "--task-definition", td, "--count", "3", "--started-by", c.name("by"))
	c.equal("tasks", len(list(out, "tasks")), 3)
	ids := map[string]bool{}
	for i := range list(out, "tasks") {
		arn := str(out, fmt.Sprintf("tasks.%d.taskArn", i))
		k.stopAtEnd(arn)
		k.running(arn)
		real := c.real(arn, "main")
		c.equal("State.Running", get(real, "State.Running"), true)
		ids[str(real, "Id")] = true
	}
	c.equal("different containers", len(ids), 3)
	k.awsRefused("InvalidParameterException|ClientException", "", "run-task", "--cluster", k.name, "--task-definition", td, "--count", "11")
	c.equal("tasks of the family after the refusal", len(list(k.call("ListTasks", obj{"cluster": k.name, "family": familyOf(td)}), "taskArns")), 3)
}

// familyOf is the family of a task definition's ARN.
func familyOf(td string) string {
	name := idOf(td)
	return name[:strings.LastIndex(name, ":")]
}

func TestS022(t *testing.T) {
	c := begin(t, "S022", "boto3's example (sleep360:1 on default) gives the documented answer field by field")
	k := c.defaults()
	k.register(obj{"family": "sleep360", "containerDefinitions": []obj{
		{"name": "sleep", "image": image, "cpu": 10, "memory": 10, "essential": true, "stopTimeout": 2, "command": []string{"sleep", "360"}},
	}})
	out := k.boto3(`print(json.dumps(ecs.run_task(cluster='default', taskDefinition='sleep360:1'), default=str))`, "RunTask")
	prefix := "arn:aws:ecs:" + region + ":" + account + ":"
	task, _ := get(out, "tasks.0").(obj)
	arn := str(task, "taskArn")
	k.stopAtEnd(arn)
	c.equal("tasks", len(list(out, "tasks")), 1)
	c.check(has(out, "failures") && len(list(out, "failures")) == 0, "failures is not an empty list: %s", compact(out))
	for path, want := range map[string]string{
		"taskArn":                             prefix + "task/default/",
		"taskDefinitionArn":                   prefix + "task-definition/sleep360:1",
		"clusterArn":                          prefix + "cluster/default",
		"containerInstanceArn":                prefix + "container-instance/default/",
		"containers.0.containerArn":           prefix + "container/default/" + idOf(arn) + "/",
		"containers.0.taskArn":                arn,
		"containers.0.name":                   "sleep",
		"containers.0.lastStatus":             "PENDING",
		"lastStatus":                          "PENDING",
		"desiredStatus":                       "RUNNING",
		"overrides.containerOverrides.0.name": "sleep",
		"group":                               "family:sleep360",
		"launchType":                          "E", // EC2 or EXTERNAL
	} {
		c.check(strings.HasPrefix(str(task, path), want), "%s is %q, want %q", path, str(task, path), want)
	}
	c.equal("version", num(task, "version"), 1)
	c.equal("overrides.containerOverrides", len(list(task, "overrides.containerOverrides")), 1)
	c.check(has(out, "ResponseMetadata.RequestId"), "no request id")
	c.check(has(task, "createdAt"), "no createdAt")
	c.check(!has(task, "startedAt") && !has(task, "stoppedAt") && !has(task, "stopCode"), "times and codes of a later day: %s", compact(task))
	k.running(arn)
	c.equal("the process", c.commandLine(processOf(c.real(arn, "sleep"))), "sleep 360")
}

func TestS014(t *testing.T) {
	c := begin(t, "S014", "a command override changes the real process of that container only")
	k := c.defaults()
	td := k.define(with(container("one", "", nil), obj{"command": []string{"sleep", "301"}}),
		with(container("two", "", nil), obj{"command": []string{"sleep", "302"}}))
	arn := k.run(td, "--overrides", `{"containerOverrides":[{"name":"two","command":["sleep","399"]}]}`)
	task := k.running(arn)
	c.equal("process of one", c.commandLine(processOf(c.real(arn, "one"))), "sleep 301")
	c.equal("process of two", c.commandLine(processOf(c.real(arn, "two"))), "sleep 399")
	override := find(list(task, "overrides.containerOverrides"), "name", "two")
	c.equal("the override is shown", words(list(override, "command")), []string{"sleep", "399"})
}

func TestS015(t *testing.T) {
	c := begin(t, "S015", "an environment override replaces one variable and adds one")
	k := c.defaults()
	td := k.define(container("main", "env; "+sleeps, obj{"environment": []obj{{"name": "KEPT", "value": "k"}, {"name": "COLOUR", "value": "red"}}}))
	arn := k.run(td, "--overrides", `{"containerOverrides":[{"name":"main","environment":[{"name":"COLOUR","value":"blue"},{"name":"ADDED","value":"a"}]}]}`)
	k.running(arn)
	id := str(c.real(arn, "main"), "Id")
	c.eventually(10*time.Second, "env shows the variables", func() error {
		lines := strings.Split(c.logs(id), "\n")
		for _, want := range []string{"KEPT=k", "COLOUR=blue", "ADDED=a"} {
			n := 0
			for _, line := range lines {
				if strings.TrimSpace(line) == want {
					n++
				}
			}
			if n != 1 {
				return notYet("%q %d times in %v", want, n, lines)
			}
		}
		if strings.Contains(strings.Join(lines, "\n"), "COLOUR=red") {
			c.Fatalf("the old value is still there: %v", lines)
		}
		return nil
	})
}

func TestS016(t *testing.T) {
	c := begin(t, "S016", "cpu, memory and reservation overrides reach the control group; bad overrides are refused")
	k := c.defaults()
	td := k.define(container("main", sleeps, obj{"cpu": 64, "memory": 32, "memoryReservation": 8}))
	arn := k.run(td, "--overrides", `{"containerOverrides":[{"name":"main","cpu":256,"memory":64,"memoryReservation":16}]}`)
	k.running(arn)
	got := c.limitsOf(processOf(c.real(arn, "main")))
	c.check(got.cpuShares >= 250 && got.cpuShares <= 262, "cpu shares %d, want 256", got.cpuShares)
	c.equal("memory limit", got.memory, 64<<20)
	c.equal("memory reservation", got.reservation, 16<<20)

	plain := k.run(td, "--overrides", `{"containerOverrides":[]}`)
	k.running(plain)
	got = c.limitsOf(processOf(c.real(plain, "main")))
	c.check(got.cpuShares >= 60 && got.cpuShares <= 68, "cpu shares %d, want 64", got.cpuShares)
	c.equal("memory limit", got.memory, 32<<20)

	k.awsRefused("InvalidParameterException|ClientException", "Override for container named other is not a container in the TaskDefinition.",
		"run-task", "--cluster", k.name, "--task-definition", td, "--overrides", `{"containerOverrides":[{"name":"other","cpu":1}]}`)
	k.awsRefused("InvalidParameterException|ClientException", "",
		"run-task", "--cluster", k.name, "--task-definition", td, "--overrides", `{"containerOverrides":[{"cpu":1}]}`)
}

func TestS017(t *testing.T) {
	c := begin(t, "S017", "a fixed host port answers curl, networkBindings show it")
	k := c.defaults()
	port := c.port()
	td := k.define(httpd("web", obj{"containerPort": 80, "hostPort": port}))
	arn := k.run(td)
	task := k.running(arn)
	c.check(strings.Contains(c.curl(port), "hello from a berth task"), "curl got something else")
	c.equal("networkBindings", compact(get(task, "containers.0.networkBindings")),
		compact([]obj{{"bindIP": "0.0.0.0", "containerPort": 80, "hostPort": port, "protocol": "tcp"}}))
	real := c.real(arn, "web")
	c.equal("docker's host port", str(real, "NetworkSettings.Ports.80/tcp.0.HostPort"), fmt.Sprint(port))
	k.quit(arn)
	c.eventually(10*time.Second, "the port is free again", func() error {
		if !portFree(port) {
			return notYet("port %d is taken", port)
		}
		return nil
	})
}

// httpd is a web server that answers on port 80 and the given mappings.
func httpd(name string, mappings ...obj) obj {
	return with(container(name, "", nil), obj{"command": []string{"httpd", "-f", "-p", "80", "-h", "/www"}, "portMappings": mappings})
}

func TestS018(t *testing.T) {
	c := begin(t, "S018", "no host port, or 0: one of ip_local_port_range is chosen, shown, and answers curl")
	k := c.defaults()
	low, high := c.portRange()
	for _, mapping := range []obj{{"containerPort": 80}, {"containerPort": 80, "hostPort": 0}} {
		arn := k.run(k.define(httpd("web", mapping)))
		task := k.running(arn)
		bindings := list(task, "containers.0.networkBindings")
		c.equal("bindings of "+compact(mapping), len(bindings), 1)
		port := int(num(task, "containers.0.networkBindings.0.hostPort"))
		c.check(port >= low && port <= high, "host port %d is not in %d-%d", port, low, high)
		c.equal("containerPort", num(task, "containers.0.networkBindings.0.containerPort"), 80)
		c.check(strings.Contains(c.curl(port), "hello from a berth task"), "curl got something else")
	}
}

//go:build acceptance

package acceptance

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestS104(t *testing.T) {
	c := begin(t, "S104", "an agent registers: resources, versions, attributes; default appears when it is the first")
	s := c.server()
	a := s.api(c)
	c.equal("default before any agent", str(a.call("DescribeClusters", obj{}), "failures.0.reason"), "MISSING")
	k := &cluster{api: a, name: "default"}
	key, secret := a.newKey("agent")
	first := c.start(c.name("agent"), environment(key, secret), home.bin, "agent", "--server", s.url, "--data", c.dir("agent"))
	c.eventually(startLimit, "default has an instance", func() error {
		if !first.alive() {
			c.Fatalf("the agent has ended:\n%s", first.tail(20))
		}
		if _, err := a.try("ListContainerInstances", obj{}); err != nil || len(k.instances()) != 1 {
			return notYet("%v", err)
		}
		return nil
	})
	k.awaitConnected(k.instances()[0], true)
	second := k.join("--zone", "zone-b", "--attribute", "rack=r7", "--attribute", "disk=ssd", "--cpu", "3000", "--memory", "5000")

	out := a.aws("list-container-instances", "--cluster", "default")
	c.equal("instances", len(list(out, "containerInstanceArns")), 2)
	out = a.aws("describe-container-instances", "--cluster", "default", "--container-instances", second.instance)
	i, _ := get(out, "containerInstances.0").(obj)
	c.equal("status", str(i, "status"), "ACTIVE")
	c.equal("agentConnected", get(i, "agentConnected"), true)
	for _, which := range []string{"registeredResources", "remainingResources"} {
		cpu, memory, ports := find(list(i, which), "name", "CPU"), find(list(i, which), "name", "MEMORY"), find(list(i, which), "name", "PORTS")
		c.equal(which+" CPU", num(cpu, "integerValue"), 3000)
		c.equal(which+" CPU type", str(cpu, "type"), "INTEGER")
		c.equal(which+" MEMORY", num(memory, "integerValue"), 5000)
		c.equal(which+" PORTS type", str(ports, "type"), "STRINGSET")
		c.check(slices.Contains(words(list(ports, "stringSetValue")), "22"), "%s PORTS do not list 22: %s", which, compact(ports))
	}
	c.check(str(i, "versionInfo.agentVersion") != "", "no agentVersion: %s", compact(get(i, "versionInfo")))
	version := c.docker("version", "--format", "{{.Server.Version}}")
	c.check(strings.Contains(str(i, "versionInfo.dockerVersion"), version), "dockerVersion %q, docker says %q", str(i, "versionInfo.dockerVersion"), version)
	attributes := list(i, "attributes")
	for name, want := range map[string]string{
		"rack": "r7", "disk": "ssd", "ecs.availability-zone": "zone-b", "ecs.os-type": "linux", "ecs.cpu-architecture": "",
		"com.amazonaws.ecs.capability.docker-remote-api.1.25": "", "com.amazonaws.ecs.capability.logging-driver.json-file": "",
	} {
		found := find(attributes, "name", name)
		c.check(found != nil, "attribute %s is missing", name)
		c.check(want == "" || str(found, "value") == want, "attribute %s is %q, want %q", name, str(found, "value"), want)
	}
	c.check(k.resource(k.instances()[0], "registeredResources", "CPU")%1024 == 0 || k.instances()[0] == second.instance,
		"without --cpu the CPU is not a multiple of 1024")
}

func TestS105(t *testing.T) {
	c := begin(t, "S105", "remaining CPU and MEMORY fall on placement and return on stop; the reservation counts")
	k, agent := c.clusterOn(c.dev(), "--cpu", "2000", "--memory", "1000")
	at := agent.instance
	hard := k.run(k.define(container("main", sleeps, obj{"cpu": 300, "memory": 64})))
	c.equal("CPU after the first", k.resource(at, "remainingResources", "CPU"), 1700)
	c.equal("MEMORY after the first", k.resource(at, "remainingResources", "MEMORY"), 936)
	soft := k.run(k.define(container("main", sleeps, obj{"cpu": 0, "memory": 64, "memoryReservation": 16})))
	c.equal("CPU after the second", k.resource(at, "remainingResources", "CPU"), 1700)
	c.equal("MEMORY after the second: the reservation", k.resource(at, "remainingResources", "MEMORY"), 920)
	k.running(hard)
	k.running(soft)
	c.equal("registered MEMORY", k.resource(at, "registeredResources", "MEMORY"), 1000)
	c.equal("runningTasksCount", num(k.instance(at), "runningTasksCount"), 2)
	k.quit(hard)
	c.equal("CPU after the stop", k.resource(at, "remainingResources", "CPU"), 2000)
	c.equal("MEMORY after the stop", k.resource(at, "remainingResources", "MEMORY"), 984)
	k.quit(soft)
	c.equal("MEMORY at the end", k.resource(at, "remainingResources", "MEMORY"), 1000)
	c.equal("runningTasksCount at the end", num(k.instance(at), "runningTasksCount"), 0)
}

func TestS106(t *testing.T) {
	c := begin(t, "S106", "PORTS lists 22, 2375, 2376, 51678-51680 and the fixed ports in use")
	k, agent := c.clusterOn(c.dev())
	reserved := []string{"22", "2375", "2376", "51678", "51679", "51680"}
	for _, which := range []string{"registeredResources", "remainingResources"} {
		ports := k.portSet(agent.instance, which)
		for _, want := range reserved {
			c.check(slices.Contains(ports, want), "%s do not list %s: %v", which, want, ports)
		}
	}
	port := c.port()
	arn := k.run(k.define(httpd("web", obj{"containerPort": 80, "hostPort": port}, obj{"containerPort": 81})))
	k.running(arn)
	used := k.portSet(agent.instance, "remainingResources")
	c.check(slices.Contains(used, fmt.Sprint(port)), "the port in use, %d, is not listed: %v", port, used)
	c.equal("ports listed: the reserved and the fixed one, not the dynamic one", len(used), len(reserved)+1)
	c.check(!slices.Contains(k.portSet(agent.instance, "registeredResources"), fmt.Sprint(port)), "registeredResources list the task's port")
	k.quit(arn)
	c.check(!slices.Contains(k.portSet(agent.instance, "remainingResources"), fmt.Sprint(port)), "the port is still listed after the stop")
}

func TestS107(t *testing.T) {
	c := begin(t, "S107", "agent killed: disconnected, no placement, containers live on; back: reconciled, connectivityAt moves")
	k, agent := c.clusterOn(c.dev())
	td := k.define(container("main", sleeps, nil))
	stays, ends := k.run(td), k.run(td)
	k.running(stays)
	k.running(ends)
	c.eventually(10*time.Second, "the task is CONNECTED", func() error {
		if got := str(k.task(stays), "connectivity"); got != "CONNECTED" {
			return notYet("connectivity %q", got)
		}
		return nil
	})
	before, real := k.task(stays), c.real(stays, "main")
	agent.kill()
	k.awaitConnected(agent.instance, false)
	c.eventually(10*time.Second, "the task is DISCONNECTED", func() error {
		if got := str(k.task(stays), "connectivity"); got != "DISCONNECTED" {
			return notYet("connectivity %q", got)
		}
		return nil
	})
	c.equal("lastStatus meanwhile", str(k.task(stays), "lastStatus"), "RUNNING")
	c.equal("the container meanwhile", get(c.inspect(str(real, "Id")), "State.Running"), true)
	out := k.aws("run-task", "--cluster", k.name, "--task-definition", td)
	c.equal("tasks placed meanwhile", len(list(out, "tasks")), 0)
	c.equal("reason", str(out, "failures.0.reason"), "AGENT")
	c.equal("arn of the failure", str(out, "failures.0.arn"), agent.instance)
	c.docker("kill", str(c.real(ends, "main"), "Id"))

	agent.again(k)
	task := k.stopped(ends) // what ended meanwhile is reported
	c.equal("exitCode of the one that ended", get(task, "containers.0.exitCode"), 137)
	c.eventually(10*time.Second, "the task is CONNECTED again", func() error {
		if got := str(k.task(stays), "connectivity"); got != "CONNECTED" {
			return notYet("connectivity %q", got)
		}
		return nil
	})
	after := k.task(stays)
	c.equal("lastStatus", str(after, "lastStatus"), "RUNNING")
	c.check(num(after, "connectivityAt") > num(before, "connectivityAt"), "connectivityAt did not move: %v", get(after, "connectivityAt"))
	c.equal("runtimeId", get(after, "containers.0.runtimeId"), str(real, "Id"))
	c.equal("the container's start", str(c.real(stays, "main"), "State.StartedAt"), str(real, "State.StartedAt"))
	c.equal("instances", k.instances(), []string{agent.instance})
	k.running(k.run(td))
	k.quit(stays) // the reconciled container is still ours to stop
	c.equal("the container at the end", get(c.inspect(str(real, "Id")), "State.Running"), false)
}

func TestS109(t *testing.T) {
	c := begin(t, "S109", "DRAINING takes nothing new, ACTIVE again does; drain of an unregistered instance is a failure")
	k, agent := c.clusterOn(c.dev())
	td := k.define(container("main", sleeps, nil))
	old := k.run(td)
	k.running(old)
	out := k.aws("update-container-instances-state", "--cluster", k.name, "--container-instances", agent.instance, "--status", "DRAINING")
	c.equal("status in the answer", str(out, "containerInstances.0.status"), "DRAINING")
	c.equal("status", str(k.instance(agent.instance), "status"), "DRAINING")
	if out, err := k.tryAWS("run-task", "--cluster", k.name, "--task-definition", td); err != nil {
		c.refusal(err, "InvalidParameterException", "No Container Instances were found in your cluster.", "run-task on a draining instance")
	} else {
		c.equal("tasks placed on a draining instance", len(list(out, "tasks")), 0)
		c.equal("failures", len(list(out, "failures")), 1)
	}
	c.equal("the old task", str(k.task(old), "lastStatus"), "RUNNING")
	c.equal("containers", len(c.containersOf(old)), 1)

	k.aws("update-container-instances-state", "--cluster", k.name, "--container-instances", agent.instance, "--status", "ACTIVE")
	k.running(k.run(td))

	unknown := strings.Replace(agent.instance, idOf(agent.instance), strings.Repeat("0", 32), 1)
	out = k.aws("update-container-instances-state", "--cluster", k.name, "--container-instances", unknown, "--status", "DRAINING")
	c.equal("reason for an unregistered instance", str(out, "failures.0.reason"), "MISSING")
	c.equal("instances changed", len(list(out, "containerInstances")), 0)
	k.awsRefused("InvalidParameterException", "Container instance status should be one of [ACTIVE, DRAINING]",
		"update-container-instances-state", "--cluster", k.name, "--container-instances", agent.instance, "--status", "REGISTERING")
}

func TestS111(t *testing.T) {
	c := begin(t, "S111", "start-task runs on the named instance; an unknown one is a failure; 11 are refused")
	k, first := c.clusterOn(c.dev())
	second := k.join()
	td := k.define(container("main", sleeps, nil))
	for _, agent := range []*agent{first, second} {
		out := k.aws("start-task", "--cluster", k.name, "--task-definition", td, "--container-instances", agent.instance, "--started-by", "me")
		arn := str(out, "tasks.0.taskArn")
		k.stopAtEnd(arn)
		task := k.running(arn)
		c.equal("containerInstanceArn", str(task, "containerInstanceArn"), agent.instance)
		c.equal("startedBy", str(task, "startedBy"), "me")
		c.equal("State.Running", get(c.real(arn, "main"), "State.Running"), true)
		c.equal("runningTasksCount of the instance", num(k.instance(agent.instance), "runningTasksCount"), 1)
	}
	unknown := strings.Repeat("0", 32)
	out := k.aws("start-task", "--cluster", k.name, "--task-definition", td, "--container-instances", unknown)
	c.equal("tasks on an unknown instance", len(list(out, "tasks")), 0)
	c.equal("reason", str(out, "failures.0.reason"), "MISSING")
	many := []string{"start-task", "--cluster", k.name, "--task-definition", td, "--container-instances"}
	for i := range 11 {
		many = append(many, fmt.Sprintf("%032d", i))
	}
	k.awsRefused("InvalidParameterException|ClientException", "", many...)
	out = k.aws("deregister-container-instance", "--cluster", k.name, "--container-instance", second.instance, "--force")
	c.equal("status of the deregistered", str(out, "containerInstance.status"), "INACTIVE")
	out = k.call("StartTask", obj{"cluster": k.name, "taskDefinition": td, "containerInstances": []string{second.instance}})
	reason := str(out, "failures.0.reason")
	c.check(reason == "INACTIVE" || reason == "MISSING", "reason on a deregistered instance: %q", reason)
}

func TestS113(t *testing.T) {
	c := begin(t, "S113", "registering again with containerInstanceArn keeps the ARN and the attributes")
	k, agent := c.clusterOn(c.dev(), "--attribute", "rack=r1")
	agent.term(20 * time.Second)
	k.awaitConnected(agent.instance, false)
	agent.again(k)
	c.equal("instances after the agent's restart", k.instances(), []string{agent.instance})
	c.equal("attribute after the agent's restart", str(find(list(k.instance(agent.instance), "attributes"), "name", "rack"), "value"), "r1")

	resources := compact([]obj{{"name": "CPU", "type": "INTEGER", "integerValue": 1024}, {"name": "MEMORY", "type": "INTEGER", "integerValue": 512},
		{"name": "PORTS", "type": "STRINGSET", "stringSetValue": []string{"22"}}, {"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": []string{}}})
	out := k.aws("register-container-instance", "--cluster", k.name, "--total-resources", resources,
		"--attributes", "name=colour,value=red", "name=ecs.os-type,value=linux")
	arn := str(out, "containerInstance.containerInstanceArn")
	c.check(strings.Contains(arn, ":container-instance/"+k.name+"/"), "the ARN is %q", arn)
	c.equal("colour", str(find(list(out, "containerInstance.attributes"), "name", "colour"), "value"), "red")
	out = k.aws("register-container-instance", "--cluster", k.name, "--total-resources", resources, "--container-instance-arn", arn,
		"--attributes", "name=ecs.os-type,value=linux")
	c.equal("ARN after registering again", str(out, "containerInstance.containerInstanceArn"), arn)
	c.equal("colour after registering again", str(find(list(k.instance(arn), "attributes"), "name", "colour"), "value"), "red")
	c.equal("instances", len(k.instances()), 2)
	k.awsRefused("InvalidParameterException|ClientException", "", "deregister-container-instance", "--cluster", k.name, "--container-instance", strings.Repeat("0", 32))
	k.aws("deregister-container-instance", "--cluster", k.name, "--container-instance", arn)
	c.equal("instances after deregistering", k.instances(), []string{agent.instance})
	c.equal("status of the deregistered", str(k.instance(arn), "status"), "INACTIVE")
}

func TestS020(t *testing.T) {
	c := begin(t, "S020", "control plane and agent are killed and restarted: containers survive, tasks are described unchanged")
	s := c.server()
	k, agent := c.clusterOn(s.api(c))
	port := c.port()
	arn := k.run(k.define(httpd("web", obj{"containerPort": 80, "hostPort": port}), container("side", sleeps, nil)), "--group", "mine", "--started-by", "me")
	k.running(arn)
	c.eventually(10*time.Second, "the task is CONNECTED", func() error {
		if got := str(k.task(arn), "connectivity"); got != "CONNECTED" {
			return notYet("connectivity %q", got)
		}
		return nil
	})
	before := stable(k.task(arn))
	web, side := c.real(arn, "web"), c.real(arn, "side")
	unchanged := func(after string) {
		k.awaitConnected(agent.instance, true)
		c.stays(2*time.Second, "unchanged after "+after, func() error {
			if now := stable(k.task(arn)); now != before {
				return notYet("described\n%s\nbefore\n%s", now, before)
			}
			return nil
		})
		for name, was := range map[string]obj{"web": web, "side": side} {
			now := c.real(arn, name)
			c.equal(name+" id after "+after, str(now, "Id"), str(was, "Id"))
			c.equal(name+" start after "+after, str(now, "State.StartedAt"), str(was, "State.StartedAt"))
			c.equal(name+" running after "+after, get(now, "State.Running"), true)
		}
		c.check(strings.Contains(c.curl(port), "hello"), "no answer after %s", after)
	}
	s.kill()
	c.check(strings.Contains(c.curl(port), "hello"), "no answer while the control plane is away")
	s.restart(c)
	unchanged("the control plane was killed")
	c.equal("exit code of the control plane", s.term(30*time.Second), 0)
	s.restart(c)
	unchanged("the control plane was restarted")
	agent.kill()
	agent.again(k)
	unchanged("the agent was killed")
	agent.signal(syscall.SIGTERM)
	c.equal("exit code of the agent", agent.wait(20*time.Second), 0)
	agent.again(k)
	unchanged("the agent was restarted")
	k.quit(arn)
	c.equal("running at the end", get(c.inspect(str(web, "Id")), "State.Running"), false)
}

// stable renders what must not change in a task's description while nothing happens to it.
func stable(task obj) string {
	kept := with(task, nil)
	for _, name := range []string{"connectivity", "connectivityAt", "version"} {
		delete(kept, name)
	}
	return compact(kept)
}

//go:build acceptance

package acceptance

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Limits of waiting, generous because checks share two cores.
const (
	startLimit = 40 * time.Second
	stopLimit  = 60 * time.Second
)

// cluster is one cluster as the operator sees it.
type cluster struct {
	*api
	name string
}

// agent is a `berth agent` process.
type agent struct {
	*process
	data     string
	args     []string
	env      []string
	instance string // ARN, once registered
}

// defaults returns the cluster default of the shared server, which has the agent of `berth dev`.
func (c *C) defaults() *cluster {
	c.Helper()
	return &cluster{api: c.dev(), name: "default"}
}

// cluster makes a cluster of the check's own on the shared server, with an agent of its own that got the given flags.
func (c *C) cluster(flags ...string) *cluster {
	c.Helper()
	k, _ := c.clusterOn(c.dev(), flags...)
	return k
}

// clusterOn makes a cluster on a server and starts an agent in it.
func (c *C) clusterOn(a *api, flags ...string) (*cluster, *agent) {
	c.Helper()
	k := c.emptyCluster(a)
	return k, k.join(flags...)
}

// emptyCluster makes a cluster without any instance.
func (c *C) emptyCluster(a *api) *cluster {
	c.Helper()
	k := &cluster{api: a, name: c.name("cluster")}
	k.call("CreateCluster", obj{"clusterName": k.name})
	c.Cleanup(func() { removeContainers("/" + k.name + "/") })
	return k
}

// join starts an agent in the cluster, with keys and a data folder of its own, and waits until it is connected.
func (k *cluster) join(flags ...string) *agent {
	k.c.Helper()
	return k.joinWith(nil, flags...)
}

// joinWith starts an agent with more environment.
func (k *cluster) joinWith(env []string, flags ...string) *agent {
	k.c.Helper()
	key, secret := k.newKey("agent")
	g := &agent{data: k.c.dir("agent"), env: environment(key, secret, env...)}
	g.args = append([]string{"agent", "--server", k.url, "--cluster", k.name, "--data", g.data}, flags...)
	before := map[string]bool{}
	for _, arn := range k.instances() {
		before[arn] = true
	}
	g.process = k.c.start(k.c.name("agent"), g.env, home.bin, g.args...)
	k.c.eventually(startLimit, "the agent has joined "+k.name, func() error {
		if !g.alive() {
			k.c.Fatalf("the agent has ended:\n%s", g.tail(30))
		}
		for _, arn := range k.instances() {
			if !before[arn] && get(k.instance(arn), "agentConnected") == true {
				g.instance = arn
				return nil
			}
		}
		return notYet("instances %v", k.instances())
	})
	return g
}

// again starts the agent anew with its flags and data, after it was ended.
func (g *agent) again(k *cluster) {
	k.c.Helper()
	g.process = k.c.start(g.name, g.env, home.bin, g.args...)
	k.awaitConnected(g.instance, true)
}

func (k *cluster) instances() []string {
	k.c.Helper()
	return words(list(k.call("ListContainerInstances", obj{"cluster": k.name}), "containerInstanceArns"))
}

func (k *cluster) instance(arn string) obj {
	k.c.Helper()
	out := k.call("DescribeContainerInstances", obj{"cluster": k.name, "containerInstances": []string{arn}})
	o, _ := get(out, "containerInstances.0").(obj)
	return o
}

func (k *cluster) awaitConnected(arn string, want bool) {
	k.c.Helper()
	k.c.eventually(startLimit, fmt.Sprintf("agentConnected is %v", want), func() error {
		if got := get(k.instance(arn), "agentConnected"); got != want {
			return notYet("agentConnected %v", got)
		}
		return nil
	})
}

// resource is the integer value of a resource, in remainingResources or registeredResources.
func (k *cluster) resource(arn, which, name string) int {
	k.c.Helper()
	return int(num(find(list(k.instance(arn), which), "name", name), "integerValue"))
}

// portSet is the PORTS resource.
func (k *cluster) portSet(arn, which string) []string {
	k.c.Helper()
	return words(list(find(list(k.instance(arn), which), "name", "PORTS"), "stringSetValue"))
}

var keyID, keySecret = regexp.MustCompile(`(?i)ACCESS_?KEY_?ID"?\s*[:=]\s*"?([^\s",]+)`),
	regexp.MustCompile(`(?i)SECRET_?ACCESS_?KEY"?\s*[:=]\s*"?([^\s",]+)`)

// newKey makes a key pair with `berth keys create`, whatever form it prints the pair in.
func (a *api) newKey(role string) (key, secret string) {
	a.c.Helper()
	out, err := a.berth("keys", "create", "--server", a.url, "--role", role)
	a.c.must(err, "berth keys create: %s", out)
	id, word := keyID.FindStringSubmatch(out), keySecret.FindStringSubmatch(out)
	if id == nil || word == nil {
		a.c.Fatalf("berth keys create prints no key pair:\n%s", out)
	}
	return id[1], word[1]
}

// --- tasks --------------------------------------------------------------------------------------------------------------

// container is a container definition of the test image with 32 MiB.
func container(name, script string, more obj) obj {
	return with(obj{"name": name, "image": image, "command": []string{"sh", "-c", script}, "memory": 32, "stopTimeout": 2}, more)
}

// sleeps is a script that runs until told otherwise, and ends at once when told.
const sleeps = "trap 'exit 0' TERM; while :; do sleep 0.1; done"

// stubborn is a script that ignores SIGTERM.
const stubborn = "trap '' TERM; while :; do sleep 0.1; done"

// definition is a task definition in a family of the check's own.
func (c *C) definition(more obj, containers ...obj) obj {
	return with(obj{"family": c.name("td"), "containerDefinitions": containers}, more)
}

// register registers a task definition with the CLI and returns its ARN.
func (a *api) register(definition obj) string {
	a.c.Helper()
	return str(a.aws("register-task-definition", "--cli-input-json", compact(definition)), "taskDefinition.taskDefinitionArn")
}

// define registers a definition of these containers.
func (a *api) define(containers ...obj) string {
	a.c.Helper()
	return a.register(a.c.definition(nil, containers...))
}

// run runs one task with the CLI and returns its ARN.
func (k *cluster) run(taskDefinition string, flags ...string) string {
	k.c.Helper()
	out := k.aws(append([]string{"run-task", "--cluster", k.name, "--task-definition", taskDefinition}, flags...)...)
	arn := str(out, "tasks.0.taskArn")
	if arn == "" || len(list(out, "failures")) != 0 {
		k.c.Fatalf("run-task started nothing: %s", compact(out))
	}
	k.stopAtEnd(arn)
	return arn
}

// stopAtEnd stops a task when the check ends, whatever became of it.
func (k *cluster) stopAtEnd(arn string) {
	quiet := *k.api
	quiet.quiet = true
	k.c.Cleanup(func() { _, _ = quiet.try("StopTask", obj{"cluster": k.name, "task": arn}) })
}

// start runs tasks with a raw request and returns their ARNs: for checks that are not about the call.
func (k *cluster) start(taskDefinition string, count int) []string {
	k.c.Helper()
	out := k.call("RunTask", obj{"cluster": k.name, "taskDefinition": taskDefinition, "count": count})
	var arns []string
	for i := range list(out, "tasks") {
		arn := str(out, fmt.Sprintf("tasks.%d.taskArn", i))
		arns = append(arns, arn)
		k.stopAtEnd(arn)
	}
	if len(arns) != count {
		k.c.Fatalf("RunTask started %d of %d: %s", len(arns), count, compact(out))
	}
	return arns
}

func (k *cluster) task(arn string) obj {
	k.c.Helper()
	out := k.call("DescribeTasks", obj{"cluster": k.name, "tasks": []string{arn}})
	o, _ := get(out, "tasks.0").(obj)
	if o == nil {
		k.c.Fatalf("task %s is not described: %s", arn, compact(out))
	}
	return o
}

// await waits for a task's lastStatus. A task that ends instead ends the check.
func (k *cluster) await(arn, status string) obj {
	k.c.Helper()
	limit := startLimit
	if status == "STOPPED" {
		limit = stopLimit
	}
	var task obj
	k.c.eventually(limit, "task "+status, func() error {
		task = k.task(arn)
		switch got := str(task, "lastStatus"); {
		case got == status:
			return nil
		case got == "STOPPED":
			k.c.Fatalf("the task has stopped instead of %s: %s", status, compact(task))
			return nil
		default:
			return notYet("%s", compact(task))
		}
	})
	return task
}

func (k *cluster) running(arn string) obj { k.c.Helper(); return k.await(arn, "RUNNING") }
func (k *cluster) stopped(arn string) obj { k.c.Helper(); return k.await(arn, "STOPPED") }

// stop stops a task with the CLI.
func (k *cluster) stop(arn string, flags ...string) obj {
	k.c.Helper()
	return k.aws(append([]string{"stop-task", "--cluster", k.name, "--task", arn}, flags...)...)
}

// quit stops a task with a raw request and waits for its end.
func (k *cluster) quit(arn string) obj {
	k.c.Helper()
	k.call("StopTask", obj{"cluster": k.name, "task": arn})
	return k.stopped(arn)
}

// idOf is the last part of an ARN.
func idOf(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// part is the container of a task by its name.
func part(task obj, name string) obj { return find(list(task, "containers"), "name", name) }

//go:build acceptance

package acceptance

import (
	"fmt"
	"slices"
	"strings"
)

// labelInstance is on every container: the instance whose agent made it. It is the proof of where a task runs.
const labelInstance = "dev.berth.container-instance"

// What RunTask says of an instance whose constraint does not hold.
const (
	notMember   = "MemberOf placement constraint unsatisfied."
	notDistinct = "DistinctInstance placement constraint unsatisfied."
)

// host returns the instance on which a task's containers really are, as docker has it, once the task runs.
func (k *cluster) host(task string) string {
	k.c.Helper()
	described := k.running(task)
	var hosts []string
	for _, id := range k.c.containersOf(task) {
		real := k.c.inspect(id)
		k.c.equal("State.Running of "+id, get(real, "State.Running"), true)
		labels, _ := get(real, "Config.Labels").(obj)
		if at, _ := labels[labelInstance].(string); !slices.Contains(hosts, at) {
			hosts = append(hosts, at)
		}
	}
	if len(hosts) != 1 {
		k.c.Fatalf("the containers of task %s are on %v", task, hosts)
	}
	k.c.equal("containerInstanceArn", str(described, "containerInstanceArn"), hosts[0])
	return hosts[0]
}

// hosts counts the tasks on each of the agents, in their order. A task elsewhere ends the check.
func (k *cluster) hosts(tasks []string, agents ...*agent) []int {
	k.c.Helper()
	counts := make([]int, len(agents))
	for _, task := range tasks {
		at := k.host(task)
		i := slices.IndexFunc(agents, func(g *agent) bool { return g.instance == at })
		if i < 0 {
			k.c.Fatalf("task %s runs on %s, which is none of the check's", task, at)
		}
		counts[i]++
	}
	return counts
}

// outcome is what one RunTask did.
type outcome struct {
	c        *C
	tasks    []string
	failures []any
	answer   obj
}

// noted reads an answer of RunTask, from the CLI or raw.
func (k *cluster) noted(answer obj) outcome {
	o := outcome{c: k.c, failures: list(answer, "failures"), answer: answer}
	for i := range list(answer, "tasks") {
		arn := str(answer, fmt.Sprintf("tasks.%d.taskArn", i))
		o.tasks = append(o.tasks, arn)
		k.stopAtEnd(arn)
	}
	return o
}

// ask runs tasks with the CLI and returns what was placed and what was not.
func (k *cluster) ask(td string, flags ...string) outcome {
	k.c.Helper()
	return k.noted(k.aws(append([]string{"run-task", "--cluster", k.name, "--task-definition", td}, flags...)...))
}

// askRaw does the same with a raw request.
func (k *cluster) askRaw(td string, more obj) outcome {
	k.c.Helper()
	return k.noted(k.call("RunTask", with(obj{"cluster": k.name, "taskDefinition": td}, more)))
}

// all ends the check unless n tasks were placed and nothing failed.
func (o outcome) all(n int) []string {
	o.c.Helper()
	if len(o.tasks) != n || len(o.failures) != 0 {
		o.c.Fatalf("%d tasks placed, want %d without failures: %s", len(o.tasks), n, compact(o.answer))
	}
	return o.tasks
}

// rejected checks that nothing was placed, and that there is one failure for each of the agents, with its reason.
func (o outcome) rejected(what string, reasons map[*agent]string) {
	o.c.Helper()
	o.c.equal(what+": tasks", len(o.tasks), 0)
	got, want := map[string]string{}, map[string]string{}
	for _, f := range o.failures {
		got[str(f, "arn")] += str(f, "reason")
	}
	for g, reason := range reasons {
		want[g.instance] = reason
	}
	o.c.equal(what+": failures", got, want)
}

// short checks the failures of a run of which some tasks were placed: one for each that was not, naming one of the agents.
func (o outcome) short(what, reason string, missing int, agents ...*agent) {
	o.c.Helper()
	o.c.equal(what+": failures", len(o.failures), missing)
	for _, f := range o.failures {
		o.c.equal(what+": reason", str(f, "reason"), reason)
		o.c.check(slices.ContainsFunc(agents, func(g *agent) bool { return g.instance == str(f, "arn") }), "%s: the failure names %s", what, str(f, "arn"))
		o.c.check(str(f, "detail") != "", "%s: no detail", what)
	}
}

// detail is the explanation of the failure of one agent.
func (o outcome) detail(g *agent) string { return str(find(o.failures, "arn", g.instance), "detail") }

// mentions checks that a text has every one of the words.
func (c *C) mentions(what, text string, wanted ...string) {
	c.Helper()
	for _, word := range wanted {
		c.check(strings.Contains(text, word), "%s is %q, want %q in it", what, text, word)
	}
}

// containersIn lists the ids of every container, ended ones included, of a cluster's tasks.
func (k *cluster) containersIn() []string {
	k.c.Helper()
	return strings.Fields(k.c.docker("ps", "-aq", "--no-trunc", "--filter", "label=com.amazonaws.ecs.cluster="+k.name))
}

// memberOf is a placement constraint for raw requests.
func memberOf(expression string) obj { return obj{"type": "memberOf", "expression": expression} }

// memberFlag is the same for the CLI, which takes JSON where commas and blanks would confuse its short form.
func memberFlag(expressions ...string) []string {
	constraints := make([]obj, len(expressions))
	for i, e := range expressions {
		constraints[i] = memberOf(e)
	}
	return []string{"--placement-constraints", compact(constraints)}
}

// room registers a definition whose tasks take CPU units and MiB and do nothing. They have no network: dozens of them begin and end
// at once, which Docker's bridge takes badly.
func (a *api) room(cpu, memory int) string {
	a.c.Helper()
	return a.register(a.c.definition(obj{"networkMode": "none"}, container("main", sleeps, obj{"cpu": cpu, "memory": memory})))
}

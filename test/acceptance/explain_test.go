//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"testing"
)

// explain runs `berth explain --json` and returns the answer.
func (k *cluster) explain(flags ...string) obj {
	k.c.Helper()
	out, err := k.berth(append([]string{"explain", "--server", k.url, "--cluster", k.name, "--json"}, flags...)...)
	k.c.must(err, "berth explain: %s", out)
	var answer obj
	k.c.must(json.Unmarshal([]byte(out), &answer), "output of berth explain: %.300s", out)
	return answer
}

// said is the rule of an instance in an explanation.
func said(answer obj, g *agent, rule string) obj {
	return find(list(find(list(answer, "requests.0.instances"), "containerInstanceArn", g.instance), "rules"), "rule", rule)
}

func TestExplain(t *testing.T) {
	c := begin(t, "A-explain", "explain says per instance and rule what fails and by how much, places nothing, and foretells run-task")
	k, small := c.clusterOn(c.dev(), "--cpu", "1000", "--memory", "100", "--zone", "zone-a", "--attribute", "rack=r1")
	large := k.join("--cpu", "1000", "--memory", "1000", "--zone", "zone-b", "--attribute", "rack=r2")
	port := c.port()
	web := k.define(httpd("web", obj{"containerPort": 80, "hostPort": port}))
	holder := k.ask(web, memberFlag("attribute:rack == r2")...).all(1)[0]
	k.running(holder)

	wants := k.define(container("main", sleeps, obj{"memory": 90, "cpu": 100, "logConfiguration": obj{"logDriver": "syslog"},
		"portMappings": []obj{{"containerPort": 80, "hostPort": port}}}))
	before := k.containersIn()
	answer := k.explain("--task-definition", wants, "--constraint", "attribute:rack == r1 and attribute:disk == ssd", "--strategy", "binpack:memory")
	c.equal("placements", len(list(answer, "placements")), 0)
	const capability = "com.amazonaws.ecs.capability.logging-driver.syslog"
	for _, g := range []*agent{small, large} {
		rule := said(answer, g, "attributes")
		c.equal("attributes passed", get(rule, "passed"), false)
		c.check(find(list(rule, "attributes"), "name", capability) != nil, "the missing attribute is not named: %s", compact(rule))
		c.equal("cpu passed", get(said(answer, g, "cpu"), "passed"), true)
	}
	c.equal("holder of the port", str(said(answer, large, "ports"), "ports.0.taskArn"), holder)
	c.equal("ports of the other", get(said(answer, small, "ports"), "passed"), true)
	c.mentions("the expression's failing part on small", str(said(answer, small, "memberOf"), "expressions.0.why"), "disk")
	c.mentions("the expression's failing part on large", str(said(answer, large, "memberOf"), "expressions.0.why"), "rack", "r2", "r1")
	failed := k.ask(wants, append([]string{"--placement-strategy", "type=binpack,field=memory"}, memberFlag("attribute:rack == r1 and attribute:disk == ssd")...)...)
	c.equal("failures are those foretold", compact(failed.failures), compact(list(answer, "failures")))
	c.equal("detail of the failure and of the rule", failed.detail(small), str(said(answer, small, "attributes"), "detail"))

	big := k.room(100, 150)
	text, err := k.berth("explain", "--server", k.url, "--cluster", k.name, "--task-definition", big, "--count", "3", "--strategy", "spread:attribute:ecs.availability-zone")
	c.must(err, "berth explain: %s", text)
	c.mentions("the table", text, "3 tasks would be placed", "fits on 1 of 2 instances", "1 by memory", "needs 150 MiB of memory, 100 of 100 are free, 50 missing",
		idOf(small.instance), idOf(large.instance), "INSTANCE", "RANK")
	c.equal("containers after four explanations", k.containersIn(), before)

	// What it foretells is what happens: binpack memory leaves nothing to chance.
	plain := k.room(10, 30)
	answer = k.explain("--task-definition", plain, "--count", "5", "--strategy", "binpack:memory")
	tasks := k.ask(plain, "--count", "5", "--placement-strategy", "type=binpack,field=memory").all(5)
	for i, arn := range tasks {
		c.equal(fmt.Sprintf("instance of task %d", i), str(answer, fmt.Sprintf("placements.%d.containerInstanceArn", i)), k.host(arn))
	}
	answer = k.explain("--task", tasks[0])
	c.equal("where a task is", str(answer, "task.containerInstanceArn"), k.host(tasks[0]))
	c.equal("the task's instance without it has room", get(said(answer, small, "memory"), "passed"), true)
	if out, err := k.berth("explain", "--server", k.url, "--cluster", k.name, "--task-definition", "none"); err == nil {
		c.Errorf("an unknown definition is explained: %s", out)
	}
}

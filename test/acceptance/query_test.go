//go:build acceptance

package acceptance

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// queries are expressions and the instances for which they hold: a, b and c of TestS122, with
//
//	a: rack=r1 disk=ssd size=10 gen=g2.large, task of group web     b: rack=r2 disk=hdd size=9 gen=g2.small     c: gen=m5.large
var queries = []struct{ expression, holds string }{
	{"attribute:rack == r1", "a"}, {"attribute:rack equals r1", "a"}, {"attribute:rack=='r1'", "a"}, {`attribute:rack == "r1"`, "a"},
	{"attribute:rack != r1", "b c"}, {"attribute:rack not_equals r1", "b c"}, // whoever lacks it is not r1
	{"attribute:rack in [r1, r2]", "a b"}, {"attribute:rack in ['r1']", "a"}, {"attribute:rack in [r3]", ""},
	{"attribute:rack !in [r1,r3]", "b c"}, {"attribute:rack not_in [r1, r2]", "c"},
	{"attribute:rack exists", "a b"}, {"attribute:rack !exists", "c"}, {"attribute:rack not_exists", "c"}, {"attribute:ecs.os-type exists", "a b c"},
	{"attribute:gen =~ g2.*", "a b"}, {"attribute:gen matches .*large", "a c"}, {"attribute:gen =~ g2", ""}, // the whole value
	{"attribute:gen !~ g2.*", "c"}, {"attribute:gen not_matches '.*large'", "b"}, {"attribute:gen =~ 'g2[.]large'", "a"},
	{"attribute:size > 9", "a"}, {"attribute:size >= 9", "a b"}, {"attribute:size < 10", "b"}, {"attribute:size <= 10", "a b"}, // 10 > 9 as numbers
	{"attribute:size greater_than 9", "a"}, {"attribute:size greater_than_equal 10", "a"}, {"attribute:size less_than 10", "b"}, {"attribute:size less_than_equal 9", "b"},

	{"attribute:rack == r1 and attribute:disk == ssd", "a"}, {"attribute:rack == r1 && attribute:disk == hdd", ""},
	{"attribute:rack == r1 or attribute:rack == r2", "a b"}, {"attribute:rack == r1 || attribute:gen == m5.large", "a c"},
	{"not(attribute:rack == r1)", "b c"}, {"!(attribute:rack exists)", "c"}, {"not (not (attribute:rack == r1))", "a"}, {"not attribute:rack == r1", "b c"},
	{"attribute:gen == m5.large or attribute:rack exists and attribute:disk == hdd", "b c"}, // and binds tighter
	{"(attribute:gen == m5.large or attribute:rack exists) and attribute:disk == hdd", "b"},
	{"((attribute:rack == r1) || (attribute:rack == r2)) && !(attribute:disk == hdd)", "a"},
	{"not(attribute:rack == r1) and not(attribute:rack == r2)", "c"},

	{"task:group == web", "a"}, {"not(task:group == web)", "b c"}, {"task:group == family:web", ""}, {"task:group in [web, db]", "a"},
	{"runningTasksCount == 1", "a"}, {"runningTasksCount < 1", "b c"}, {"runningTasksCount >= 0", "a b c"},
	{"agentConnected == true", "a b c"}, {"agentConnected == false", ""}, {"agentConnected == true and attribute:rack == r2", "b"},
	{"registeredAt > 2020-01-01", "a b c"}, {"registeredAt < 2020-01-01T00:00:00Z", ""}, {"registeredAt >= '2020-01-01T00:00:00+00:00'", "a b c"},
	{"agentVersion < 900.1.10", "a b c"}, {"agentVersion > 900.1.10", ""}, {"agentVersion == 0.0.0.1", ""},
	{"ec2InstanceId exists", ""}, {"ec2InstanceId == i-0abc", ""}, {"not(ec2InstanceId == i-0abc)", "a b c"},
}

// misspelt are texts that are no expressions, with the character, counted from 1, at which a reader would stop.
var misspelt = []struct {
	expression string
	at         int
}{
	{"attribute:rack = r1", 16}, {"attribute:rack ==", 18}, {"== r1", 1}, {"rack == r1", 1}, {"attribute: == r1", 11},
	{"attribute:rack == r1 and", 25}, {"and attribute:rack == r1", 1}, {"attribute:rack == r1 attribute:disk == ssd", 22},
	{"(attribute:rack == r1", 22}, {"attribute:rack == r1)", 21}, {"attribute:rack in r1", 19}, {"attribute:rack in [r1", 22},
	{"attribute:rack == 'r1", 19}, {"attribute:rack is r1", 16}, {"attribute:rack =~ '['", 19}, {"not", 4}, {"agentConnected == perhaps", 19},
	{"runningTasksCount > many", 21}, {"task:family == x", 1},
}

func TestS122(t *testing.T) {
	c := begin(t, "S122", "the query language, whole: in list-container-instances and in memberOf; bad syntax is refused with its position")
	k, a := c.clusterOn(c.dev(), "--attribute", "rack=r1", "--attribute", "disk=ssd", "--attribute", "size=10", "--attribute", "gen=g2.large")
	agents := map[string]*agent{"a": a, "b": k.join("--attribute", "rack=r2", "--attribute", "disk=hdd", "--attribute", "size=9", "--attribute", "gen=g2.small"),
		"c": k.join("--attribute", "gen=m5.large")}
	td := k.room(0, 32)
	k.host(k.ask(td, append([]string{"--group", "web"}, memberFlag("attribute:rack == r1")...)...).all(1)[0])

	holds := func(answer obj) string {
		var names []string
		for _, arn := range words(list(answer, "containerInstanceArns")) {
			for name, g := range agents {
				if g.instance == arn {
					names = append(names, name)
				}
			}
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	for _, q := range queries {
		c.equal("listed with "+q.expression, holds(k.call("ListContainerInstances", obj{"cluster": k.name, "filter": q.expression})), q.holds)
	}
	version := str(k.instance(a.instance), "versionInfo.agentVersion")
	for expression, want := range map[string]string{
		"agentVersion == " + version: "a b c", "agentVersion >= " + version + " and task:group == web": "a", "agentVersion != " + version: "", "agentVersion > " + version: "",
	} {
		c.equal("listed with "+expression, holds(k.aws("list-container-instances", "--cluster", k.name, "--filter", expression)), want)
	}
	machine := "i-0123456789abcdef0"
	foreign := str(k.as(k.newKey("agent")).call("RegisterContainerInstance", with(registration(k), obj{
		"instanceIdentityDocument": compact(obj{"instanceId": machine, "region": region}), "instanceIdentityDocumentSignature": "none",
	})), "containerInstance.containerInstanceArn")
	for _, expression := range []string{"ec2InstanceId == " + machine, "ec2InstanceId in [" + machine + ", i-2]", "ec2InstanceId exists", "agentConnected == false"} {
		out := k.aws("list-container-instances", "--cluster", k.name, "--filter", expression)
		c.equal("listed with "+expression, words(list(out, "containerInstanceArns")), []string{foreign})
	}
	k.call("DeregisterContainerInstance", obj{"cluster": k.name, "containerInstance": foreign})
	c.placesBy(k, td, agents)
	c.refusesMisspelt(k, td)
}

// placesBy asks for a task where each expression holds, and looks where its container is.
func (c *C) placesBy(k *cluster, td string, agents map[string]*agent) {
	c.Helper()
	for i, q := range queries {
		if strings.Contains(q.expression, "runningTasksCount") || i%3 != 0 && !strings.Contains(q.expression, "task:group") {
			continue // counts change with each task; a third of the rest, as each is a container
		}
		out := k.askRaw(td, obj{"group": "placed", "placementConstraints": []obj{memberOf(q.expression)}})
		if q.holds == "" {
			reasons := map[*agent]string{}
			for _, g := range agents {
				reasons[g] = notMember
			}
			out.rejected(q.expression, reasons)
			continue
		}
		arn := out.all(1)[0]
		at := k.host(arn)
		c.check(slices.ContainsFunc(strings.Fields(q.holds), func(name string) bool { return agents[name].instance == at }),
			"%s: the task runs on %s, want one of %s", q.expression, at, q.holds)
	}
}

var number = regexp.MustCompile(`\d+`)

// refusesMisspelt gives each wrong expression to all that take one. The message must have the position as a number. A task definition
// takes any text, as ECS's does; its tasks are refused.
func (c *C) refusesMisspelt(k *cluster, td string) {
	c.Helper()
	before := len(k.containersIn())
	for _, q := range misspelt {
		wrong := str(k.call("RegisterTaskDefinition", c.definition(obj{"placementConstraints": []obj{memberOf(q.expression)}},
			container("main", sleeps, nil))), "taskDefinition.taskDefinitionArn")
		for _, call := range []struct {
			operation string
			body      obj
		}{
			{"ListContainerInstances", obj{"cluster": k.name, "filter": q.expression}},
			{"RunTask", obj{"cluster": k.name, "taskDefinition": td, "placementConstraints": []obj{memberOf(q.expression)}}},
			{"RunTask", obj{"cluster": k.name, "taskDefinition": wrong}},
		} {
			_, err := k.try(call.operation, call.body)
			c.refusal(err, "InvalidParameterException", "", call.operation+" "+q.expression)
			if err != nil {
				message := strings.ReplaceAll(err.Error(), q.expression, "")
				c.check(slices.Contains(number.FindAllString(message, -1), fmt.Sprint(q.at)), "%s %q: no position %d in %q", call.operation, q.expression, q.at, err)
			}
		}
	}
	k.awsRefused("InvalidParameterException", "column 16", "list-container-instances", "--cluster", k.name, "--filter", "attribute:rack = r1")
	c.equal("containers after the refusals", len(k.containersIn()), before)
}

//go:build acceptance

package acceptance

import (
	"slices"
	"strings"
	"testing"
)

func TestS110(t *testing.T) {
	c := begin(t, "S110", "put-attributes stack=prod draws memberOf tasks to that instance, delete-attributes ends it; 129 characters are refused")
	k, a := c.clusterOn(c.dev())
	b := k.join()
	td := k.room(0, 32)
	flags := append([]string{"--count", "4"}, memberFlag("attribute:stack == prod")...)
	nowhere := map[*agent]string{a: notMember, b: notMember}
	out := k.ask(td, flags...)
	out.rejected("before", nowhere)
	c.mentions("detail", out.detail(a), "stack")

	put := func(arguments ...string) obj {
		c.Helper()
		return k.aws(append([]string{"put-attributes", "--cluster", k.name, "--attributes"}, arguments...)...)
	}
	answer := put("name=stack,value=prod,targetId=" + b.instance)
	attribute := get(answer, "attributes.0")
	c.equal("attribute in the answer", []string{str(attribute, "name"), str(attribute, "value"), str(attribute, "targetId")}, []string{"stack", "prod", b.instance})
	c.equal("attribute of the instance", str(find(list(k.instance(b.instance), "attributes"), "name", "stack"), "value"), "prod")
	tasks := k.ask(td, flags...).all(4)
	c.equal("tasks on each", k.hosts(tasks, a, b), []int{0, 4})

	listed := func(arguments ...string) []string {
		c.Helper()
		var targets []string
		answer := k.aws(append([]string{"list-attributes", "--cluster", k.name, "--target-type", "container-instance"}, arguments...)...)
		for _, attribute := range list(answer, "attributes") {
			targets = append(targets, str(attribute, "name")+"="+str(attribute, "value")+"@"+str(attribute, "targetId"))
		}
		slices.Sort(targets)
		return targets
	}
	c.equal("list by name", listed("--attribute-name", "stack"), []string{"stack=prod@" + b.instance})
	c.equal("list by another value", len(listed("--attribute-name", "stack", "--attribute-value", "dev")), 0)
	c.equal("list of all has the agents' own", len(listed("--attribute-name", "ecs.os-type")), 2)

	// A second put replaces the value; the short id needs the type.
	put("name=stack,value=dev,targetType=container-instance,targetId=" + idOf(b.instance))
	c.equal("after the replacement", listed("--attribute-name", "stack"), []string{"stack=dev@" + b.instance})
	k.ask(td, flags...).rejected("with dev", nowhere)
	put("name=stack,value=prod,targetId="+a.instance, "name=stack,value=prod,targetId="+b.instance)
	tasks = k.ask(td, append(flags, "--placement-strategy", "type=spread,field=instanceId")...).all(4)
	got := k.hosts(tasks, a, b)
	c.check(got[0] >= 3 && got[0]+got[1] == 4, "four more beside four on b, spread by instance: %v", got)

	k.aws("delete-attributes", "--cluster", k.name, "--attributes", "name=stack,targetId="+a.instance, "name=stack,targetId="+b.instance)
	c.check(find(list(k.instance(b.instance), "attributes"), "name", "stack") == nil, "the instance still has the attribute")
	c.equal("list after the deletion", len(listed("--attribute-name", "stack")), 0)
	k.ask(td, flags...).rejected("after the deletion", nowhere)
	c.equal("what runs already goes on", str(k.task(tasks[0]), "lastStatus"), "RUNNING")

	const wrong = "InvalidParameterException"
	long, longer := strings.Repeat("a", 128), strings.Repeat("a", 129)
	refused := func(codes string, attributes ...obj) {
		c.Helper()
		k.awsRefused(codes, "", "put-attributes", "--cluster", k.name, "--attributes", compact(attributes))
	}
	refused(wrong, obj{"name": longer, "value": "v", "targetId": a.instance})
	refused(wrong, obj{"name": "n", "value": longer, "targetId": a.instance})
	refused(wrong, obj{"name": "no blanks", "value": "v", "targetId": a.instance})
	refused("TargetNotFoundException", obj{"name": "n", "value": "v", "targetId": strings.Repeat("0", 32), "targetType": "container-instance"})
	eleven := make([]obj, 11)
	for i := range eleven {
		eleven[i] = obj{"name": "n" + string(rune('a'+i)), "value": "v", "targetId": a.instance}
	}
	refused(wrong, eleven...)
	c.equal("nothing of a refused call stays", len(listed("--attribute-name", "na")), 0)
	k.call("PutAttributes", obj{"cluster": k.name, "attributes": []obj{{"name": long, "value": long, "targetId": a.instance}}})
	c.equal("128 characters", str(find(list(k.instance(a.instance), "attributes"), "name", long), "value"), long)
}

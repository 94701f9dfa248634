//go:build acceptance

package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// describeTD describes a task definition with the CLI.
func (a *api) describeTD(name string) obj {
	a.c.Helper()
	out, _ := get(a.aws("describe-task-definition", "--task-definition", name), "taskDefinition").(obj)
	return out
}

// registerRefused registers a definition that must be refused, and checks that it left no revision.
func (a *api) registerRefused(text string, definition obj) {
	a.c.Helper()
	a.refused("ClientException|InvalidParameterException", text, "RegisterTaskDefinition", definition)
}

func TestS023(t *testing.T) {
	c := begin(t, "S023", "revisions are 1, 2, and 3 after deregistering 2; a failed registration uses no number")
	a := c.dev()
	def := c.definition(nil, container("main", sleeps, nil))
	c.check(strings.HasSuffix(a.register(def), ":1"), "the first revision is not 1")
	second := a.register(def)
	c.check(strings.HasSuffix(second, ":2"), "the second is %s", second)
	a.aws("deregister-task-definition", "--task-definition", second)
	bad := with(def, obj{"containerDefinitions": []obj{container("main", sleeps, obj{"essential": false})}})
	a.awsRefused("ClientException", "Task definition doesn't have any essential container.", "register-task-definition", "--cli-input-json", compact(bad))
	c.check(strings.HasSuffix(a.register(def), ":3"), "the third revision is not 3")
	out := a.aws("list-task-definitions", "--family-prefix", str(def, "family"))
	c.equal("ACTIVE revisions", len(list(out, "taskDefinitionArns")), 2)
	out = a.aws("list-task-definitions", "--family-prefix", str(def, "family"), "--status", "INACTIVE")
	c.equal("INACTIVE revisions", words(list(out, "taskDefinitionArns")), []string{second})
	out = a.aws("list-task-definition-families", "--family-prefix", str(def, "family"))
	c.equal("families", words(list(out, "families")), []string{str(def, "family")})
}

func TestS024(t *testing.T) {
	c := begin(t, "S024", "a family means its newest ACTIVE revision, family:1 and an ARN mean what they say; run-task likewise")
	k := c.defaults()
	def := c.definition(nil, container("main", sleeps, nil))
	family := str(def, "family")
	first, second, third := k.register(def), k.register(def), k.register(def)
	k.aws("deregister-task-definition", "--task-definition", third)
	for name, want := range map[string]string{family: second, family + ":1": first, first: first, family + ":3": third} {
		c.equal("describe "+name, str(k.describeTD(name), "taskDefinitionArn"), want)
	}
	arn := k.run(family)
	c.equal("run-task by family uses", str(k.running(arn), "taskDefinitionArn"), second)
	labels, _ := get(c.real(arn, "main"), "Config.Labels").(obj)
	c.equal("revision on the container", str(obj{"v": labels["com.amazonaws.ecs.task-definition-version"]}, "v"), "2")
	k.awsRefused("ClientException", "Unable to describe task definition.", "describe-task-definition", "--task-definition", family+":9")
	k.awsRefused("ClientException", "TaskDefinition not found.", "run-task", "--cluster", k.name, "--task-definition", family+":9")
	k.awsRefused("InvalidParameterException|ClientException", "TaskDefinition is inactive", "run-task", "--cluster", k.name, "--task-definition", family+":3")
}

func TestS025(t *testing.T) {
	c := begin(t, "S025", "deregister without revision is refused, with it INACTIVE and then deregisteredAt")
	a := c.dev()
	td := a.define(container("main", sleeps, nil))
	a.awsRefused("InvalidParameterException", "Revision is missing", "deregister-task-definition", "--task-definition", familyOf(td))
	c.equal("status after the refusal", str(a.describeTD(td), "status"), "ACTIVE")
	out := a.aws("deregister-task-definition", "--task-definition", familyOf(td)+":1")
	c.equal("status in the answer", str(out, "taskDefinition.status"), "INACTIVE")
	described := a.describeTD(td)
	c.equal("status", str(described, "status"), "INACTIVE")
	c.check(has(described, "deregisteredAt"), "no deregisteredAt: %s", compact(described))
	a.aws("deregister-task-definition", "--task-definition", td) // again succeeds
}

func TestS027(t *testing.T) {
	c := begin(t, "S027", "a running task whose task definition becomes INACTIVE goes on (task part)")
	k := c.defaults()
	td := k.define(container("main", sleeps, nil))
	arn := k.run(td)
	k.running(arn)
	real := c.real(arn, "main")
	k.aws("deregister-task-definition", "--task-definition", td)
	c.stays(5*time.Second, "the task goes on", func() error {
		task, now := k.task(arn), c.inspect(str(real, "Id"))
		if str(task, "lastStatus") != "RUNNING" || str(task, "desiredStatus") != "RUNNING" || get(now, "State.Running") != true ||
			str(now, "State.StartedAt") != str(real, "State.StartedAt") {
			return notYet("%s", compact(task))
		}
		return nil
	})
	k.refused("InvalidParameterException|ClientException", "TaskDefinition is inactive", "RunTask", obj{"cluster": k.name, "taskDefinition": td})
	task := k.quit(arn)
	c.equal("stopCode", str(task, "stopCode"), "UserInitiated")
}

func TestS028(t *testing.T) {
	c := begin(t, "S028", `cpu "1 vCPU" and memory "2 GB" come back as "1024" and "2048"`)
	a := c.dev()
	for given, want := range map[[2]string][2]string{
		{"1 vCPU", "2 GB"}: {"1024", "2048"}, {".5 vcpu", "0.5GB"}: {"512", "512"}, {"256", "300"}: {"256", "300"},
	} {
		def := c.definition(obj{"cpu": given[0], "memory": given[1]}, container("main", sleeps, nil))
		td := a.register(def)
		described := a.describeTD(td)
		c.check(described["cpu"] == want[0] && described["memory"] == want[1],
			"%v comes back as %s and %s, want strings %v", given, compact(described["cpu"]), compact(described["memory"]), want)
	}
	a.registerRefused("", c.definition(obj{"cpu": "much"}, container("main", sleeps, nil)))
}

func TestS030(t *testing.T) {
	c := begin(t, "S030", "no memory at all, memory below its reservation, 5 MiB, and containers above the task's memory are refused")
	a := c.dev()
	none := container("main", sleeps, nil)
	delete(none, "memory")
	a.awsRefused("ClientException", "Invalid setting for container 'main'. At least one of 'memory' or 'memoryReservation' must be specified.",
		"register-task-definition", "--cli-input-json", compact(c.definition(nil, none)))
	a.registerRefused("memoryReservation", c.definition(nil, container("main", sleeps, obj{"memory": 64, "memoryReservation": 65})))
	a.registerRefused("", c.definition(nil, container("main", sleeps, obj{"memory": 5})))
	a.registerRefused("main", c.definition(obj{"memory": "64"}, container("main", sleeps, obj{"memory": 65})))
	a.registerRefused("", c.definition(obj{"memory": "100"}, container("one", sleeps, obj{"memory": 64}), container("two", sleeps, obj{"memory": 64})))
	// One step on the right side of each line is accepted.
	a.register(c.definition(obj{"memory": "64"}, none))
	a.register(c.definition(nil, container("main", sleeps, obj{"memory": 6})))
	a.register(c.definition(nil, container("main", sleeps, obj{"memory": 64, "memoryReservation": 32})))
	a.register(c.definition(obj{"memory": "128"}, container("one", sleeps, obj{"memory": 64}), container("two", sleeps, obj{"memory": 64})))
}

func TestS031(t *testing.T) {
	c := begin(t, "S031", "no essential container and a container name given twice are refused")
	a := c.dev()
	a.awsRefused("ClientException", "Task definition doesn't have any essential container.", "register-task-definition",
		"--cli-input-json", compact(c.definition(nil, container("main", sleeps, obj{"essential": false}))))
	a.awsRefused("ClientException", "Container names must be unique", "register-task-definition",
		"--cli-input-json", compact(c.definition(nil, container("main", sleeps, nil), container("main", sleeps, nil))))
	described := a.describeTD(a.define(container("main", sleeps, nil)))
	c.equal("essential by default", get(described, "containerDefinitions.0.essential"), true)
	for _, name := range []string{"environment", "mountPoints", "portMappings", "volumesFrom", "systemControls"} {
		c.check(has(described, "containerDefinitions.0."+name), "%s is not filled in as an empty list", name)
	}
	c.equal("cpu by default", fmt.Sprint(get(described, "containerDefinitions.0.cpu")), "0")
}

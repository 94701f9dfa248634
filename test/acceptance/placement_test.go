//go:build acceptance

package acceptance

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestS117(t *testing.T) {
	c := begin(t, "S117", "spread by host: 4 tasks on 2 instances are 2+2; by zone, zones are balanced")
	k, a := c.clusterOn(c.dev(), "--zone", "zone-a")
	b := k.join("--zone", "zone-b")
	td := k.room(0, 32)
	at := k.ask(td, "--count", "4", "--placement-strategy", "type=spread,field=host").all(4)
	c.equal("tasks on each host", k.hosts(at, a, b), []int{2, 2})

	// The second host of zone a must not draw tasks to its zone; tasks of another family do not count.
	more := k.join("--zone", "zone-a")
	zones := k.room(0, 32)
	at = k.ask(zones, "--count", "6", "--placement-strategy", "type=spread,field=attribute:ecs.availability-zone").all(6)
	got := k.hosts(at, a, more, b)
	c.equal("tasks in zone a and zone b", []int{got[0] + got[1], got[2]}, []int{3, 3})

	// Two levels: zones first, then the hosts within them. One at a time, as ten users would ask.
	both := k.room(0, 32)
	at = nil
	for range 4 {
		at = append(at, k.ask(both, "--placement-strategy", "type=spread,field=attribute:ecs.availability-zone", "type=spread,field=instanceId").all(1)...)
	}
	c.equal("tasks by zone and host", k.hosts(at, a, more, b), []int{1, 1, 2})
}

func TestS118(t *testing.T) {
	c := begin(t, "S118", "binpack fills the fullest that fits, by memory or cpu; random uses both; strategies apply in order")
	// One is the smaller in memory, the other in CPU: which one is the fullest depends on the field.
	k, slim := c.clusterOn(c.dev(), "--zone", "zone-a", "--cpu", "4000", "--memory", "320")
	busy := k.join("--zone", "zone-a", "--cpu", "1000", "--memory", "4000")

	at := k.ask(k.room(10, 100), "--count", "5", "--placement-strategy", "type=binpack,field=memory").all(5)
	c.equal("binpack memory: 3 fill the slim one, 2 go on", k.hosts(at, slim, busy), []int{3, 2})
	k.quitAll(at)
	at = k.ask(k.room(300, 10), "--count", "5", "--placement-strategy", "type=binpack,field=cpu").all(5)
	c.equal("binpack cpu: 3 fill the busy one, 2 go on", k.hosts(at, slim, busy), []int{2, 3})
	k.quitAll(at)

	random := k.room(0, 10)
	at = k.ask(random, "--count", "10", "--placement-strategy", "type=random").all(10)
	at = append(at, k.ask(random, "--count", "10", "--placement-strategy", "type=random").all(10)...)
	got := k.hosts(at, slim, busy)
	c.check(got[0] > 0 && got[1] > 0, "random put 20 tasks as %v", got)
	k.quitAll(at)

	third := k.join("--zone", "zone-b", "--cpu", "4000", "--memory", "4000")
	order := []string{"type=spread,field=attribute:ecs.availability-zone", "type=binpack,field=memory"}
	at = k.ask(k.room(0, 20), append([]string{"--count", "4", "--placement-strategy"}, order...)...).all(4)
	c.equal("zones first, then memory", k.hosts(at, slim, busy, third), []int{2, 0, 2})
	k.quitAll(at)
	at = k.ask(k.room(0, 20), "--count", "4", "--placement-strategy", order[1], order[0]).all(4)
	c.equal("memory first, then zones", k.hosts(at, slim, busy, third), []int{4, 0, 0})
}

// quitAll stops tasks and waits for their ends.
func (k *cluster) quitAll(tasks []string) {
	k.c.Helper()
	for _, arn := range tasks {
		k.call("StopTask", obj{"cluster": k.name, "task": arn})
	}
	for _, arn := range tasks {
		k.stopped(arn)
	}
}

func TestS119(t *testing.T) {
	c := begin(t, "S119", "distinctInstance: 3 tasks on 2 instances are 2 tasks and 1 failure")
	k, a := c.clusterOn(c.dev())
	b := k.join()
	td := k.room(0, 32)
	out := k.ask(td, "--count", "3", "--placement-constraints", "type=distinctInstance")
	c.equal("tasks", len(out.tasks), 2)
	out.short("the third", notDistinct, 1, a, b)
	c.equal("tasks on each host", k.hosts(out.tasks, a, b), []int{1, 1})
	c.equal("containers", len(k.containersIn()), 2)
	k.ask(td, "--placement-constraints", "type=distinctInstance").rejected("one more", map[*agent]string{a: notDistinct, b: notDistinct})

	gone := k.host(out.tasks[0])
	k.quit(out.tasks[0])
	again := k.ask(td, "--placement-constraints", "type=distinctInstance").all(1)
	c.equal("the freed instance", k.host(again[0]), gone)
	k.ask(td).all(1) // who does not ask for it is not bound by it
}

func TestS120(t *testing.T) {
	c := begin(t, "S120", "too much CPU, memory, ports or GPU, or a missing attribute: 200 with a failure per instance that says how much")
	k, small := c.clusterOn(c.dev(), "--cpu", "1024", "--memory", "256")
	port := c.port()
	holder := k.run(k.define(httpd("web", obj{"containerPort": 80, "hostPort": port})))
	for _, tc := range []struct {
		reason string
		more   obj
		words  []string
	}{
		{"RESOURCE:CPU", obj{"cpu": 1025}, []string{"1025", "1024"}},
		{"RESOURCE:MEMORY", obj{"memory": 300}, []string{"300", "224"}},
		{"RESOURCE:GPU", obj{"resourceRequirements": []obj{{"type": "GPU", "value": "2"}}}, []string{"2", "0"}},
		{"RESOURCE:PORTS", obj{"portMappings": []obj{{"containerPort": 80, "hostPort": port}}}, []string{fmt.Sprint(port), "tcp"}},
		{"ATTRIBUTE", obj{"logConfiguration": obj{"logDriver": "syslog"}}, []string{"com.amazonaws.ecs.capability.logging-driver.syslog"}},
	} {
		out := k.ask(k.define(container("main", sleeps, tc.more)))
		out.rejected(tc.reason, map[*agent]string{small: tc.reason})
		c.mentions("detail of "+tc.reason, out.detail(small), tc.words...)
	}
	k.running(holder)
	c.equal("containers", k.containersIn(), c.containersOf(holder))

	large := k.join("--cpu", "4096", "--memory", "700")
	at := k.ask(k.room(2048, 32)).all(1)
	c.equal("what fits only on the larger", k.host(at[0]), large.instance)
	k.ask(k.room(3000, 32)).rejected("too much for what is left", map[*agent]string{small: "RESOURCE:CPU", large: "RESOURCE:CPU"})
	out := k.ask(k.room(900, 32), "--count", "4")
	c.equal("of four, those that fit", len(out.tasks), 3)
	out.short("the fourth", "RESOURCE:CPU", 1, small, large)
	c.equal("tasks on each", k.hosts(out.tasks, small, large), []int{1, 2})
	out = k.ask(k.room(200, 650))
	out.rejected("each for its own reason", map[*agent]string{small: "RESOURCE:CPU", large: "RESOURCE:MEMORY"})
	c.mentions("detail of the small one", out.detail(small), "200", "124")
	c.mentions("detail of the large one", out.detail(large), "650", "604")
}

func TestS121(t *testing.T) {
	c := begin(t, "S121", "constraints of definition and request both hold; too many, too long and contradictory ones are refused")
	k, both := c.clusterOn(c.dev(), "--attribute", "disk=ssd", "--attribute", "rack=r1")
	ssd := k.join("--attribute", "disk=ssd", "--attribute", "rack=r2")
	rack := k.join("--attribute", "disk=hdd", "--attribute", "rack=r1")
	constrained := func(n int) obj {
		constraints := make([]obj, n)
		for i := range constraints {
			constraints[i] = memberOf("attribute:disk == ssd")
		}
		return c.definition(obj{"placementConstraints": constraints}, container("main", sleeps, nil))
	}
	racks := make([]string, 11)
	for i := range racks {
		racks[i] = "attribute:rack == r1"
	}
	td := k.register(constrained(1))
	at := k.ask(td, append([]string{"--count", "4"}, memberFlag(racks[0])...)...).all(4)
	c.equal("tasks on each", k.hosts(at, both, ssd, rack), []int{4, 0, 0})
	at = k.ask(td, "--count", "4", "--placement-strategy", "type=spread,field=instanceId").all(4)
	got := k.hosts(at, both, ssd, rack)
	c.check(got[0]+got[1] == 4 && got[1] > 0, "with the definition's constraint alone: %v", got)
	k.ask(td, memberFlag("attribute:rack == r3")...).rejected("nowhere", map[*agent]string{both: notMember, ssd: notMember, rack: notMember})
	started := len(k.containersIn())

	refused := func(text string, td string, flags ...string) {
		c.Helper()
		k.awsRefused("InvalidParameterException|ClientException", text, append([]string{"run-task", "--cluster", k.name, "--task-definition", td}, flags...)...)
	}
	plain, six := k.room(0, 32), k.register(constrained(6))
	refused("", plain, memberFlag(racks...)...)
	refused("", six, memberFlag(racks[:5]...)...)
	refused("Maximum number of strategies is 5", plain, "--placement-strategy", "type=random", "type=random", "type=random", "type=random", "type=random", "type=random")
	refused("distinctInstance expression should not be specified", plain, "--placement-constraints", "type=distinctInstance,expression=attribute:rack==r1")
	refused("", plain, "--placement-constraints", "type=memberOf")
	refused("", plain, memberFlag(long(2001))...)
	refused("binpack field 'disk' is invalid", plain, "--placement-strategy", "type=binpack,field=disk")
	k.registerRefused("", constrained(11))
	k.registerRefused("constraint.type 'distinctInstance' is not supported.",
		with(constrained(0), obj{"placementConstraints": []obj{{"type": "distinctInstance"}}}))
	k.registerRefused("", with(constrained(0), obj{"placementConstraints": []obj{memberOf(long(2001))}}))
	c.equal("containers after the refusals", len(k.containersIn()), started)

	// One step on the right side of each line is taken.
	only := map[string]outcome{
		"ten together": k.ask(six, memberFlag(racks[:4]...)...),
		"ten asked":    k.ask(plain, memberFlag(append(racks[:9], "attribute:disk == ssd")...)...),
		"2000":         k.ask(plain, memberFlag(long(2000), racks[0])...),
		"ten defined":  k.ask(k.register(constrained(10)), "--placement-strategy", "type=random", "type=random", "type=random", "type=random", "type=binpack,field=CPU"),
	}
	for what, out := range only {
		if at := k.host(out.all(1)[0]); at != both.instance && (what != "ten defined" || at != ssd.instance) {
			c.Errorf("%s: runs on %s", what, at)
		}
	}
}

// long is an expression of exactly n characters that holds for disk ssd.
func long(n int) string {
	const one = "attribute:disk == ssd and "
	const last = "attribute:disk == ssd"
	text := strings.Repeat(one, (n-len(last))/len(one))
	return text + strings.Repeat(" ", n-len(text)-len(last)) + last
}

func TestS123(t *testing.T) {
	c := begin(t, "S123", "a docker volume driver that an instance lacks excludes it; where it is, the volume is made with it")
	if os.Getuid() != 0 || os.Getenv("BERTH_TEST_DOCKER_RESTART") != "1" {
		c.Skip("needs root and BERTH_TEST_DOCKER_RESTART=1: it starts a Docker daemon of its own, which has the driver")
	}
	driver := c.volumePlugin()
	k, without := c.clusterOn(c.dev())
	definition := func(driver string) string {
		volume := obj{"name": "data", "dockerVolumeConfiguration": obj{"scope": "task", "driver": driver}}
		return k.register(c.definition(obj{"networkMode": "none", "volumes": []obj{volume}},
			container("main", sleeps, obj{"mountPoints": []obj{{"sourceVolume": "data", "containerPath": "/data"}}})))
	}
	capability := "ecs.capability.docker-plugin." + driver
	td, local := definition(driver), definition("local")
	c.check(find(list(k.describeTD(td), "requiresAttributes"), "name", capability) != nil, "the definition does not require %s", capability)
	out := k.ask(td)
	out.rejected("nobody has the driver", map[*agent]string{without: "ATTRIBUTE"})
	c.mentions("detail", out.detail(without), capability)
	c.equal("containers", len(k.containersIn()), 0)

	d := c.startPrivateDocker()
	has := k.joinWith([]string{"DOCKER_HOST=" + d.host}, "--attribute", capability+"=")
	placed := k.ask(td, "--count", "3", "--placement-strategy", "type=spread,field=instanceId").all(3)
	for _, arn := range placed {
		c.equal("the task's instance", str(k.running(arn), "containerInstanceArn"), has.instance)
	}
	c.equal("containers on the instance without", len(k.containersIn()), 0)
	made := c.dockerOn(d, "volume", "ls", "--quiet", "--filter", "driver="+driver)
	c.equal("volumes of the driver", len(strings.Fields(made)), 3)
	for _, id := range strings.Fields(c.dockerOn(d, "ps", "-q", "--filter", "label="+labelInstance+"="+has.instance)) {
		c.mentions("a container's mounts", c.dockerOn(d, "inspect", "--format", "{{json .Mounts}}", id), `"Driver":"`+driver+`"`, `"Destination":"/data"`)
	}
	k.quitAll(placed)

	both := k.ask(local, "--count", "4", "--placement-strategy", "type=spread,field=instanceId").all(4)
	here := 0
	for _, arn := range both {
		if str(k.running(arn), "containerInstanceArn") == without.instance {
			here++
			c.equal("driver of the volume", str(find(list(c.real(arn, "main"), "Mounts"), "Destination", "/data"), "Driver"), "local")
		}
	}
	c.equal("tasks with the driver that both have, on the instance without", here, 2)
	k.quitAll(both)
	has.term(20 * time.Second)
	d.term(30 * time.Second)
}

// dockerOn runs the docker command against a private daemon.
func (c *C) dockerOn(d *privateDocker, args ...string) string {
	c.Helper()
	return c.docker(append([]string{"-H", d.host}, args...)...)
}

func TestS124(t *testing.T) {
	c := begin(t, "S124", "group is family:<name> unless given; an own group is shown and is what distinctInstance and task:group mean")
	k, a := c.clusterOn(c.dev())
	b := k.join()
	first, second := k.room(0, 32), k.room(0, 32)
	plain := k.ask(first).all(1)[0]
	c.equal("group by default", str(k.running(plain), "group"), "family:"+familyOf(first))
	c.equal("group by default in the answer", str(k.call("DescribeTasks", obj{"cluster": k.name, "tasks": []string{idOf(plain)}}), "tasks.0.group"), "family:"+familyOf(first))

	distinct := func(td, group string) outcome {
		c.Helper()
		return k.ask(td, "--group", group, "--placement-constraints", "type=distinctInstance")
	}
	one := distinct(first, "mine").all(1)[0]
	two := distinct(second, "mine").all(1)[0] // another family, the same group
	c.equal("own group", str(k.running(one), "group"), "mine")
	c.check(k.host(one) != k.host(two), "two tasks of one group are on %s", k.host(one))
	distinct(first, "mine").rejected("a third of the group", map[*agent]string{a: notDistinct, b: notDistinct})
	distinct(first, "other").all(1)

	affine := k.ask(second, append([]string{"--count", "3", "--group", "beside"}, memberFlag("task:group == family:"+familyOf(first))...)...).all(3)
	for _, arn := range affine {
		c.equal("beside the plain one", k.host(arn), k.host(plain))
	}
	k.awsRefused("InvalidParameterException|ClientException", "", "run-task", "--cluster", k.name, "--task-definition", first, "--group", "service:web")
}

func TestS152(t *testing.T) {
	c := begin(t, "S152", "runtimePlatform of another architecture is not placed, that of the machine is (task part)")
	k, g := c.clusterOn(c.dev())
	other, own := "ARM64", "X86_64"
	if runtime.GOARCH == "arm64" {
		other, own = own, other
	}
	platform := func(architecture string) string {
		return k.register(c.definition(obj{"runtimePlatform": obj{"cpuArchitecture": architecture, "operatingSystemFamily": "LINUX"}},
			container("main", sleeps, nil)))
	}
	out := k.ask(platform(other))
	out.rejected(other, map[*agent]string{g: "ATTRIBUTE"})
	c.mentions("detail", out.detail(g), "ecs.cpu-architecture")
	c.equal("containers", len(k.containersIn()), 0)
	td := platform(own)
	c.equal("the instance of "+own, k.host(k.ask(td).all(1)[0]), g.instance)
	c.equal("cpuArchitecture", str(k.describeTD(td), "runtimePlatform.cpuArchitecture"), own)
	windows := k.register(c.definition(obj{"runtimePlatform": obj{"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}, container("main", sleeps, nil)))
	k.ask(windows).rejected("Windows", map[*agent]string{g: "ATTRIBUTE"})
}

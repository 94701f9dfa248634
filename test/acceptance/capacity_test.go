//go:build acceptance

package acceptance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// provider is a capacity provider over a machine group of the check's own.
type provider struct{ name, group string }

// groupARN is how an operator names a machine group to CreateCapacityProvider: in the form of an Auto Scaling group.
func groupARN(group string) string {
	return "arn:aws:autoscaling:" + region + ":" + account + ":autoScalingGroup:00000000-0000-0000-0000-000000000000:autoScalingGroupName/" + group
}

// provider creates a capacity provider over a new group, with the CLI.
func (a *api) provider(settings obj) provider {
	a.c.Helper()
	p := provider{a.c.name("provider"), a.c.name("group")}
	out := a.aws("create-capacity-provider", "--name", p.name,
		"--auto-scaling-group-provider", compact(with(obj{"autoScalingGroupArn": groupARN(p.group)}, settings)))
	a.c.equal("status of the new provider", str(out, "capacityProvider.status"), "ACTIVE")
	a.c.equal("name of the new provider", str(out, "capacityProvider.name"), p.name)
	return p
}

// unscaled is a provider whose group nobody changes.
var unscaled = obj{"managedScaling": obj{"status": "DISABLED"}, "managedTerminationProtection": "DISABLED"}

// associate makes the providers those of the cluster, with a default strategy.
func (k *cluster) associate(strategy []obj, providers ...provider) obj {
	k.c.Helper()
	names := make([]string, len(providers))
	for i, p := range providers {
		names[i] = p.name
	}
	return k.aws("put-cluster-capacity-providers", "--cluster", k.name, "--capacity-providers", compact(names),
		"--default-capacity-provider-strategy", compact(strategy))
}

// over is one item of a strategy.
func over(p provider, base, weight int) obj {
	return obj{"capacityProvider": p.name, "base": base, "weight": weight}
}

// strategy is the CLI's flag.
func strategy(items ...obj) []string { return []string{"--capacity-provider-strategy", compact(items)} }

// capacity makes a cluster with n providers and an agent in the group of each.
func (c *C) capacity(n int, flags ...string) (*cluster, []provider, []*agent) {
	c.Helper()
	k := c.emptyCluster(c.dev())
	var providers []provider
	var agents []*agent
	for range n {
		p := k.provider(unscaled)
		providers = append(providers, p)
		agents = append(agents, k.join(append([]string{"--group", p.group}, flags...)...))
	}
	k.associate([]obj{}, providers...)
	return k, providers, agents
}

func TestS141(t *testing.T) {
	c := begin(t, "S141", "base 1, weights 1:4: 11 tasks are 3 and 8; weights 1:1 are even; weight 0 gets none")
	k, p, agents := c.capacity(3)
	td := k.room(0, 32)
	shares := func(tasks []string) []int {
		c.Helper()
		counts := make([]int, len(p))
		for _, arn := range tasks {
			task := k.running(arn)
			i := slices.IndexFunc(p, func(p provider) bool { return p.name == str(task, "capacityProviderName") })
			if i < 0 {
				c.Fatalf("capacityProviderName is %q", str(task, "capacityProviderName"))
			}
			counts[i]++
			c.equal("the host of a task of "+p[i].name, k.host(arn), agents[i].instance)
		}
		return counts
	}
	for i, g := range agents {
		c.equal("capacityProviderName of the instance", str(k.instance(g.instance), "capacityProviderName"), p[i].name)
	}
	eleven := k.ask(td, append(strategy(over(p[0], 1, 1), over(p[1], 0, 4)), "--count", "10")...).all(10)
	eleven = append(eleven, k.ask(td, strategy(over(p[0], 1, 1), over(p[1], 0, 4))...).all(1)...) // one call takes ten
	c.equal("base 1, weights 1:4", shares(eleven), []int{3, 8, 0})
	k.quitAll(eleven)
	even := k.ask(td, append(strategy(over(p[0], 0, 1), over(p[1], 0, 1), over(p[2], 0, 0)), "--count", "6", "--group", "even")...).all(6)
	c.equal("weights 1:1:0", shares(even), []int{3, 3, 0})
	k.quitAll(even)
	base := k.ask(td, append(strategy(over(p[0], 0, 1), over(p[2], 2, 0)), "--count", "3", "--group", "base")...).all(3)
	c.equal("a base of 2 with weight 0", shares(base), []int{1, 0, 2})
	c.equal("containers at the end", len(k.containersOfRunning()), 3)
}

// containersOfRunning lists the ids of the cluster's running containers.
func (k *cluster) containersOfRunning() []string {
	k.c.Helper()
	return strings.Fields(k.c.docker("ps", "-q", "--filter", "label=com.amazonaws.ecs.cluster="+k.name))
}

func TestS142(t *testing.T) {
	c := begin(t, "S142", "all weights 0, 7 providers, two bases, an unassociated provider, launchType with strategy: refused")
	k, p, _ := c.capacity(1)
	for range 6 {
		p = append(p, k.provider(unscaled))
	}
	stranger := k.provider(unscaled)
	k.associate([]obj{}, p...)
	td := k.room(0, 32)
	refused := func(text string, flags ...string) {
		c.Helper()
		k.awsRefused("InvalidParameterException", text, append([]string{"run-task", "--cluster", k.name, "--task-definition", td}, flags...)...)
	}
	items := make([]obj, len(p))
	for i := range p {
		items[i] = over(p[i], 0, 1)
	}
	items[0]["base"] = 1
	refused("weight value greater than zero", strategy(over(p[0], 0, 0), over(p[1], 0, 0))...)
	refused("", strategy(items...)...)
	refused("with a base value defined", strategy(over(p[0], 1, 1), over(p[1], 1, 1))...)
	refused("not associated with the cluster", strategy(over(stranger, 0, 1))...)
	refused("not associated with the cluster", strategy(over(p[0], 0, 1), over(provider{name: c.name("unknown")}, 0, 1))...)
	refused("Specifying both a launch type and capacity provider strategy is not supported.", append(strategy(over(p[0], 0, 1)), "--launch-type", "EC2")...)
	refused("", strategy(over(p[0], 0, 1001))...)
	refused("", strategy(over(p[0], 100001, 1))...)
	for _, negative := range []obj{over(p[0], -1, 1), over(p[0], 0, -1)} { // the CLI would not send them
		k.refused("InvalidParameterException", "", "RunTask",
			obj{"cluster": k.name, "taskDefinition": td, "capacityProviderStrategy": []obj{negative}})
	}
	c.equal("containers after the refusals", len(k.containersIn()), 0)
	arn := k.ask(td, strategy(items[:6]...)...).all(1)[0]
	c.equal("one step on the right side", str(k.running(arn), "capacityProviderName"), p[0].name)

	put := func(text string, strategy ...obj) {
		c.Helper()
		k.awsRefused("InvalidParameterException", text, "put-cluster-capacity-providers", "--cluster", k.name,
			"--capacity-providers", p[0].name, p[1].name, "--default-capacity-provider-strategy", compact(strategy))
	}
	put("not associated with the cluster", over(p[2], 0, 1))
	put("with a base value defined", over(p[0], 1, 1), over(p[1], 1, 1))
	out := k.aws("describe-clusters", "--clusters", k.name)
	c.equal("providers after the refusals", len(list(out, "clusters.0.capacityProviders")), len(p))
}

func TestS143(t *testing.T) {
	c := begin(t, "S143", "nothing given: the cluster's default strategy; the task shows its provider; a launch type turns it off (task part)")
	k, p, agents := c.capacity(2)
	td := k.room(0, 32)
	k.associate([]obj{{"capacityProvider": p[1].name, "weight": 1}}, p...)
	shown := get(k.aws("describe-clusters", "--clusters", k.name), "clusters.0.defaultCapacityProviderStrategy")
	c.equal("the cluster's default strategy", compact(shown), compact([]obj{over(p[1], 0, 1)}))

	byDefault := k.ask(td, "--count", "4").all(4)
	c.equal("tasks on each", k.hosts(byDefault, agents...), []int{0, 4})
	task := k.task(byDefault[0])
	c.equal("capacityProviderName", str(task, "capacityProviderName"), p[1].name)
	c.equal("launchType", str(task, "launchType"), "EC2")

	explicit := k.ask(td, append(strategy(over(p[0], 0, 1)), "--count", "2")...).all(2)
	c.equal("with a strategy of its own", k.hosts(explicit, agents...), []int{2, 0})
	typed := k.ask(td, "--launch-type", "EC2", "--count", "4", "--group", "typed", "--placement-strategy", "type=spread,field=instanceId").all(4)
	c.equal("with a launch type", k.hosts(typed, agents...), []int{2, 2})
	c.check(!has(k.task(typed[0]), "capacityProviderName"), "a task with a launch type has provider %q", str(k.task(typed[0]), "capacityProviderName"))

	k.quitAll(slices.Concat(byDefault, explicit))
	k.associate([]obj{}, p...)
	plain := k.ask(td, "--count", "4", "--group", "plain", "--placement-strategy", "type=spread,field=instanceId").all(4)
	c.equal("without a default strategy", k.hosts(plain, agents...), []int{2, 2})
	c.check(!has(k.task(plain[0]), "capacityProviderName"), "a task without any strategy has provider %q", str(k.task(plain[0]), "capacityProviderName"))
}

func TestS144(t *testing.T) {
	c := begin(t, "S144", "put-cluster-capacity-providers replaces; one in use stays; [] is taken; attachmentsStatus gets complete")
	k, p, _ := c.capacity(1)
	p = append(p, k.provider(unscaled))
	settled := func(names ...string) {
		c.Helper()
		c.eventually(startLimit, "the attachments are complete", func() error {
			out := k.call("DescribeClusters", obj{"clusters": []string{k.name}, "include": []string{"ATTACHMENTS"}})
			if got := str(out, "clusters.0.attachmentsStatus"); got != "UPDATE_COMPLETE" {
				return notYet("attachmentsStatus %q", got)
			}
			c.equal("providers", words(list(out, "clusters.0.capacityProviders")), names)
			c.equal("attachments", len(list(out, "clusters.0.attachments")) >= len(names), true)
			return nil
		})
	}
	out := k.associate([]obj{over(p[0], 0, 1)}, p...)
	c.equal("providers in the answer", words(list(out, "cluster.capacityProviders")), []string{p[0].name, p[1].name})
	settled(p[0].name, p[1].name)
	td := k.room(0, 32)
	arn := k.ask(td).all(1)[0]
	c.equal("capacityProviderName", str(k.running(arn), "capacityProviderName"), p[0].name)

	const inUse = "The specified capacity provider is in use and cannot be removed."
	put := func(providers []string, items ...obj) []string {
		return []string{"put-cluster-capacity-providers", "--cluster", k.name, "--capacity-providers", compact(providers),
			"--default-capacity-provider-strategy", compact(append([]obj{}, items...))}
	}
	k.awsRefused("ResourceInUseException", inUse, put([]string{p[1].name}, over(p[1], 0, 1))...)
	k.awsRefused("ResourceInUseException", inUse, put([]string{})...)
	settled(p[0].name, p[1].name)
	c.equal("the task", get(c.real(arn, "main"), "State.Running"), true)
	k.quit(arn)
	k.aws(put([]string{p[1].name}, over(p[1], 0, 1))...)
	settled(p[1].name)
	k.awsRefused("InvalidParameterException", "", put([]string{c.name("unknown")})...)
	k.awsRefused("ClientException|InvalidParameterException|ResourceInUseException", "", "delete-capacity-provider", "--capacity-provider", p[1].name)
	out = k.aws(put([]string{})...)
	c.equal("providers after []", len(list(out, "cluster.capacityProviders")), 0)
	c.equal("default strategy after []", len(list(out, "cluster.defaultCapacityProviderStrategy")), 0)
	settled()
	c.check(!has(k.running(k.ask(td).all(1)[0]), "capacityProviderName"), "a task after [] still has a provider")

	k.aws("update-capacity-provider", "--name", p[0].name, "--auto-scaling-group-provider", compact(obj{"managedScaling": obj{"targetCapacity": 80}}))
	changed := find(list(k.call("DescribeCapacityProviders", obj{"capacityProviders": []string{p[0].name}}), "capacityProviders"), "name", p[0].name)
	c.equal("targetCapacity after the update", num(changed, "autoScalingGroupProvider.managedScaling.targetCapacity"), 80)
	c.equal("status after the update", str(changed, "autoScalingGroupProvider.managedScaling.status"), "DISABLED")
	c.equal("group after the update", str(changed, "autoScalingGroupProvider.autoScalingGroupArn"), groupARN(p[0].group))
	c.equal("described before", str(k.aws("describe-capacity-providers", "--capacity-providers", p[1].name), "capacityProviders.0.status"), "ACTIVE")
	k.aws("delete-capacity-provider", "--capacity-provider", p[1].name)
	out = k.aws("describe-capacity-providers", "--capacity-providers", p[0].name, p[1].name)
	c.equal("the one that is left", str(find(list(out, "capacityProviders"), "name", p[0].name), "status"), "ACTIVE")
	if deleted := find(list(out, "capacityProviders"), "name", p[1].name); deleted != nil {
		c.equal("the deleted one", str(deleted, "status")+" "+str(deleted, "updateStatus"), "INACTIVE DELETE_COMPLETE")
	} else {
		c.equal("the deleted one", str(out, "failures.0.reason"), "MISSING")
	}
	for _, name := range []string{"aws-mine", "ECS-mine", "fargate_mine"} {
		k.awsRefused("InvalidParameterException|ClientException", "The specified capacity provider name is invalid",
			"create-capacity-provider", "--name", name, "--auto-scaling-group-provider", compact(obj{"autoScalingGroupArn": groupARN(name)}))
	}
}

func TestS150(t *testing.T) {
	c := begin(t, "S150", "launch type EXTERNAL runs on the external instance and only there, EC2 only on the other")
	k, own := c.clusterOn(c.dev())
	td := k.register(c.definition(obj{"requiresCompatibilities": []string{"EXTERNAL", "EC2"}}, container("main", "echo env=$AWS_EXECUTION_ENV; "+sleeps, nil)))
	out := k.ask(td, "--launch-type", "EXTERNAL")
	out.rejected("without an external instance", map[*agent]string{own: "ATTRIBUTE"})
	c.mentions("detail", out.detail(own), "EXTERNAL")
	external := k.join("--external")
	for launch, want := range map[string][]int{"EXTERNAL": {0, 3}, "EC2": {3, 0}} {
		tasks := k.ask(td, "--launch-type", launch, "--count", "3", "--group", launch, "--placement-strategy", "type=spread,field=instanceId").all(3)
		c.equal(launch+" tasks on each", k.hosts(tasks, own, external), want)
		for _, arn := range tasks {
			c.equal("launchType", str(k.task(arn), "launchType"), launch)
			c.equal("AWS_EXECUTION_ENV in the container", strings.TrimSpace(c.logs(str(c.real(arn, "main"), "Id"))), "env=AWS_ECS_"+launch)
		}
		listed := words(list(k.aws("list-tasks", "--cluster", k.name, "--launch-type", launch), "taskArns"))
		slices.Sort(listed)
		slices.Sort(tasks)
		c.equal("listed by launch type", fmt.Sprint(listed), fmt.Sprint(tasks))
	}
	k.call("UpdateContainerInstancesState", obj{"cluster": k.name, "containerInstances": []string{external.instance}, "status": "DRAINING"})
	k.ask(td, "--launch-type", "EXTERNAL").rejected("while the external one drains", map[*agent]string{own: "ATTRIBUTE"})
}

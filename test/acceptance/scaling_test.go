//go:build acceptance

package acceptance

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// localHosts is the group of a server that the example hook scales: its hosts are agents on this machine.
type localHosts struct {
	c    *C
	name string
	hook string
}

// localGroup makes a server whose group of hosts of 512 units and 512 MiB is scaled by the example hook, a minute of managed scaling
// being half a second.
func (c *C) localGroup() (*api, *localHosts) {
	c.Helper()
	g := &localHosts{c: c, name: c.name("group"), hook: filepath.Join(home.root, "examples", "local-hosts", "hook.sh")}
	s := c.server("--scaling-hook", g.name+"="+g.hook, "--scaling-host", g.name+"=512,512", "--scaling-period", "500ms")
	c.Cleanup(g.stop)
	return s.api(c), g
}

// folders are those of the hosts that run.
func (g *localHosts) folders() []string {
	g.c.Helper()
	found, err := filepath.Glob(filepath.Join(home.tmp, ".berth", "local-hosts", g.name, "*"))
	g.c.must(err, "list the hosts")
	return found
}

// stop stops what a check left running.
func (g *localHosts) stop() {
	for _, folder := range g.folders() {
		cmd := exec.Command(g.hook, "scale-in", filepath.Base(folder))
		cmd.Env = environment(rootKey, rootSecret, "BERTH_GROUP="+g.name, "BERTH_CLUSTER=c", "BERTH_SERVER=none")
		if out, err := cmd.CombinedOutput(); err != nil {
			g.c.Errorf("stop %s: %v: %s", folder, err, out)
		}
	}
}

// awaitInstances waits until the cluster has n instances, and the machine n hosts.
func (k *cluster) awaitInstances(g *localHosts, n int) []string {
	k.c.Helper()
	var at []string
	k.c.eventually(startLimit, "the group has as many instances as it needs", func() error {
		at = k.instances()
		if hosts := g.folders(); len(at) != n || len(hosts) != n {
			return notYet("%d instances, hosts %v, want %d", len(at), hosts, n)
		}
		return nil
	})
	return at
}

func TestS145(t *testing.T) {
	c := begin(t, "S145", "a capacity provider over a local machine group: waiting tasks make it grow, idle makes it shrink; a second cluster is refused")
	a, g := c.localGroup()
	k := c.emptyCluster(a)
	p := provider{c.name("provider"), g.name}
	k.aws("create-capacity-provider", "--name", p.name, "--auto-scaling-group-provider", compact(obj{
		"autoScalingGroupArn": groupARN(g.name), "managedTerminationProtection": "ENABLED",
		"managedScaling": obj{"status": "ENABLED", "maximumScalingStepSize": 2, "instanceWarmupPeriod": 60},
	}))
	k.associate([]obj{over(p, 0, 1)}, p)
	second := c.emptyCluster(a)
	second.awsRefused("InvalidParameterException|ClientException|ResourceInUseException", "", "put-cluster-capacity-providers",
		"--cluster", second.name, "--capacity-providers", p.name, "--default-capacity-provider-strategy", "[]")

	td := k.register(c.definition(obj{"networkMode": "none"}, container("main", sleeps, obj{"cpu": 256})))
	tasks := k.ask(td, "--count", "4").all(4)
	for _, arn := range tasks {
		c.check(slices.Contains([]string{"PROVISIONING", "PENDING", "RUNNING"}, str(k.task(arn), "lastStatus")), "a task that waits is %s", compact(k.task(arn)))
	}
	on := map[string][]string{} // tasks by instance
	for _, arn := range tasks {
		at := k.host(arn)
		on[at] = append(on[at], arn)
	}
	at := k.awaitInstances(g, 2)
	for _, arn := range at {
		c.equal("tasks on "+arn, len(on[arn]), 2)
		c.equal("capacityProviderName of the instance", str(k.instance(arn), "capacityProviderName"), p.name)
	}
	c.equal("capacityProviderName of the task", str(k.task(tasks[0]), "capacityProviderName"), p.name)

	big := k.ask(k.register(c.definition(obj{"networkMode": "none"}, container("main", sleeps, obj{"cpu": 513})))).all(1)[0]
	c.stays(3*time.Second, "a task that no host of the group could hold makes nothing grow", func() error {
		if n := len(k.instances()); n != 2 {
			return notYet("%d instances", n)
		}
		return nil
	})
	c.equal("it waits", str(k.task(big), "lastStatus"), "PROVISIONING")
	k.quit(big)

	idle, busy := at[0], at[1]
	k.quitAll(on[idle])
	c.equal("the instance that stays", compact(k.awaitInstances(g, 1)), compact([]string{busy}))
	c.equal("the instance that went", str(k.instance(idle), "status"), "INACTIVE")
	for _, arn := range on[busy] {
		c.equal("a task on the instance that stays", get(c.real(arn, "main"), "State.Running"), true)
	}
	k.quitAll(on[busy])
	k.awaitInstances(g, 0)

	again := k.ask(td).all(1)[0] // from nothing, once more
	k.running(again)
	k.quit(again)
	k.awaitInstances(g, 0)
}

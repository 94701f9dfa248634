//go:build acceptance

package acceptance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestS126(t *testing.T) {
	c := begin(t, "S126", "tasks of one cluster are invisible in another; unknown clusters: exception, or MISSING in describe")
	a, b := c.cluster(), c.emptyCluster(c.dev())
	arn := a.run(a.define(container("main", sleeps, nil)))
	a.running(arn)
	c.equal("tasks listed in A", words(list(a.aws("list-tasks", "--cluster", a.name), "taskArns")), []string{arn})
	c.equal("tasks listed in B", len(list(b.aws("list-tasks", "--cluster", b.name), "taskArns")), 0)
	out := b.aws("describe-tasks", "--cluster", b.name, "--tasks", idOf(arn))
	c.equal("tasks described in B", len(list(out, "tasks")), 0)
	c.equal("reason in B", str(out, "failures.0.reason"), "MISSING")
	b.awsRefused("InvalidParameterException", "The referenced task was not found.", "stop-task", "--cluster", b.name, "--task", idOf(arn))
	c.equal("the task in A", str(a.task(arn), "desiredStatus"), "RUNNING")

	nowhere := c.name("nowhere")
	for _, args := range [][]string{
		{"list-tasks"}, {"describe-tasks", "--tasks", idOf(arn)}, {"list-container-instances"},
		{"stop-task", "--task", idOf(arn)}, {"run-task", "--task-definition", str(a.task(arn), "taskDefinitionArn")},
	} {
		a.awsRefused("ClusterNotFoundException", "Cluster not found.", append(args, "--cluster", nowhere)...)
	}
	out = a.aws("describe-clusters", "--clusters", a.name, nowhere)
	c.equal("clusters described", str(out, "clusters.0.clusterName"), a.name)
	c.equal("reason of the unknown one", str(out, "failures.0.reason"), "MISSING")
	c.check(strings.HasSuffix(str(out, "failures.0.arn"), ":cluster/"+nowhere), "arn of the unknown one: %s", str(out, "failures.0.arn"))

	a.awsRefused("ClusterContainsContainerInstancesException|ClusterContainsTasksException", "", "delete-cluster", "--cluster", a.name)
	deleted := b.aws("delete-cluster", "--cluster", b.name)
	c.equal("status of the deleted", str(deleted, "cluster.status"), "INACTIVE")
	c.equal("described afterwards", str(b.aws("describe-clusters", "--clusters", b.name), "clusters.0.status"), "INACTIVE")
	arns := words(list(a.aws("list-clusters"), "clusterArns"))
	c.check(slices.ContainsFunc(arns, func(s string) bool { return strings.HasSuffix(s, "/"+a.name) }), "A is not listed: %v", arns)
	c.check(!slices.ContainsFunc(arns, func(s string) bool { return strings.HasSuffix(s, "/"+b.name) }), "the deleted B is listed")
}

func TestS127(t *testing.T) {
	c := begin(t, "S127", "describe-clusters counts instances (DRAINING too), running and pending tasks as they are")
	k, _ := c.clusterOn(c.dev())
	drained := k.join()
	counts := func() string {
		cluster := get(k.aws("describe-clusters", "--clusters", k.name), "clusters.0")
		return fmt.Sprintf("instances %v running %v pending %v services %v", num(cluster, "registeredContainerInstancesCount"),
			num(cluster, "runningTasksCount"), num(cluster, "pendingTasksCount"), num(cluster, "activeServicesCount"))
	}
	c.equal("at first", counts(), "instances 2 running 0 pending 0 services 0")
	first, second := k.run(k.define(container("main", sleeps, nil))), k.run(k.define(container("main", sleeps, nil)))
	k.running(first)
	k.running(second)
	k.call("UpdateContainerInstancesState", obj{"cluster": k.name, "containerInstances": []string{drained.instance}, "status": "DRAINING"})
	c.equal("two tasks, one instance draining", counts(), "instances 2 running 2 pending 0 services 0")
	// A container that waits for one that never gets healthy keeps its task PENDING.
	waiting := k.run(k.define(
		container("sick", sleeps, obj{"healthCheck": obj{"command": []string{"CMD-SHELL", "exit 1"}, "interval": 5, "startPeriod": 300}}),
		container("main", sleeps, obj{"dependsOn": []obj{{"containerName": "sick", "condition": "HEALTHY"}}})))
	c.eventually(startLimit, "the first of the waiting task's containers runs", func() error {
		if n := len(c.containersOf(waiting)); n < 1 {
			return notYet("%d containers", n)
		}
		return nil
	})
	c.equal("status of the waiting task", str(k.task(waiting), "lastStatus"), "PENDING")
	c.equal("one pending", counts(), "instances 2 running 2 pending 1 services 0")
	k.quit(waiting)
	k.quit(first)
	c.equal("after two stops", counts(), "instances 2 running 1 pending 0 services 0")
	running := strings.Fields(c.docker("ps", "-q", "--filter", "label="+labelTask+"="+second))
	c.equal("real containers of the task that counts", len(running), 1)
}

func TestS138(t *testing.T) {
	c := begin(t, "S138", "a describe right after a change sees it")
	k := c.defaults()
	for i := range 10 {
		name := c.name("fresh")
		k.call("CreateCluster", obj{"clusterName": name})
		c.equal("cluster at once", str(k.call("DescribeClusters", obj{"clusters": []string{name}}), "clusters.0.status"), "ACTIVE")
		k.call("DeleteCluster", obj{"cluster": name})
		c.equal("cluster after its deletion", str(k.call("DescribeClusters", obj{"clusters": []string{name}}), "clusters.0.status"), "INACTIVE")

		def := c.definition(nil, container("main", sleeps, nil))
		td := str(k.call("RegisterTaskDefinition", def), "taskDefinition.taskDefinitionArn")
		out := k.call("DescribeTaskDefinition", obj{"taskDefinition": str(def, "family")})
		c.equal("task definition at once", str(out, "taskDefinition.taskDefinitionArn"), td)
		if i < 3 { // real containers are slower than records
			arn := k.start(td, 1)[0]
			c.equal("task at once", str(k.task(arn), "taskArn"), arn)
			listed := words(list(k.call("ListTasks", obj{"cluster": k.name, "family": str(def, "family")}), "taskArns"))
			c.equal("tasks listed at once", listed, []string{arn})
			k.call("StopTask", obj{"cluster": k.name, "task": arn})
			c.equal("desiredStatus at once", str(k.task(arn), "desiredStatus"), "STOPPED")
			listed = words(list(k.call("ListTasks", obj{"cluster": k.name, "family": str(def, "family")}), "taskArns"))
			c.equal("tasks listed after the stop", len(listed), 0)
		}
		k.call("DeregisterTaskDefinition", obj{"taskDefinition": td})
		out = k.call("DescribeTaskDefinition", obj{"taskDefinition": td})
		c.equal("status after deregistering", str(out, "taskDefinition.status"), "INACTIVE")
	}
}

func TestS161(t *testing.T) {
	c := beginAlone(t, "S161", "500 tasks: the API stays responsive; afterwards no container, network or volume is left")
	before := c.networksAndVolumes()
	s := c.server()
	k := c.emptyCluster(s.api(c))
	k.joinWith([]string{"ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION=1m"}, "--cpu", "65536", "--memory", "65536")
	brief := with(container("main", "", nil), obj{"command": []string{"true"}, "memory": 6})
	td := k.register(c.definition(obj{"networkMode": "none"}, brief))

	const tasks = 500
	slowest := newSlowest()
	quiet := *k.api
	quiet.quiet = true
	watching := make(chan struct{})
	ended := make(chan struct{})
	go func() { // owned by this check: ended by closing watching, waited for through ended
		defer close(ended)
		for {
			select {
			case <-watching:
				return
			case <-time.After(100 * time.Millisecond):
			}
			began := time.Now()
			if _, err := quiet.try("DescribeClusters", obj{"clusters": []string{k.name}}); err != nil {
				slowest.fail(err)
			}
			slowest.add(time.Since(began))
		}
	}()
	var arns []string
	for range tasks / 10 {
		out := k.call("RunTask", obj{"cluster": k.name, "taskDefinition": td, "count": 10})
		for i := range list(out, "tasks") {
			arns = append(arns, str(out, fmt.Sprintf("tasks.%d.taskArn", i)))
		}
	}
	c.equal("tasks accepted", len(arns), tasks)
	c.eventually(6*time.Minute, "all tasks have stopped", func() error {
		left := 0
		for chunk := range slices.Chunk(arns, 100) {
			for _, task := range list(k.call("DescribeTasks", obj{"cluster": k.name, "tasks": chunk}), "tasks") {
				if str(task, "lastStatus") != "STOPPED" {
					left++
				}
			}
		}
		if left > 0 {
			time.Sleep(time.Second)
			return notYet("%d of %d are not", left, tasks)
		}
		return nil
	})
	close(watching)
	<-ended
	c.check(slowest.err == nil, "a describe failed meanwhile: %v", slowest.err)
	c.check(slowest.percentile(95) < 500*time.Millisecond, "95 %% of the describes took up to %v", slowest.percentile(95))
	c.check(slowest.percentile(100) < 5*time.Second, "the slowest describe took %v", slowest.percentile(100))
	for chunk := range slices.Chunk(arns, 100) {
		for _, task := range list(k.call("DescribeTasks", obj{"cluster": k.name, "tasks": chunk}), "tasks") {
			c.check(get(task, "containers.0.exitCode") == float64(0) && str(task, "stopCode") == "EssentialContainerExited", "%s", compact(task))
		}
	}
	c.eventually(2*time.Minute, "the agent has removed what its tasks left", func() error {
		if left := c.leftovers("/"+k.name+"/", before); len(left) > 0 {
			return notYet("%d left, such as %s", len(left), left[0])
		}
		return nil
	})
}

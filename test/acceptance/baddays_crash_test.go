//go:build acceptance

package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAgentKilledWhileTaskEnds(t *testing.T) {
	c := begin(t, "A-baddays-agent-killed", "the agent is killed while tasks end and start: exit codes are reported, no container is lost or doubled")
	k, agent := c.clusterOn(c.dev())
	td := k.define(container("main", "trap 'sleep 3; exit 21' TERM; while :; do sleep 0.1; done", obj{"stopTimeout": 30}))
	stopping, stopped, byItself := k.run(td), k.run(td), k.run(k.define(container("main", "sleep 6; exit 22", nil)))
	for _, arn := range []string{stopping, stopped, byItself} {
		k.running(arn)
	}
	k.stop(stopping)
	agent.kill() // in the middle of the stop
	k.call("StopTask", obj{"cluster": k.name, "task": stopped})
	c.eventually(20*time.Second, "the container that ends by itself has ended", func() error {
		if get(c.real(byItself, "main"), "State.Running") == true {
			return notYet("it runs")
		}
		return nil
	})
	agent.again(k)
	for arn, want := range map[string]int{stopping: 21, stopped: 21, byItself: 22} {
		c.equal("exitCode", get(k.stopped(arn), "containers.0.exitCode"), want)
		c.equal("containers", len(c.containersOf(arn)), 1)
		c.equal("the container runs", get(c.real(arn, "main"), "State.Running"), false)
	}

	// Killed while tasks start: each comes up once.
	arns := k.start(k.define(container("main", sleeps, nil)), 5)
	agent.kill()
	agent.again(k)
	for _, arn := range arns {
		k.running(arn)
		c.equal("containers", len(c.containersOf(arn)), 1)
		c.equal("the container runs", get(c.real(arn, "main"), "State.Running"), true)
	}
}

func TestServerKilledWhileTaskStarts(t *testing.T) {
	c := begin(t, "A-baddays-server-killed", "the server is killed while tasks start: every acknowledged task is there and runs once")
	s := c.server()
	k, agent := c.clusterOn(s.api(c))
	td := k.define(container("main", sleeps, nil))
	var acknowledged []string
	for round := range 3 {
		k.awaitConnected(agent.instance, true) // an instance without its agent gets no task
		acknowledged = append(acknowledged, k.start(td, 4)...)
		time.Sleep(time.Duration(round*150) * time.Millisecond) // different moments of the start
		s.kill()
		s.restart(c)
	}
	k.awaitConnected(agent.instance, true)
	ids := map[string]bool{}
	for _, arn := range acknowledged {
		k.running(arn)
		containers := c.containersOf(arn)
		c.equal("containers of "+arn, len(containers), 1)
		ids[containers[0]] = true
	}
	c.equal("different containers", len(ids), len(acknowledged))
	c.equal("runningTasksCount", num(k.instance(agent.instance), "runningTasksCount"), len(acknowledged))
	for _, arn := range acknowledged {
		k.call("StopTask", obj{"cluster": k.name, "task": arn})
	}
	s.kill() // while they stop
	s.restart(c)
	for _, arn := range acknowledged {
		c.equal("stopCode", str(k.stopped(arn), "stopCode"), "UserInitiated")
	}
	running := c.docker("ps", "--format", `{{.Label "`+labelTask+`"}}`)
	c.check(!strings.Contains(running, "/"+k.name+"/"), "containers still run:\n%s", running)
}

func TestTwoAgentsOneIdentity(t *testing.T) {
	c := begin(t, "A-baddays-two-agents", "a second agent with the same identity fails clearly, the first goes on")
	k, agent := c.clusterOn(c.dev())
	td := k.define(container("main", sleeps, nil))
	arn := k.run(td)
	k.running(arn)

	second := c.start(c.name("second"), agent.env, home.bin, agent.args...)
	code := second.wait(30 * time.Second)
	c.check(code > 0, "the second agent on the same folder ended with %d (-1: it still runs)", code)
	c.check(strings.Contains(second.output(), agent.data), "it does not name the folder:\n%s", second.tail(10))

	copied := filepath.Join(c.dir("copy"), "data")
	out, err := exec.Command("cp", "-a", agent.data, copied).CombinedOutput()
	c.must(err, "copy the agent's folder: %s", out)
	args := strings.Split(strings.ReplaceAll(strings.Join(agent.args, "\x00"), agent.data, copied), "\x00")
	twin := c.start(c.name("twin"), agent.env, home.bin, args...)
	code = twin.wait(30 * time.Second)
	c.check(code > 0, "the agent with a copied identity ended with %d (-1: it still runs)", code)
	c.check(strings.Contains(twin.output(), idOf(agent.instance)), "it does not name the instance:\n%s", twin.tail(10))

	c.check(agent.alive(), "the first agent has ended:\n%s", agent.tail(10))
	k.awaitConnected(agent.instance, true)
	c.equal("instances", k.instances(), []string{agent.instance})
	c.equal("the task", str(k.task(arn), "lastStatus"), "RUNNING")
	c.equal("containers", len(c.containersOf(arn)), 1)
	k.running(k.run(td))
}

func TestDevLeavesNothing(t *testing.T) {
	c := begin(t, "A-baddays-dev-clean", "berth dev ends on SIGTERM with 0 and leaves no container, network or volume; with --keep they live on")
	before := c.networksAndVolumes()
	for _, keep := range []bool{false, true} {
		var flags []string
		if keep {
			flags = []string{"--keep"}
		}
		s := c.serve("dev", c.dir("dev"), flags...)
		k := &cluster{api: s.api(c), name: "default"}
		c.eventually(startLimit, "the agent of berth dev has joined", func() error {
			out, err := k.try("ListContainerInstances", obj{"cluster": k.name})
			if err != nil {
				return notYet("%v", err) // the cluster comes with the agent
			}
			if len(list(out.body, "containerInstanceArns")) != 1 {
				return notYet("no instance")
			}
			return nil
		})
		k.awaitConnected(k.instances()[0], true)
		volume := obj{"volumes": []obj{{"name": "scratch", "host": obj{}}}}
		mounted := obj{"mountPoints": []obj{{"sourceVolume": "scratch", "containerPath": "/scratch"}}}
		arns := k.start(k.register(c.definition(volume, container("main", sleeps, mounted))), 2)
		arns = append(arns, k.start(k.define(container("main", stubborn, nil)), 1)...)
		done := k.start(k.define(container("main", "exit 0", nil)), 1)
		c.Cleanup(func() { removeContainers(idOf(done[0])) })
		k.stopped(done[0])
		for _, arn := range arns {
			k.running(arn)
			word := idOf(arn)
			c.Cleanup(func() { removeContainers(word) })
		}
		c.equal("exit code", s.term(60*time.Second), 0)
		for _, arn := range append(arns, done...) {
			running := len(strings.Fields(c.docker("ps", "-q", "--filter", "label="+labelTask+"="+arn)))
			if keep {
				c.check(running == 1 || arn == done[0], "with --keep, %d containers of %s run", running, arn)
			} else {
				left := c.leftovers(idOf(arn), before)
				c.check(len(left) == 0, "left: %v", left)
			}
		}
	}
}

func TestDiskFull(t *testing.T) {
	c := begin(t, "A-baddays-disk-full", "a full data disk: writes are refused and not half done; with room again all acknowledged ones are there")
	if os.Getuid() != 0 {
		c.Skip("mounting a small disk needs root")
	}
	data := c.dir("small-disk")
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=48m", "berth-test", data).CombinedOutput()
	c.must(err, "mount a small disk: %s", out)
	c.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", data).CombinedOutput(); err != nil {
			c.Errorf("umount: %v: %s", err, out)
		}
	})
	s := c.serve("server", filepath.Join(data, "berth"))
	a := s.api(c)
	ballast := filepath.Join(data, "ballast")
	fill, err := os.Create(ballast)
	c.must(err, "make the ballast")
	for err == nil {
		_, err = fill.Write(make([]byte, 1<<16))
	}
	c.must(fill.Close(), "close the ballast")

	// The store may have room set aside: write until it is used up.
	big := strings.Repeat("x", 30000)
	var acknowledged []string
	var refusal error
	for range 5000 {
		def := c.definition(nil, container("main", sleeps, obj{"environment": []obj{{"name": "BIG", "value": big}}}))
		got, err := a.try("RegisterTaskDefinition", def)
		if err != nil {
			refusal = err
			break
		}
		acknowledged = append(acknowledged, str(got.body, "taskDefinition.taskDefinitionArn"))
	}
	if refusal == nil {
		c.Fatalf("%d definitions of 30 kB went onto a full disk", len(acknowledged))
	}
	c.Logf("refused after %d writes: %v", len(acknowledged), refusal)
	c.check(code(refusal) == "ServerException" || code(refusal) == "ServiceUnavailableException" || code(refusal) == "not an answer",
		"the refusal is %v", refusal)
	c.eventually(10*time.Second, "the log names the reason", func() error {
		if !strings.Contains(s.output(), "no space left") {
			return notYet("%s", s.tail(5))
		}
		return nil
	})

	c.must(os.Remove(ballast), "remove the ballast")
	if !s.alive() {
		s.restart(c)
	}
	c.eventually(60*time.Second, "the server takes writes again", func() error {
		if !s.alive() {
			s.restart(c)
		}
		_, err := a.try("CreateCluster", obj{"clusterName": "after"})
		return err
	})
	s.kill()
	s.restart(c)
	for _, td := range acknowledged {
		c.equal("status of an acknowledged definition", str(a.call("DescribeTaskDefinition", obj{"taskDefinition": td}), "taskDefinition.status"), "ACTIVE")
	}
	c.equal("the cluster made afterwards", str(a.call("DescribeClusters", obj{"clusters": []string{"after"}}), "clusters.0.status"), "ACTIVE")
}

// privateDocker is a Docker daemon of the check's own, beside the machine's.
type privateDocker struct {
	*process
	host string // for DOCKER_HOST
	args []string
}

// startPrivateDocker starts a daemon that touches neither the bridge, the firewall nor the containers of the machine's. It gets
// a network namespace of its own: a daemon without a bridge removes the one it finds.
func (c *C) startPrivateDocker() *privateDocker {
	c.Helper()
	dir, err := os.MkdirTemp("", "bd") // short: a socket's path has at most 108 characters
	c.must(err, "make a folder")
	d := &privateDocker{host: "unix://" + dir + "/d.sock"}
	d.args = []string{
		"--host", d.host, "--data-root", dir + "/data", "--exec-root", dir + "/exec", "--pidfile", dir + "/pid", "--bridge", "none",
		"--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--storage-driver", "vfs",
		"--containerd-namespace", filepath.Base(dir), "--containerd-plugins-namespace", filepath.Base(dir) + "p",
	}
	c.Cleanup(func() {
		_, _ = exec.Command("sh", "-c", "grep -o '"+dir+"[^ ]*' /proc/mounts | sort -r | xargs -r umount -l").CombinedOutput()
		_ = os.RemoveAll(dir)
	})
	d.run(c)
	load := exec.Command("sh", "-c", "docker save "+image+" | docker -H "+d.host+" load")
	out, err := load.CombinedOutput()
	c.must(err, "load the image: %s", out)
	return d
}

func (d *privateDocker) run(c *C) {
	c.Helper()
	d.process = c.start(c.name("dockerd"), append(os.Environ(), "DOCKER_HOST="), "unshare", append([]string{"--net", "dockerd"}, d.args...)...)
	c.eventually(40*time.Second, "the private dockerd answers", func() error {
		if !d.alive() {
			c.Fatalf("it has ended:\n%s", d.tail(20))
		}
		_, err := docker("-H", d.host, "version")
		return err
	})
}

func TestDockerRestarts(t *testing.T) {
	c := begin(t, "A-baddays-docker-restart", "Docker goes and comes back: the agent waits and says so, ends are reported, new tasks run")
	if os.Getuid() != 0 || os.Getenv("BERTH_TEST_DOCKER_RESTART") != "1" {
		c.Skip("needs root and BERTH_TEST_DOCKER_RESTART=1: it starts a Docker daemon of its own")
	}
	d := c.startPrivateDocker()
	k := c.emptyCluster(c.dev())
	agent := k.joinWith([]string{"DOCKER_HOST=" + d.host})
	td := k.register(c.definition(obj{"networkMode": "none"}, container("main", sleeps, nil)))
	arn := k.run(td)
	k.running(arn)
	containers := func() []string {
		out, err := docker("-H", d.host, "ps", "-q", "--filter", "label="+labelTask)
		c.must(err, "list the private daemon's containers")
		return strings.Fields(out)
	}
	c.equal("real containers", len(containers()), 1)

	d.term(30 * time.Second)
	waiting := k.run(td) // placed meanwhile: the agent is there, Docker is not
	c.stays(5*time.Second, "the agent waits", func() error {
		if !agent.alive() {
			return fmt.Errorf("it has ended:\n%s", agent.tail(10))
		}
		return nil
	})
	c.check(strings.Contains(strings.ToLower(agent.output()), "docker"), "the agent says nothing of Docker:\n%s", agent.tail(10))
	c.check(str(k.task(waiting), "lastStatus") != "RUNNING", "a task runs without Docker")

	d.run(c)
	task := k.stopped(arn) // the daemon took its containers along
	c.equal("stopCode", str(task, "stopCode"), "EssentialContainerExited")
	c.check(has(task, "containers.0.exitCode"), "no exit code: %s", compact(task))
	k.awaitConnected(agent.instance, true)
	k.running(waiting)
	next := k.run(td)
	k.running(next)
	c.equal("real containers at the end", len(containers()), 2)
	for _, arn := range []string{waiting, next} {
		k.quit(arn)
	}
	agent.term(20 * time.Second)
	out, err := docker("-H", d.host, "ps", "-aq")
	c.must(err, "list")
	if ids := strings.Fields(out); len(ids) > 0 {
		_, _ = docker(append([]string{"-H", d.host, "rm", "-f"}, ids...)...)
	}
	d.term(30 * time.Second)
}

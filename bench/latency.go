package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"text/tabwriter"
	"time"

	"berth/api/awsjson"
	"berth/api/ecs/wire"
)

// LatencyConfig bounds [Latency].
type LatencyConfig struct {
	// Runs is how many containers are started each way.
	Runs int
	// Image is a local one with a shell; nothing is pulled.
	Image string
}

// LatencyResult is what [Latency] found.
type LatencyResult struct {
	Machine Machine `json:"machine"`
	Runs    int     `json:"runs"`
	Docker  string  `json:"docker"`
	// Direct is create and start through the Docker API.
	Direct Quantiles `json:"direct"`
	// Berth is from the call of RunTask until DescribeTasks says RUNNING.
	Berth Quantiles `json:"berth"`
	// Server is from createdAt to startedAt as the task shows them.
	Server Quantiles `json:"server"`
	// More is the difference of the two medians.
	More Duration `json:"more"`
}

const (
	// devCluster is the one the agent of `berth dev` joins.
	devCluster   = "default"
	joinPatience = 30 * time.Second
	// taskPatience bounds the way of one task to RUNNING, and to STOPPED.
	taskPatience = 30 * time.Second
	pollTask     = 2 * time.Millisecond
)

// untilTerminated ends at once when it is asked to, so that cleaning up takes no time; asked before its first line ran, it is killed
// after the shortest stop timeout.
var untilTerminated = []string{"sh", "-c", "trap 'exit 0' TERM; sleep 600 & wait"}

// Latency measures how long a task of one container takes to RUNNING through `berth dev` and its agent, in turns with the same
// container created and started through the Docker API.
func Latency(ctx context.Context, cfg Config, load LatencyConfig) error {
	b, err := begin(cfg)
	if err != nil {
		return err
	}
	defer b.end()
	docker, err := openDocker(ctx, load.Image)
	if err != nil {
		return err
	}
	defer docker.close()
	r := &LatencyResult{Machine: machine(""), Runs: load.Runs, Docker: docker.version}
	if err := b.latency(ctx, docker, load, r); err != nil {
		return err
	}
	return b.show(r)
}

func (b *bench) latency(ctx context.Context, docker *docker, cfg LatencyConfig, r *LatencyResult) (err error) {
	dev, err := b.start(ctx, "dev", "latency")
	if err != nil {
		return err
	}
	tasks := &tasks{docker: docker}
	defer func() {
		dev.stop(syscall.SIGTERM)
		// Whatever became of dev, nothing of it stays.
		err = errors.Join(err, tasks.sweep(context.WithoutCancel(ctx)))
	}()
	if err := b.join(ctx, dev, cfg); err != nil {
		return errors.Join(err, dev.alive())
	}
	if tasks.caller, err = dial(dev.url, b.root); err != nil {
		return err
	}
	defer tasks.caller.close()
	b.say("one task to warm up")
	if _, err := tasks.measure(ctx); err != nil {
		return errors.Join(err, dev.alive())
	}
	return compare(ctx, b, tasks, cfg.Runs, r)
}

// compare measures in turns. Who comes first alternates as well.
func compare(ctx context.Context, b *bench, tasks *tasks, runs int, r *LatencyResult) error {
	var direct, berth, server []time.Duration
	alone := func() error {
		d, err := tasks.docker.measure(ctx)
		direct = append(direct, d)
		return err
	}
	task := func() error {
		t, err := tasks.measure(ctx)
		berth, server = append(berth, t.seen), append(server, t.told)
		return err
	}
	for n := range runs {
		if n%5 == 0 {
			b.say("containers started each way: %d of %d", n, runs)
		}
		turn := []func() error{alone, task}
		for k := range turn {
			if err := turn[(n+k)%2](); err != nil {
				return err
			}
		}
	}
	r.Direct, r.Berth, r.Server = quantiles(direct), quantiles(berth), quantiles(server)
	r.More = r.Berth.P50 - r.Direct.P50
	return nil
}

// join waits for dev's agent and makes the task definition.
func (b *bench) join(ctx context.Context, dev *process, cfg LatencyConfig) error {
	b.say("the agent joins")
	api := b.api(dev.url)
	defer api.HTTP.CloseIdleConnections()
	if err := awaitAgent(ctx, api); err != nil {
		return err
	}
	return define(ctx, api, wire.ContainerDefinition{
		Name: new(container), Image: new(cfg.Image), Essential: new(true), Cpu: new(int32(directCPUShares)),
		Memory: new(int32(directMemoryMiB)), Command: untilTerminated, StopTimeout: new(int32(stopTimeout)),
	})
}

func awaitAgent(ctx context.Context, api *awsjson.Client) error {
	ctx, cancel := context.WithTimeout(ctx, joinPatience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var found wire.DescribeClustersOutput
		if err := api.Call(ctx, "DescribeClusters", wire.DescribeClustersInput{Clusters: []string{devCluster}}, &found); err != nil {
			return fmt.Errorf("wait for the agent: %w", err)
		}
		if len(found.Clusters) == 1 && *found.Clusters[0].RegisteredContainerInstancesCount > 0 {
			connected, err := agentConnected(ctx, api)
			if err != nil || connected {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the agent does not join: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func agentConnected(ctx context.Context, api *awsjson.Client) (bool, error) {
	var list wire.ListContainerInstancesOutput
	if err := api.Call(ctx, "ListContainerInstances", wire.ListContainerInstancesInput{Cluster: new(devCluster)}, &list); err != nil {
		return false, err
	}
	var found wire.DescribeContainerInstancesOutput
	in := wire.DescribeContainerInstancesInput{Cluster: new(devCluster), ContainerInstances: list.ContainerInstanceArns}
	if err := api.Call(ctx, "DescribeContainerInstances", in, &found); err != nil {
		return false, err
	}
	return len(found.ContainerInstances) == 1 && *found.ContainerInstances[0].AgentConnected, nil
}

func (r *LatencyResult) print(out io.Writer) {
	fmt.Fprintf(out, "One container from the call until it runs, %d each way in turns, Docker %s\n%s\n\n", r.Runs, r.Docker, r.Machine)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\tp50\tp90\tmax\t\n")
	row := func(name string, q Quantiles) { fmt.Fprintf(w, "%s\t%v\t%v\t%v\t\n", name, q.P50, q.P90, q.Max) }
	row("Docker API: create and start", r.Direct)
	row("Berth: RunTask until RUNNING is seen", r.Berth)
	row("Berth: createdAt to startedAt", r.Server)
	_ = w.Flush()
	fmt.Fprintf(out, "\nBerth's median is %v more.\n", r.More)
}

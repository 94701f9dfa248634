package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"text/tabwriter"
	"time"
)

// MemoryConfig bounds [Memory].
type MemoryConfig struct {
	Agents, Clients, Tasks int
	// Time is the longest the load may take.
	Time time.Duration
	// Settle is how long a server rests before its memory is read.
	Settle time.Duration
}

// MemoryResult is what [Memory] found. Memory is resident, in bytes; per task it is what the tasks added.
type MemoryResult struct {
	Machine Machine `json:"machine"`
	Agents  int     `json:"agents"`
	Tasks   int64   `json:"tasks"`
	// Empty is a fresh server, EmptyWithAgents the same with the agents connected.
	Empty           int64 `json:"emptyBytes"`
	EmptyWithAgents int64 `json:"emptyWithAgentsBytes"`
	// Loaded is with all tasks RUNNING and the agents connected, Restarted after a restart, without agents.
	Loaded           int64   `json:"loadedBytes"`
	Restarted        int64   `json:"restartedBytes"`
	PerTask          float64 `json:"perTaskBytes"`
	PerTaskRestarted float64 `json:"perTaskRestartedBytes"`
	// StartEmpty, Start and StartAfterKill are from before the process existed until /healthz said 200.
	StartEmpty     Duration `json:"startEmpty"`
	Start          Duration `json:"start"`
	StartAfterKill Duration `json:"startAfterKill"`
}

// Memory measures what RUNNING tasks cost a server, and how long it takes to start with them.
func Memory(ctx context.Context, cfg Config, load MemoryConfig) error {
	b, err := begin(cfg)
	if err != nil {
		return err
	}
	defer b.end()
	r := &MemoryResult{Machine: machine(b.dir), Agents: load.Agents}
	server, err := b.fill(ctx, load, r)
	if server != nil {
		defer func() { server.stop(syscall.SIGKILL) }()
	}
	if err != nil {
		return err
	}
	b.say("restart after a clean end")
	server.stop(syscall.SIGTERM)
	if server, err = b.start(ctx, "server", "memory"); err != nil {
		return err
	}
	r.Start = Duration(server.started)
	if r.Restarted, err = b.settled(ctx, server, load.Settle); err != nil {
		return err
	}
	b.say("restart after a kill")
	server.stop(syscall.SIGKILL)
	if server, err = b.start(ctx, "server", "memory"); err != nil {
		return err
	}
	r.StartAfterKill = Duration(server.started)
	r.PerTask = float64(r.Loaded-r.EmptyWithAgents) / float64(r.Tasks)
	r.PerTaskRestarted = float64(r.Restarted-r.Empty) / float64(r.Tasks)
	return b.show(r)
}

// fill brings a fresh server to the wanted number of RUNNING tasks and reads its memory before and after. It returns the server also
// with an error, for its caller to end.
func (b *bench) fill(ctx context.Context, cfg MemoryConfig, r *MemoryResult) (server *process, err error) {
	if server, err = b.start(ctx, "server", "memory"); err != nil {
		return nil, err
	}
	r.StartEmpty = Duration(server.started)
	if r.Empty, err = b.settled(ctx, server, cfg.Settle); err != nil {
		return server, err
	}
	fleet, err := b.prepare(ctx, server, cfg.Agents, true)
	if err != nil {
		return server, err
	}
	defer func() { err = errors.Join(err, fleet.dismiss()) }()
	if r.EmptyWithAgents, err = b.settled(ctx, server, cfg.Settle); err != nil {
		return server, err
	}
	done, err := load{url: server.url, clients: cfg.Clients, count: 10, tasks: int64(cfg.Tasks), limit: cfg.Time}.run(fleet.ctx, b)
	if err != nil {
		return server, errors.Join(err, server.alive())
	}
	r.Tasks = done.tasks
	b.say("waiting until all %d tasks are RUNNING", done.tasks)
	if err := fleet.awaitRunning(ctx, done.tasks, 2*time.Minute); err != nil {
		return server, errors.Join(err, server.alive())
	}
	r.Loaded, err = b.settled(ctx, server, cfg.Settle)
	return server, err
}

// settled reads a server's memory after a rest.
func (b *bench) settled(ctx context.Context, server *process, rest time.Duration) (int64, error) {
	b.say("the server rests %s before its memory is read", rest)
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-timer.C:
	}
	return server.rss()
}

func (r *MemoryResult) print(out io.Writer) {
	fmt.Fprintf(out, "Memory and start with %d RUNNING tasks, %d simulated agents\n%s\n\n", r.Tasks, r.Agents, r.Machine)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	mib := func(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
	fmt.Fprintf(w, "resident, empty\t%s\n", mib(r.Empty))
	fmt.Fprintf(w, "resident, empty, agents connected\t%s\n", mib(r.EmptyWithAgents))
	fmt.Fprintf(w, "resident, all tasks RUNNING, agents connected\t%s\t%.2f KiB per task\n", mib(r.Loaded), r.PerTask/1024)
	fmt.Fprintf(w, "resident after a restart\t%s\t%.2f KiB per task\n", mib(r.Restarted), r.PerTaskRestarted/1024)
	fmt.Fprintf(w, "start, empty\t%v\n", r.StartEmpty)
	fmt.Fprintf(w, "start with all tasks\t%v\n", r.Start)
	fmt.Fprintf(w, "start with all tasks after a kill\t%v\n", r.StartAfterKill)
	_ = w.Flush()
}

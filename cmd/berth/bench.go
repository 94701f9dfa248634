package main

import (
	"context"
	"os"
	"time"

	"berth/bench"
)

// benchFlags are common to all benchmarks.
type benchFlags struct {
	JSON       bool     `help:"Print the result as JSON."`
	Dir        string   `help:"Folder in which the temporary data folder is made; its disk is measured." type:"path"`
	ServerFlag []string `help:"Further flag of the measured server, such as --server-flag=--store=memory." name:"server-flag" sep:"none"`
}

func (f *benchFlags) config() bench.Config {
	return bench.Config{JSON: f.JSON, Dir: f.Dir, ServerFlags: f.ServerFlag, Out: os.Stdout, Progress: os.Stderr}
}

type benchCommand struct {
	Runtask benchRunTask `cmd:"" help:"RunTask calls a second against simulated agents, beside the disk's fsync rate."`
	Memory  benchMemory  `cmd:"" help:"Memory for each RUNNING task, and the time to start with them in the store."`
	Latency benchLatency `cmd:"" help:"RunTask to RUNNING on the local Docker Engine, against the Docker API alone."`
	All     benchAll     `cmd:"" default:"withargs" help:"All of them, one after the other."`
}

type benchRunTask struct {
	benchFlags
	Agents  int           `help:"Simulated agents." default:"100"`
	Clients int           `help:"Clients that call at the same time." default:"64"`
	Count   []int         `help:"Tasks of one call; each value is measured on a fresh server." default:"1,10"`
	Tasks   int           `help:"Most tasks of one measurement." default:"100000"`
	Time    time.Duration `help:"Longest time of one measurement." default:"10s"`
	Report  string        `help:"Whether agents report RUNNING during the load: yes, no or both." enum:"yes,no,both" default:"both"`
}

// Run measures RunTask.
func (r *benchRunTask) Run(ctx context.Context) error {
	reports := map[string][]bool{"yes": {true}, "no": {false}, "both": {false, true}}
	return bench.RunTask(ctx, r.config(), bench.RunTaskConfig{
		Agents: r.Agents, Clients: r.Clients, Counts: r.Count, Tasks: r.Tasks, Time: r.Time, Report: reports[r.Report],
	})
}

type benchMemory struct {
	benchFlags
	Agents int           `help:"Simulated agents." default:"100"`
	Tasks  int           `help:"Tasks to run." default:"100000"`
	Time   time.Duration `help:"Longest time to start them." default:"2m"`
	Settle time.Duration `help:"How long a server rests before its memory is read." default:"5s"`
}

// Run measures memory and start.
func (m *benchMemory) Run(ctx context.Context) error {
	return bench.Memory(ctx, m.config(), bench.MemoryConfig{Agents: m.Agents, Clients: 16, Tasks: m.Tasks, Time: m.Time, Settle: m.Settle})
}

type benchLatency struct {
	benchFlags
	Runs  int    `help:"Containers started each way." default:"30"`
	Image string `help:"Local image with a shell; nothing is pulled." default:"berth-test/busybox:local"`
}

// Run measures the way to RUNNING.
func (l *benchLatency) Run(ctx context.Context) error {
	return bench.Latency(ctx, l.config(), bench.LatencyConfig{Runs: l.Runs, Image: l.Image})
}

type benchAll struct {
	benchFlags
}

// Run measures everything with the defaults.
func (a *benchAll) Run(ctx context.Context) error {
	err := bench.RunTask(ctx, a.config(), bench.RunTaskConfig{
		Agents: 100, Clients: 64, Counts: []int{1, 10}, Tasks: 100_000, Time: 10 * time.Second, Report: []bool{false, true},
	})
	if err != nil {
		return err
	}
	err = bench.Memory(ctx, a.config(), bench.MemoryConfig{
		Agents: 100, Clients: 16, Tasks: 100_000, Time: 2 * time.Minute, Settle: 5 * time.Second,
	})
	if err != nil {
		return err
	}
	return bench.Latency(ctx, a.config(), bench.LatencyConfig{Runs: 30, Image: "berth-test/busybox:local"})
}

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

// RunTaskConfig bounds the load of [RunTask].
type RunTaskConfig struct {
	Agents, Clients int
	// Counts are the tasks of one call; each is measured by itself, on a fresh server.
	Counts []int
	// Tasks and Time end each measurement, whichever comes first.
	Tasks int
	Time  time.Duration
	// Report makes the agents report RUNNING while the load goes on; without it they acknowledge in silence.
	Report []bool
}

// RunTaskResult is what [RunTask] found.
type RunTaskResult struct {
	Machine       Machine         `json:"machine"`
	Agents        int             `json:"agents"`
	Clients       int             `json:"clients"`
	FsyncBefore   FsyncRate       `json:"fsyncBefore"`
	FsyncAfter    FsyncRate       `json:"fsyncAfter"`
	Measured      []RunTaskFigure `json:"measured"`
	ServerProcess string          `json:"server"`
}

// RunTaskFigure is one measurement.
type RunTaskFigure struct {
	Count          int       `json:"count"`
	Reporting      bool      `json:"reporting"`
	Tasks          int64     `json:"tasks"`
	Seconds        float64   `json:"seconds"`
	CallsPerSecond float64   `json:"callsPerSecond"`
	TasksPerSecond float64   `json:"tasksPerSecond"`
	Call           Quantiles `json:"call"`
	// RunningPerSecond is until the last task was accepted as RUNNING; it and CallToRunning are zero without reports.
	RunningPerSecond float64   `json:"runningPerSecond,omitempty"`
	CallToRunning    Quantiles `json:"callToRunning,omitzero"`
	// ServerCPU is processor time of the server for 1000 tasks, reports and payloads included.
	ServerCPU Duration `json:"serverCPUPer1000Tasks"`
	// ServerCores is how many processors the server used while the load ran, Cores of the machine being the most.
	ServerCores float64 `json:"serverCores"`
	RSS         int64   `json:"rssBytes"`
}

// RunTask measures how many tasks a second a server makes durable and how fast agents hear of them.
func RunTask(ctx context.Context, cfg Config, load RunTaskConfig) (err error) {
	b, err := begin(cfg)
	if err != nil {
		return err
	}
	defer b.end()
	r := &RunTaskResult{Machine: machine(b.dir), Agents: load.Agents, Clients: load.Clients, ServerProcess: "berth server"}
	if r.FsyncBefore, err = b.fsync(ctx); err != nil {
		return err
	}
	for _, reporting := range load.Report {
		for _, count := range load.Counts {
			figure, err := b.runTask(ctx, load, count, reporting)
			if err != nil {
				return fmt.Errorf("count %d: %w", count, err)
			}
			r.Measured = append(r.Measured, *figure)
		}
	}
	if r.FsyncAfter, err = b.fsync(ctx); err != nil {
		return err
	}
	return b.show(r)
}

// runTask measures one count on a server of its own.
func (b *bench) runTask(ctx context.Context, cfg RunTaskConfig, count int, reporting bool) (figure *RunTaskFigure, err error) {
	name := fmt.Sprintf("count-%d-%t", count, reporting)
	server, err := b.start(ctx, "server", name)
	if err != nil {
		return nil, err
	}
	defer server.stop(syscall.SIGTERM)
	fleet, err := b.prepare(ctx, server, cfg.Agents, reporting)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fleet.dismiss()) }()
	before, err := server.cpuTime()
	if err != nil {
		return nil, err
	}
	done, err := load{url: server.url, clients: cfg.Clients, count: count, tasks: int64(cfg.Tasks), limit: cfg.Time}.run(fleet.ctx, b)
	if err != nil {
		return nil, errors.Join(err, server.alive())
	}
	during, err := server.cpuTime()
	if err != nil {
		return nil, err
	}
	figure = calls(done, count)
	figure.ServerCores = (during - before).Seconds() / figure.Seconds
	if reporting {
		if err := fleet.awaitRunning(ctx, done.tasks, time.Minute); err != nil {
			return nil, errors.Join(err, server.alive())
		}
		figure.running(done, fleet)
	}
	return figure, figure.cost(server, before)
}

// prepare makes what the load needs and brings the agents.
func (b *bench) prepare(ctx context.Context, server *process, agents int, reporting bool) (*fleet, error) {
	api := b.api(server.url)
	defer api.HTTP.CloseIdleConnections()
	if err := found(ctx, api, simulated()); err != nil {
		return nil, err
	}
	b.say("%d simulated agents connect", agents)
	return b.muster(ctx, server.url, agents, reporting)
}

func calls(done *loaded, count int) *RunTaskFigure {
	seconds := done.ended.Sub(done.began).Seconds()
	return &RunTaskFigure{
		Count: count, Tasks: done.tasks, Seconds: seconds, Call: quantiles(done.calls),
		CallsPerSecond: float64(len(done.calls)) / seconds, TasksPerSecond: float64(done.tasks) / seconds,
	}
}

func (f *RunTaskFigure) running(done *loaded, fleet *fleet) {
	fleet.mu.Lock()
	defer fleet.mu.Unlock()
	f.Reporting = true
	var delays []time.Duration
	last := done.began
	for id, at := range fleet.accepted {
		if called, ok := done.called[id]; ok {
			delays = append(delays, at.Sub(called))
		}
		if at.After(last) {
			last = at
		}
	}
	f.CallToRunning = quantiles(delays)
	f.RunningPerSecond = float64(len(delays)) / last.Sub(done.began).Seconds()
}

// cost is taken after the last report, so that all work for a task counts.
func (f *RunTaskFigure) cost(server *process, before time.Duration) error {
	after, err := server.cpuTime()
	if err != nil {
		return err
	}
	f.ServerCPU = Duration(float64(after-before) * 1000 / float64(max(f.Tasks, 1)))
	f.RSS, err = server.rss()
	return err
}

func (r *RunTaskResult) print(out io.Writer) {
	fmt.Fprintf(out, "RunTask, %d clients, %d simulated agents\n%s\n\n", r.Clients, r.Agents, r.Machine)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "count\treports\ttasks\tcalls/s\ttasks/s\tcall p50\tp99\tRUNNING/s\tcall→RUNNING p50\tp99\tserver CPU/1000\tcores\tRSS\t\n")
	for _, f := range r.Measured {
		reports, rate := "no", "-"
		if f.Reporting {
			reports, rate = "yes", fmt.Sprintf("%.0f", f.RunningPerSecond)
		}
		fmt.Fprintf(w, "%d\t%s\t%d\t%.0f\t%.0f\t%v\t%v\t%s\t%v\t%v\t%v\t%.2f\t%d MiB\t\n", f.Count, reports, f.Tasks, f.CallsPerSecond,
			f.TasksPerSecond, f.Call.P50, f.Call.P99, rate, f.CallToRunning.P50, f.CallToRunning.P99, f.ServerCPU, f.ServerCores, f.RSS>>20)
	}
	_ = w.Flush()
	fmt.Fprintf(out, "\nfsync of 4 KiB: %.0f/s before (p99 %v), %.0f/s after (p99 %v)\n",
		r.FsyncBefore.PerSecond, r.FsyncBefore.P99, r.FsyncAfter.PerSecond, r.FsyncAfter.P99)
}

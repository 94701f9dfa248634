package agent

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"berth/agent/engine"
	"berth/agent/report"
	"berth/agent/runtime"
	"berth/agent/runtime/docker"
	"berth/agent/session"
	"berth/agent/supervisor"
)

// Run is an agent's life: it joins the cluster and works until ctx ends, which is no error. Containers run on unless
// Config.StopTasksOnExit says otherwise. An error before that says what keeps the agent from working.
func Run(ctx context.Context, config Config) error {
	if err := config.check(); err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	dir, err := openDataDir(config.DataDir)
	if err != nil {
		return err
	}
	defer dir.close()
	own, err := dir.identity(config.Cluster)
	if err != nil {
		return err
	}
	rt, closeRuntime, err := containerEngine(config)
	if err != nil {
		return err
	}
	defer closeRuntime()
	err = live(ctx, config, dir, own, rt)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil
	}
	return err
}

// containerEngine is the configured runtime, or Docker.
func containerEngine(config Config) (rt runtime.Runtime, closeIt func(), err error) {
	if config.Runtime != nil {
		return config.Runtime, func() {}, nil
	}
	d, err := docker.New(docker.Config{
		StartTimeout: config.Settings.StartTimeout, ManifestTimeout: config.Settings.ManifestTimeout, Logger: config.Logger,
	})
	if err != nil {
		return nil, nil, err
	}
	return d, func() { d.Close() }, nil
}

// live registers and works until ctx ends.
func live(ctx context.Context, config Config, dir *dataDir, own identity, rt runtime.Runtime) error {
	info, err := waitForEngine(ctx, config, rt)
	if err != nil {
		return err
	}
	client := session.NewClient(config.ServerURL, config.Cluster, config.Region, config.Credentials, config.HTTP)
	r := registration(config, info, own)
	arn, err := register(ctx, config, client, r)
	if err != nil {
		return err
	}
	if arn != own.InstanceARN {
		own.InstanceARN = arn
		if err := dir.save(own); err != nil {
			return err
		}
	}
	config.Logger.Info("registered", "containerInstance", arn, "cluster", config.Cluster, "cpu", r.CPUUnits, "memory", r.MemoryMiB, "docker", info.Version)
	return work(ctx, config, client, dir, rt, r, arn)
}

// flushWait bounds how long the last reports may take when the tasks are stopped at the end.
const flushWait = 3 * time.Second

// work puts the parts together and waits for the end.
func work(ctx context.Context, config Config, client *session.Client, dir *dataDir, rt runtime.Runtime, r session.Registration, arn string) error {
	var host *engine.Engine
	opened := make(chan struct{}) // closed once host is set, or never will be
	reporter := report.New(report.Config{
		Submit: client.Submit, Logger: config.Logger,
		Accepted: func(c report.Change) {
			<-opened
			if host != nil {
				host.Taken(c)
			}
		},
	})
	defer reporter.Close()
	var link atomic.Pointer[session.Session]
	host, err := engine.Open(ctx, engine.Config{
		Runtime:     rt,
		Identity:    supervisor.Identity{Cluster: clusterName(config.Cluster), InstanceARN: arn},
		Capacity:    engine.Capacity{CPUUnits: r.CPUUnits, MemoryMiB: r.MemoryMiB},
		StopTimeout: config.Settings.StopTimeout, CleanupWait: config.Settings.CleanupWait, PullPolicy: config.Settings.PullPolicy,
		Report:  reporter.Tell,
		Metrics: !config.Settings.DisableMetrics,
		HealthChanged: func() {
			if s := link.Load(); s != nil {
				s.HealthChanged()
			}
		},
		Logger: config.Logger,
	})
	close(opened)
	if err != nil {
		return err
	}
	defer host.Close()
	s := session.New(session.Config{
		Cluster: config.Cluster, InstanceARN: arn, Region: config.Region, Credentials: config.Credentials,
		Endpoints: client.Endpoints, Engine: host, Sequence: dir,
		AgentVersion: config.Version, AgentHash: config.Hash, DockerVersion: r.DockerVersion,
		HTTP: config.HTTP, InactivePause: config.InactivePause, Logger: config.Logger,
	})
	link.Store(s)
	if config.Registered != nil {
		config.Registered(arn)
	}
	err = s.Run(ctx)
	if errors.Is(err, session.ErrRefused) {
		return fmt.Errorf("container instance %s: %w", arn, err) // what runs here is another agent's
	}
	if config.StopTasksOnExit {
		return leave(config, host, reporter)
	}
	return err
}

// leave stops and removes everything the instance runs, and tells the server if it is still there.
func leave(config Config, host *engine.Engine, reporter *report.Reporter) error {
	ctx, cancel := context.WithTimeout(context.Background(), config.StopGrace+time.Minute)
	defer cancel()
	config.Logger.Info("stopping the tasks of this instance")
	if err := host.StopAll(ctx, config.StopGrace); err != nil {
		return fmt.Errorf("stop tasks: %w", err)
	}
	flush, cancelFlush := context.WithTimeout(ctx, flushWait)
	defer cancelFlush()
	if err := reporter.Flush(flush); err != nil {
		config.Logger.Warn("the server did not take the last reports", "error", err)
	}
	return nil
}

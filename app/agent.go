package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"

	"berth/agent"
	"berth/api/sigv4"
	"berth/ecs"
)

// Version is what agents report. Features are gated by the agent's version in ECS (features.md B2.13), so it counts on from the
// amazon-ecs-agent whose behaviour Berth's agent has.
const Version = "1.105.1"

// AgentConfig is what a node is started with.
type AgentConfig struct {
	Server, Cluster, Data, Region, Zone string
	Attributes                          map[string]string
	// Group is the machine group the host belongs to, "" for none (docs/capacity.md).
	Group string
	// External makes it an instance for tasks of launch type EXTERNAL and no others.
	External            bool
	CPUUnits, MemoryMiB int64
	Credentials         sigv4.Credentials
	Logger              *slog.Logger
}

// AgentCredentialsFromEnv reads a node's key: Berth's variables, else the AWS ones.
func AgentCredentialsFromEnv() sigv4.Credentials {
	if c := RootFromEnv(false); c.AccessKeyID != "" {
		return c
	}
	return sigv4.Credentials{
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken: os.Getenv("AWS_SESSION_TOKEN"),
	}
}

// RunAgent joins a host to a cluster until ctx ends; its containers are left running.
func RunAgent(ctx context.Context, cfg AgentConfig) error {
	c, err := cfg.agent()
	if err != nil {
		return err
	}
	return agent.Run(ctx, c)
}

func (c *AgentConfig) agent() (agent.Config, error) {
	settings, err := agent.SettingsFromEnv(os.Getenv)
	if err != nil {
		return agent.Config{}, err
	}
	if c.Credentials.AccessKeyID == "" || c.Credentials.SecretAccessKey == "" {
		return agent.Config{}, fmt.Errorf(
			"set BERTH_ACCESS_KEY_ID and BERTH_SECRET_ACCESS_KEY to a key made with: berth keys create --role agent")
	}
	return agent.Config{
		Cluster: c.Cluster, ServerURL: c.Server, Credentials: c.Credentials, Region: c.Region, DataDir: c.Data,
		AvailabilityZone: c.Zone, Attributes: c.attributes(), CPUUnits: c.CPUUnits, MemoryMiB: c.MemoryMiB,
		Settings: settings, Version: Version, Logger: c.Logger,
	}, nil
}

// attributes are those the owner gives the host, by name or by a flag of their own.
func (c *AgentConfig) attributes() map[string]string {
	all := map[string]string{}
	maps.Copy(all, c.Attributes)
	if c.Group != "" {
		all[ecs.GroupAttribute] = c.Group
	}
	if c.External {
		all[ecs.ExternalAttribute] = ""
	}
	return all
}

// DevConfig is what `berth dev` is started with.
type DevConfig struct {
	ServerConfig
	// Agent runs an agent on the local Docker Engine; Keep leaves its containers on exit.
	Agent, Keep bool
}

// devKeyName is the name of the key that dev's own agent registers with.
const devKeyName = "berth-dev-agent"

// RunDev serves and runs an agent in one process until ctx ends. The agent ends first, so that the server hears of the end of every
// task.
func RunDev(ctx context.Context, cfg DevConfig) error {
	s, err := newServer(cfg.ServerConfig)
	if err != nil {
		return err
	}
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	served := make(chan error, 1)
	go func() { served <- s.run(serving) }()
	select {
	case err := <-served:
		return err
	case <-s.opened:
	}
	s.greet(cfg.Agent)
	ended := make(chan error, 1)
	if cfg.Agent {
		go func() { ended <- s.devAgent(ctx, cfg) }()
	}
	select {
	case <-ctx.Done():
		if cfg.Agent {
			err = <-ended
		}
	case err = <-ended:
	case err := <-served:
		return err
	}
	stopServing()
	if serr := <-served; err == nil {
		err = serr
	}
	return err
}

// devAgent joins this machine to the cluster default.
func (s *server) devAgent(ctx context.Context, cfg DevConfig) error {
	creds, err := s.devKey(ctx)
	if err != nil {
		return fmt.Errorf("make the agent's key: %w", err)
	}
	node := AgentConfig{
		Server: s.url, Cluster: ecs.DefaultCluster, Data: filepath.Join(cfg.Data, "agent"), Region: cfg.Region,
		Credentials: creds, Logger: cfg.Logger.With("part", "agent"),
	}
	c, err := node.agent()
	if err != nil {
		return err
	}
	c.StopTasksOnExit = !cfg.Keep
	c.Registered = func(arn string) {
		fmt.Fprintf(cfg.Out, "This machine is a container instance of the cluster default:\n    %s\n", arn)
	}
	return agent.Run(ctx, c)
}

// devKey finds or makes the key of dev's agent.
func (s *server) devKey(ctx context.Context) (sigv4.Credentials, error) {
	g := s.current.Load()
	var found string
	g.store.Snapshot().ScanAccessKeys(func(k *ecs.AccessKey) bool {
		if k.Name == devKeyName && k.Role == ecs.KeyAgent && k.RevokedAt == 0 {
			found = k.ID
		}
		return found == ""
	})
	if key, ok := g.ring.LookupKey(found); ok {
		return sigv4.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}, nil
	}
	k, secret, err := g.keys.Create(ctx, devKeyName, ecs.KeyAgent)
	if err != nil {
		return sigv4.Credentials{}, err
	}
	return sigv4.Credentials{AccessKeyID: k.ID, SecretAccessKey: secret}, nil
}

// greet prints the lines to paste.
func (s *server) greet(withAgent bool) {
	out := s.cfg.Out
	secret := s.cfg.Root.SecretAccessKey
	if secret != DevSecretAccessKey {
		secret = "$BERTH_SECRET_ACCESS_KEY"
	}
	fmt.Fprintf(out, `Berth serves the ECS API on %[1]s. Paste this into another shell:

    export AWS_ENDPOINT_URL_ECS=%[1]s
    export AWS_ACCESS_KEY_ID=%[2]s
    export AWS_SECRET_ACCESS_KEY=%[3]s
    export AWS_DEFAULT_REGION=%[4]s

then, for example: aws ecs describe-clusters    (AWS CLI before 2.13: add --endpoint-url %[1]s)
`, s.url, s.cfg.Root.AccessKeyID, secret, s.cfg.Region)
	if withAgent {
		fmt.Fprintln(out, "Ctrl-C ends it. Joining this machine ...")
	}
}

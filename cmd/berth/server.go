package main

import (
	"context"
	"os"
	"time"

	"berth/app"
)

// serverFlags are common to dev and server.
type serverFlags struct {
	Listen      string        `help:"Address of the API, host:port." default:"127.0.0.1:6790"`
	Data        string        `help:"Folder for the store and the key file (default: ~/.berth/COMMAND)." type:"path"`
	Region      string        `help:"Region in every ARN." default:"us-east-1"`
	Account     string        `help:"Account in every ARN, twelve digits." default:"123456789012"`
	Store       string        `help:"Engine of the store: pebble or memory." default:"pebble"`
	PublicURL   string        `help:"URL under which agents reach this server, when it differs from the one they call." name:"public-url"`
	KeepStopped time.Duration `help:"How long stopped tasks stay describable; at least 1h." default:"24h"`
	PlaceWithin time.Duration `help:"How long a task waits in PROVISIONING for capacity before it is stopped." name:"provisioning-timeout" default:"15m"`
	ScalingHook []string      `help:"What starts and stops the hosts of a machine group: GROUP=PATH or GROUP=URL; may be repeated." name:"scaling-hook" sep:"none" placeholder:"GROUP=PATH|URL"`
	ScalingHost []string      `help:"What a host of a machine group offers: GROUP=CPU,MEMORY[,GPUS]; may be repeated." name:"scaling-host" sep:"none" placeholder:"GROUP=CPU,MEMORY"`
	ScalingTime time.Duration `help:"Longest time of one call of a scaling hook." name:"scaling-timeout" default:"2m"`
	ScalingPace time.Duration `help:"Time between two points of managed scaling; 15 low ones in a row give idle hosts up." name:"scaling-period" default:"1m"`
	ClockOffset time.Duration `help:"Shift the server's clock." hidden:""`
}

func (f *serverFlags) config(c *cli, command string) (app.ServerConfig, error) {
	logger, err := app.NewLogger(os.Stderr, c.LogLevel, c.LogFormat)
	if err != nil {
		return app.ServerConfig{}, err
	}
	data := f.Data
	if data == "" {
		data = app.DefaultData(command)
	}
	return app.ServerConfig{
		Listen: f.Listen, Data: data, Store: f.Store, Region: f.Region, Account: f.Account,
		Root: app.RootFromEnv(command == "dev"), PublicURL: f.PublicURL, KeepStopped: f.KeepStopped, ClockOffset: f.ClockOffset,
		ProvisioningTimeout: f.PlaceWithin, Logger: logger, Out: os.Stdout,
		Scaling: app.ScalingConfig{Hooks: f.ScalingHook, Hosts: f.ScalingHost, Timeout: f.ScalingTime, Period: f.ScalingPace},
	}, nil
}

type serverCommand struct {
	serverFlags
}

// Run serves until the process is asked to stop.
func (s *serverCommand) Run(ctx context.Context, c *cli) error {
	cfg, err := s.config(c, "server")
	if err != nil {
		return err
	}
	return app.RunServer(ctx, cfg)
}

type devCommand struct {
	serverFlags
	Agent bool `help:"Run an agent on the local Docker Engine. Without it nothing is created beforehand." default:"true" negatable:""`
	Keep  bool `help:"Leave the containers running on exit."`
}

// Run serves until the process is asked to stop.
func (d *devCommand) Run(ctx context.Context, c *cli) error {
	cfg, err := d.config(c, "dev")
	if err != nil {
		return err
	}
	return app.RunDev(ctx, app.DevConfig{ServerConfig: cfg, Agent: d.Agent, Keep: d.Keep})
}

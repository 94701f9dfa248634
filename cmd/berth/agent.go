package main

import (
	"context"
	"os"

	"berth/app"
)

type agentCommand struct {
	Server    string            `help:"URL of the server." default:"http://127.0.0.1:6790" env:"BERTH_SERVER"`
	Cluster   string            `help:"Cluster to join." default:"default"`
	Data      string            `help:"Folder for the host's identity (default: ~/.berth/agent)." type:"path"`
	Region    string            `help:"Region in the scope of signatures." default:"us-east-1"`
	Zone      string            `help:"Availability zone of this host."`
	Attribute map[string]string `help:"Custom attribute k=v; may be repeated." mapsep:"none"`
	Group     string            `help:"Machine group this host belongs to: the group of a capacity provider."`
	External  bool              `help:"Join as an external instance, which runs tasks of launch type EXTERNAL and no others."`
	CPU       int64             `help:"CPU units to offer; 1024 a core. 0 offers what the host has." name:"cpu"`
	Memory    int64             `help:"MiB of memory to offer. 0 offers what the host has."`
}

// Run joins the cluster until the process is asked to stop.
func (a *agentCommand) Run(ctx context.Context, c *cli) error {
	logger, err := app.NewLogger(os.Stderr, c.LogLevel, c.LogFormat)
	if err != nil {
		return err
	}
	data := a.Data
	if data == "" {
		data = app.DefaultData("agent")
	}
	return app.RunAgent(ctx, app.AgentConfig{
		Server: a.Server, Cluster: a.Cluster, Data: data, Region: a.Region, Zone: a.Zone, Attributes: a.Attribute, Group: a.Group,
		External: a.External,
		CPUUnits: a.CPU, MemoryMiB: a.Memory, Credentials: app.AgentCredentialsFromEnv(), Logger: logger,
	})
}

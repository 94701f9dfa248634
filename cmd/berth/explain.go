package main

import (
	"context"
	"os"

	"berth/app"
)

// explainCommand asks a running server with the root credentials of the environment.
type explainCommand struct {
	Server string `help:"URL of the server." default:"http://127.0.0.1:6790" env:"BERTH_SERVER"`

	Cluster          string   `help:"Cluster of the tasks." default:"default"`
	TaskDefinition   string   `help:"Family, family:revision or ARN of the tasks to explain." xor:"what" required:""`
	Task             string   `help:"A task to explain instead: one that waits for capacity, or one that runs." xor:"what" required:""`
	Count            int      `help:"How many tasks; 1 unless given."`
	Group            string   `help:"Group of the tasks (default: family:NAME)."`
	LaunchType       string   `help:"EC2 or EXTERNAL."`
	CapacityProvider []string `help:"NAME, NAME:WEIGHT or NAME:WEIGHT:BASE; may be repeated." sep:"none"`
	Constraint       []string `help:"distinctInstance, or a memberOf expression; may be repeated." sep:"none"`
	Strategy         []string `help:"random, binpack:FIELD or spread:FIELD; may be repeated." sep:"none"`
	Overrides        string   `help:"Overrides as JSON, as RunTask takes them."`
	MaxResults       int      `help:"Most instances to list, the best first; 100 unless given."`
	JSON             bool     `help:"Print the whole answer as JSON."`
}

// Run prints why tasks would or would not be placed, and where.
func (e *explainCommand) Run(ctx context.Context) error {
	return app.Explain(ctx, app.ExplainConfig{
		Server: e.Server, Task: e.Task, Cluster: e.Cluster, TaskDefinition: e.TaskDefinition, Group: e.Group, LaunchType: e.LaunchType,
		Overrides: e.Overrides, Count: e.Count, MaxResults: e.MaxResults, Constraints: e.Constraint, Strategies: e.Strategy,
		Providers: e.CapacityProvider, JSON: e.JSON,
	}, os.Stdout)
}

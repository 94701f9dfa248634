package main

import (
	"context"
	"os"

	"berth/app"
)

// keysCommand calls a running server with the operator credentials of the environment.
type keysCommand struct {
	Server string `help:"URL of the server." default:"http://127.0.0.1:6790" env:"BERTH_SERVER"`

	Create keysCreate `cmd:"" help:"Make a key and print its secret once."`
	List   keysList   `cmd:"" help:"List the keys."`
	Revoke keysRevoke `cmd:"" help:"End a key at once."`
}

type keysCreate struct {
	Role string `help:"operator (everything) or agent (what a node needs, for its own instances)." required:"" enum:"operator,agent"`
	Name string `help:"A name for people." default:"unnamed"`
}

// Run makes a key.
func (k *keysCreate) Run(ctx context.Context, c *cli) error {
	return app.CreateKey(ctx, c.Keys.Server, k.Name, k.Role, os.Stdout)
}

type keysList struct{}

// Run lists the keys.
func (k *keysList) Run(ctx context.Context, c *cli) error {
	return app.ListKeys(ctx, c.Keys.Server, os.Stdout)
}

type keysRevoke struct {
	ID string `arg:"" help:"The access key id."`
}

// Run ends a key.
func (k *keysRevoke) Run(ctx context.Context, c *cli) error {
	return app.RevokeKey(ctx, c.Keys.Server, k.ID, os.Stdout)
}

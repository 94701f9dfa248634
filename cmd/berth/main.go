package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line. The flags of dev, server and agent are a contract: tests and users rely on them.
type cli struct {
	Dev     devCommand     `cmd:"" help:"Run a server and an agent in one process, for a laptop or CI. Needs no configuration."`
	Server  serverCommand  `cmd:"" help:"Run the control plane: the ECS API, placement and agent sessions. BERTH_ACCESS_KEY_ID and BERTH_SECRET_ACCESS_KEY are its root credentials."`
	Agent   agentCommand   `cmd:"" help:"Join this host to a cluster and run its tasks on the local Docker Engine, with the agent key in BERTH_ACCESS_KEY_ID and BERTH_SECRET_ACCESS_KEY."`
	Keys    keysCommand    `cmd:"" help:"Make, list and revoke access keys of a running server, as the operator whose key is in BERTH_ACCESS_KEY_ID and BERTH_SECRET_ACCESS_KEY."`
	Explain explainCommand `cmd:"" help:"Say why tasks would or would not be placed, and where. Nothing is placed."`
	Bench   benchCommand   `cmd:"" help:"Measure: simulated agents over real websockets and load through the API."`

	LogLevel  string `help:"Least level of log lines: debug, info, warn, error." default:"info" env:"BERTH_LOG_LEVEL"`
	LogFormat string `help:"text or json." default:"text" env:"BERTH_LOG_FORMAT"`
}

func main() {
	os.Exit(run(os.Args[1:]))
}

// run returns the exit code: 0 done, 1 failed, 2 the flags were wrong.
func run(args []string) int {
	var c cli
	parser, err := kong.New(&c, kong.Name("berth"),
		kong.Description("Amazon ECS on your own machines: the ECS API over real containers."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "berth:", err)
		return 2
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "berth: %v\nRun \"berth --help\" or \"berth COMMAND --help\" for what there is.\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(&c); err != nil {
		fmt.Fprintln(os.Stderr, "berth:", err)
		return 1
	}
	return 0
}

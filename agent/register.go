package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"berth/agent/runtime"
	"berth/agent/session"
	"berth/api/awsjson"
)

// Bounds of the pause between attempts.
const (
	minRetry = 500 * time.Millisecond
	maxRetry = 30 * time.Second
)

// backoff is a growing, jittered pause.
type backoff struct{ next time.Duration }

// wait pauses; false when ctx ended first.
func (b *backoff) wait(ctx context.Context) bool {
	b.next = min(max(b.next*3/2, minRetry), maxRetry)
	timer := time.NewTimer(time.Duration(float64(b.next) * (0.8 + 0.4*rand.Float64())))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// waitForEngine asks the container engine until it answers.
func waitForEngine(ctx context.Context, config Config, rt runtime.Runtime) (runtime.Info, error) {
	var pause backoff
	for {
		info, err := rt.Info(ctx)
		if err == nil {
			return info, nil
		}
		if ctx.Err() != nil {
			return runtime.Info{}, ctx.Err()
		}
		config.Logger.Warn("Docker does not answer; the agent waits and joins the cluster when it does", "error", err)
		if !pause.wait(ctx) {
			return runtime.Info{}, ctx.Err()
		}
	}
}

// registration is what the agent says about the host.
func registration(config Config, info runtime.Info, own identity) session.Registration {
	r := session.Registration{
		InstanceARN: own.InstanceARN, ClientToken: own.ClientToken,
		CPUUnits: config.CPUUnits, MemoryMiB: config.MemoryMiB,
		PortsTCP: portTexts(config.Settings.ReservedPorts), PortsUDP: portTexts(config.Settings.ReservedPortsUDP),
		Attributes:   attributes(config, info),
		AgentVersion: config.Version, AgentHash: config.Hash, DockerVersion: info.Version,
	}
	if r.CPUUnits == 0 {
		r.CPUUnits = int64(info.CPUs) * 1024
	}
	if r.MemoryMiB == 0 {
		r.MemoryMiB = info.MemoryMiB
	}
	r.MemoryMiB = max(r.MemoryMiB-config.Settings.ReservedMemoryMiB, 0)
	if config.Settings.ReservedPorts == nil {
		r.PortsTCP = portTexts(defaultReserved)
	}
	return r
}

// finalCodes are answers that repeating the registration cannot change.
var finalCodes = []string{
	"InvalidParameterException", "ClientException", "AccessDeniedException", "UnrecognizedClientException",
	"InvalidSignatureException", "InvalidClientTokenId", "SignatureDoesNotMatch", "IncompleteSignatureException",
	"UnsupportedFeatureException", "UnknownOperationException",
}

// register joins the cluster, waiting for a server that is away.
func register(ctx context.Context, config Config, client *session.Client, r session.Registration) (string, error) {
	var pause backoff
	for {
		arn, err := client.Register(ctx, r)
		if err == nil {
			return arn, nil
		}
		var answer *awsjson.Error
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case errors.As(err, &answer) && slices.Contains(finalCodes, answer.Code) && r.InstanceARN != "":
			return "", fmt.Errorf("the server does not take container instance %s back (remove %s in the data directory to join as a new one): %w", r.InstanceARN, identityFile, err)
		case errors.As(err, &answer) && slices.Contains(finalCodes, answer.Code):
			return "", fmt.Errorf("the server refuses this agent: %w", err)
		}
		config.Logger.Warn("cannot register with the server, will try again", "server", config.ServerURL, "error", err)
		if !pause.wait(ctx) {
			return "", ctx.Err()
		}
	}
}

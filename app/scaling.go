package app

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"berth/controller"
	"berth/reconcile"
)

// ScalingConfig is how a server lets machine groups grow and shrink; see docs/capacity.md.
type ScalingConfig struct {
	// Hooks are "GROUP=PATH" or "GROUP=URL": what starts and stops the hosts of a group.
	Hooks []string
	// Hosts are "GROUP=CPU,MEMORY" or "GROUP=CPU,MEMORY,GPUS": what a host of a group offers, in CPU units and MiB.
	Hosts []string
	// Timeout bounds a call of a hook; 0 is two minutes. Period is the time between two points; 0 is a minute.
	Timeout, Period time.Duration
}

// hookTokenVariable is the variable whose value HTTP hooks get as bearer authorization.
const hookTokenVariable = "BERTH_SCALING_HOOK_TOKEN"

// hookRetries are the pauses before a hook that failed is called again.
var hookRetries = []time.Duration{time.Second, 5 * time.Second, 20 * time.Second}

// groups reads the flags.
func (c *ScalingConfig) groups() (map[string]controller.MachineGroup, error) {
	groups := map[string]controller.MachineGroup{}
	for _, flag := range c.Hooks {
		name, target, _ := strings.Cut(flag, "=")
		if name == "" || target == "" {
			return nil, fmt.Errorf("--scaling-hook %q is not GROUP=PATH or GROUP=URL", flag)
		}
		hook, err := newHook(target)
		if err != nil {
			return nil, fmt.Errorf("--scaling-hook %q: %w", flag, err)
		}
		groups[name] = controller.MachineGroup{Hook: hook}
	}
	for _, flag := range c.Hosts {
		name, size, _ := strings.Cut(flag, "=")
		group, ok := groups[name]
		if !ok {
			return nil, fmt.Errorf("--scaling-host %q: no --scaling-hook names the group", flag)
		}
		var err error
		if group.Size, err = hostSize(size); err != nil {
			return nil, fmt.Errorf("--scaling-host %q: %w", flag, err)
		}
		groups[name] = group
	}
	return groups, nil
}

// newHook makes the hook of a path or URL.
func newHook(target string) (controller.Hook, error) {
	if !strings.HasPrefix(target, "http://") && !strings.HasPrefix(target, "https://") {
		file, err := os.Stat(target)
		switch {
		case err != nil:
			return nil, err
		case file.IsDir() || file.Mode()&0o111 == 0:
			return nil, fmt.Errorf("%s cannot be executed", target)
		}
		path, err := filepath.Abs(target)
		if err != nil {
			return nil, err
		}
		return &controller.ExecHook{Path: path, Environment: hookEnvironment(os.Environ())}, nil
	}
	if u, err := url.Parse(target); err != nil || u.Host == "" {
		return nil, fmt.Errorf("%q is no URL", target)
	}
	return &controller.HTTPHook{URL: target, Token: os.Getenv(hookTokenVariable), Client: &http.Client{}}, nil
}

// hookEnvironment is this process's environment without the server's own secrets, and the path of this program.
func hookEnvironment(environment []string) []string {
	kept := slices.DeleteFunc(slices.Clone(environment), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.Contains([]string{"BERTH_ACCESS_KEY_ID", "BERTH_SECRET_ACCESS_KEY", hookTokenVariable}, name)
	})
	if self, err := os.Executable(); err == nil {
		kept = append(kept, "BERTH_BINARY="+self)
	}
	return kept
}

func hostSize(s string) (reconcile.HostSize, error) {
	parts := strings.Split(s, ",")
	if len(parts) < 2 || len(parts) > 3 {
		return reconcile.HostSize{}, fmt.Errorf("%q is not CPU,MEMORY or CPU,MEMORY,GPUS", s)
	}
	var n [3]int64
	for k, part := range parts {
		var err error
		if n[k], err = strconv.ParseInt(part, 10, 32); err != nil || n[k] < 0 {
			return reconcile.HostSize{}, fmt.Errorf("%q is not a number of CPU units, MiB or GPUs", part)
		}
	}
	return reconcile.HostSize{CPUUnits: n[0], MemoryMiB: n[1], GPUs: n[2]}, nil
}

// scaling makes the controller of a generation.
func (s *server) scaling(g *generation) *controller.Scaling {
	timeout, period := s.cfg.Scaling.Timeout, s.cfg.Scaling.Period
	if timeout <= 0 {
		timeout = 2 * time.Minute
	}
	if period <= 0 {
		period = reconcile.ScalingPeriod
	}
	return controller.NewScaling(controller.ScalingConfig{
		Store: g.store, Clock: s.now, Groups: s.groups, Realm: s.cfg.realm(), Server: s.agentURL, Period: period, Timeout: timeout,
		Retries: hookRetries, Observe: s.metrics.hookCalled, Logger: s.cfg.Logger,
	})
}

// agentURL is what agents on other hosts should call, as far as the server knows.
func (s *server) agentURL() string {
	if s.cfg.PublicURL != "" {
		return strings.TrimSuffix(s.cfg.PublicURL, "/")
	}
	return s.url
}

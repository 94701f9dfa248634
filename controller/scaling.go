package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"berth/command"
	"berth/ecs"
	"berth/reconcile"
	"berth/state"
)

// ScalingConfig is what managed scaling is made of. Members without a default are required.
type ScalingConfig struct {
	Store WatchStore
	Clock func() time.Time
	// Groups are the machine groups by name, as ecs.GroupName gives it. Of a provider whose group is not among them only the
	// reservation is computed.
	Groups map[string]MachineGroup
	Realm  ecs.Realm
	// Server is the URL that agents call, as it is when a hook is called.
	Server func() string
	// Period is the time between two looks at what nobody asks for: [reconcile.ScalingPeriod], or less for demonstrations.
	Period time.Duration
	// Timeout bounds one call of a hook; Retries are the pauses before it is called again after an error.
	Timeout time.Duration
	Retries []time.Duration
	// Observe, if set, is told of every call of a hook.
	Observe func(group, action string, err error)
	Logger  *slog.Logger
}

// MachineGroup is how the hosts of a group are started and stopped.
type MachineGroup struct {
	Hook Hook
	// Size is what a host offers, zero when the operator does not say.
	Size reconcile.HostSize
}

// Scaling lets machine groups follow the tasks that wait: it carries out [reconcile.PlanScaling] for every capacity provider and
// calls the hooks.
//
// What was asked for is stored before a hook is called, so that a server that ends in between does not ask twice. Hooks run on lanes
// of their own, starting and stopping side by side; their ends come back to Step, the only one to run commands.
type Scaling struct {
	cfg   ScalingConfig
	lanes lanes
	kick  chan struct{} // holds a token when something ended

	// Of Step.
	leaving  map[ecs.InstanceID]bool // a scale-in is under way
	draining map[ecs.InstanceID]bool // waited for until they have no tasks
	hookless map[string]bool         // providers whose missing hook was logged

	mu    sync.Mutex
	ended []ended // guarded by mu
}

// ended is a call of a hook that will not be repeated.
type ended struct {
	provider string
	request  ecs.ScaleOutRequest
	instance ecs.InstanceID // "" for a scale-out
	err      error
}

// NewScaling makes a controller that does nothing yet.
func NewScaling(cfg ScalingConfig) *Scaling {
	return &Scaling{
		cfg: cfg, kick: make(chan struct{}, 1), leaving: map[ecs.InstanceID]bool{}, hookless: map[string]bool{},
	}
}

// Step looks at every provider and returns when to look again though nothing happens. Calls of hooks go on after it under ctx.
// What failed at one provider does not keep it from the others; the first error is returned.
func (s *Scaling) Step(ctx context.Context, now time.Time) (time.Time, error) {
	first := s.settle(ctx)
	wake := ecs.TimeOf(now.Add(s.cfg.Period))
	view := s.cfg.Store.Snapshot()
	s.draining = map[ecs.InstanceID]bool{}
	for _, p := range scaled(view) {
		next, err := s.look(ctx, view, p, ecs.TimeOf(now))
		if err != nil && first == nil {
			first = fmt.Errorf("scale capacity provider %s: %w", p.Name, err)
		}
		wake = min(wake, next)
	}
	return wake.Std(), first
}

// scaled returns the providers for which there may be something to do.
func scaled(view *state.Snapshot) []*ecs.CapacityProvider {
	var all []*ecs.CapacityProvider
	view.ScanCapacityProviders("", func(p *ecs.CapacityProvider) bool {
		if p.Cluster != "" && (p.Scaling.Enabled || len(p.State.Leaving) > 0) {
			all = append(all, p)
		}
		return true
	})
	return all
}

// look plans for one provider and carries the plan out.
func (s *Scaling) look(ctx context.Context, view *state.Snapshot, p *ecs.CapacityProvider, now ecs.Time) (ecs.Time, error) {
	group, hooked := s.cfg.Groups[ecs.GroupName(p.Group)]
	in := reconcile.NewScalingInput(view, p, group.Size, now)
	in.Config.MeasureOnly, in.Config.Period = !hooked, s.cfg.Period
	plan := reconcile.PlanScaling(in)
	if !hooked {
		s.warnHookless(p, in)
		plan.Gone = nil
	}
	if len(plan.Drain) > 0 || !reflect.DeepEqual(plan.Next, p.State) {
		if err := s.do(ctx, func(tx *state.Tx) error {
			_, err := command.Scale(tx, command.ScaleInput{Provider: p.Name, State: plan.Next, Drain: plan.Drain})
			return err
		}); err != nil {
			return plan.Wake, err
		}
	}
	if len(plan.Drain) > 0 {
		s.cfg.Logger.Info("giving up idle instances", "capacityProvider", p.Name, "instances", plan.Drain, "of", plan.N, "needed", plan.M)
		plan.Wake = now // they are empty: what remains is to stop them
	}
	if plan.ScaleOut > 0 {
		s.cfg.Logger.Info("asking for hosts", "capacityProvider", p.Name, "hosts", plan.ScaleOut, "instances", plan.N, "needed", plan.M)
		s.scaleOut(ctx, p, group.Hook, ecs.ScaleOutRequest{At: now, Hosts: plan.ScaleOut})
	}
	for _, id := range plan.Next.Leaving {
		s.draining[id] = true
	}
	for _, id := range plan.Gone {
		s.scaleIn(ctx, p, group.Hook, view.Instance(p.Cluster, id))
	}
	return plan.Wake, nil
}

// do runs a command.
func (s *Scaling) do(ctx context.Context, fn func(tx *state.Tx) error) error {
	return s.cfg.Store.Do(ctx, fn)
}

func (s *Scaling) warnHookless(p *ecs.CapacityProvider, in reconcile.ScalingInput) {
	if len(in.Waiting) > 0 && in.Config.Enabled && !s.hookless[p.Name] {
		s.hookless[p.Name] = true
		s.cfg.Logger.Warn("tasks wait for a machine group that has no scaling hook; start the server with --scaling-hook",
			"capacityProvider", p.Name, "group", ecs.GroupName(p.Group))
	}
}

func (s *Scaling) scaleOut(ctx context.Context, p *ecs.CapacityProvider, hook Hook, r ecs.ScaleOutRequest) {
	c := s.call(p, ScaleOut)
	c.Count = r.Hosts
	s.lanes.do(p.Name+" "+ScaleOut, func() { s.end(ended{provider: p.Name, request: r, err: s.try(ctx, hook, c)}) })
}

func (s *Scaling) scaleIn(ctx context.Context, p *ecs.CapacityProvider, hook Hook, i *ecs.Instance) {
	if i == nil || s.leaving[i.ID] {
		return
	}
	s.leaving[i.ID] = true
	c := s.call(p, ScaleIn)
	c.Host, c.InstanceARN = i.HostName(), s.cfg.Realm.InstanceARN(i.Cluster, i.ID)
	s.lanes.do(p.Name+" "+ScaleIn, func() {
		err := errStays
		if s.idle(i) {
			err = s.try(ctx, hook, c)
		}
		s.end(ended{provider: p.Name, instance: i.ID, err: err})
	})
}

var errStays = errors.New("the instance was set ACTIVE again or has tasks")

// idle looks once more before a host is stopped: its turn may come late.
func (s *Scaling) idle(i *ecs.Instance) bool {
	view := s.cfg.Store.Snapshot()
	now := view.Instance(i.Cluster, i.ID)
	return now != nil && now.Status == ecs.InstanceDraining && view.Usage(i.ID).Tasks == 0
}

func (s *Scaling) call(p *ecs.CapacityProvider, action string) HookCall {
	return HookCall{
		Action: action, Group: ecs.GroupName(p.Group), Cluster: p.Cluster, CapacityProvider: p.Name, Server: s.cfg.Server(),
	}
}

// try calls a hook until it succeeds or the retries are used up.
func (s *Scaling) try(ctx context.Context, hook Hook, c HookCall) error {
	for attempt := 0; ; attempt++ {
		bounded, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
		output, err := hook.Call(bounded, c)
		cancel()
		log := s.cfg.Logger.With("group", c.Group, "action", c.Action, "count", c.Count, "host", c.Host, "output", output)
		if s.cfg.Observe != nil {
			s.cfg.Observe(c.Group, c.Action, err)
		}
		if err == nil {
			log.Info("scaling hook called")
			return nil
		}
		log.Warn("scaling hook failed", "error", err, "attempt", attempt+1)
		if attempt == len(s.cfg.Retries) || !pause(ctx, s.cfg.Retries[attempt]) {
			return err
		}
	}
}

// pause reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// end hands the end of a call to the next Step.
func (s *Scaling) end(e ended) {
	s.mu.Lock()
	s.ended = append(s.ended, e)
	s.mu.Unlock()
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// settle stores how calls ended: hosts that were stopped are deregistered, hosts that could not be started are no longer expected. A
// host that could not be stopped stays DRAINING and is tried again with the next look.
func (s *Scaling) settle(ctx context.Context) error {
	s.mu.Lock()
	all := s.ended
	s.ended = nil
	s.mu.Unlock()
	for k, e := range all {
		if err := s.do(ctx, func(tx *state.Tx) error { return e.store(tx) }); err != nil {
			s.mu.Lock()
			s.ended = append(all[k:len(all):len(all)], s.ended...)
			s.mu.Unlock()
			return fmt.Errorf("store the end of a scaling hook: %w", err)
		}
		delete(s.leaving, e.instance)
	}
	return nil
}

func (e *ended) store(tx *state.Tx) error {
	switch {
	case e.instance == "" && e.err != nil:
		return command.EndScaleOut(tx, command.EndScaleOutInput{Provider: e.provider, Request: e.request})
	case e.instance != "" && e.err == nil:
		return command.EndScaleIn(tx, command.EndScaleInInput{Provider: e.provider, Instance: e.instance})
	}
	return nil
}

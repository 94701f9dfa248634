package supervisor

import (
	"context"
	"time"

	"berth/agent/runtime"
)

// launch carries out an action in a goroutine of its own and posts its result. What the action needs of the machine is
// read here, in the machine's goroutine.
func (s *Supervisor) launch(ctx, pulls context.Context, a action) {
	var work func() input
	switch a.kind {
	case prepare:
		work = func() input {
			parent, err := setUp(pulls, s.config.Runtime, s.task)
			s.mu.Lock()
			s.cgroupParent = parent
			s.mu.Unlock()
			return preparedResult{err}
		}
	case pull:
		work = s.pull(pulls, a.c)
	case create:
		work = s.create(ctx, a.c)
	case start:
		work = s.start(ctx, a.c)
	case stop:
		work = s.stop(ctx, a.c)
	case inspect:
		work = s.inspect(ctx, a.c)
	}
	s.actions.Go(func() { s.post(work()) })
}

func (s *Supervisor) pull(ctx context.Context, c *container) func() input {
	name, image := c.def.Name, c.def.Image
	return func() input {
		begin := time.Now()
		got, err := s.config.Runtime.PullImage(ctx, image, s.config.PullPolicy)
		return pullResult{name, got, begin, err}
	}
}

func (s *Supervisor) create(ctx context.Context, c *container) func() input {
	name := c.def.Name
	s.mu.Lock()
	parent := s.cgroupParent
	s.mu.Unlock()
	spec, err := s.m.spec(c, s.config.Identity, parent, s.payload)
	return func() input {
		if err != nil {
			return createResult{name: name, err: err}
		}
		id, err := s.config.Runtime.CreateContainer(ctx, spec)
		return createResult{name, id, err}
	}
}

// start ends with a look at the container: it has the published ports, and tells whether it lives.
func (s *Supervisor) start(ctx context.Context, c *container) func() input {
	name, id := c.def.Name, c.id
	return func() input {
		if err := s.config.Runtime.StartContainer(ctx, id); err != nil {
			return stateResult{name: name, err: s.startFailure(ctx, id, err)}
		}
		return s.look(ctx, name, id)
	}
}

// startFailure makes sure that a start of which nobody knows how it ended is not taken for a failure: after a timeout
// the container may run all the same, so it is killed.
func (s *Supervisor) startFailure(ctx context.Context, id string, err error) error {
	if runtime.IsUnavailable(err) || ctx.Err() != nil {
		return err
	}
	if stopErr := s.config.Runtime.StopContainer(ctx, id, 0); stopErr != nil {
		s.config.Logger.Warn("container whose start failed cannot be stopped", "container", id, "error", stopErr)
	}
	return err
}

func (s *Supervisor) stop(ctx context.Context, c *container) func() input {
	name, id, timeout := c.def.Name, c.id, s.config.StopTimeout
	if c.def.StopTimeout > 0 {
		timeout = time.Duration(c.def.StopTimeout) * time.Second
	}
	return func() input {
		if err := s.config.Runtime.StopContainer(ctx, id, timeout); err != nil {
			s.config.Logger.Warn("container does not stop, will repeat", "task", s.task.ARN, "container", name, "error", err)
			return stateResult{name: name, err: err}
		}
		return s.look(ctx, name, id)
	}
}

func (s *Supervisor) inspect(ctx context.Context, c *container) func() input {
	name, id := c.def.Name, c.id
	return func() input { return s.look(ctx, name, id) }
}

func (s *Supervisor) look(ctx context.Context, name, id string) input {
	state, err := s.config.Runtime.InspectContainer(ctx, id)
	return stateResult{name, state, err}
}

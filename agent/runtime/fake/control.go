package fake

import (
	"context"
	"slices"
	"time"

	"berth/agent/runtime"
)

// eventBuffer is how far a watcher may fall behind before it is told to look again.
const eventBuffer = 1024

// Watch implements runtime.Host.
func (r *Runtime) Watch(ctx context.Context, instance string, handle func(runtime.Event)) {
	w := &watcher{instance: instance, events: make(chan runtime.Event, eventBuffer)}
	r.mu.Lock()
	r.watchers[w] = struct{}{}
	away := r.away
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watchers, w)
	}()
	if !away {
		handle(runtime.Event{Kind: runtime.EventResync})
	}
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-w.events:
			handle(e)
		}
	}
}

// tell hands an event to the watchers. It is called with mu held.
func (r *Runtime) tell(e runtime.Event) {
	if r.away && e.Kind != runtime.EventLost {
		return
	}
	for w := range r.watchers {
		if e.Labels != nil && e.Labels[runtime.LabelInstance] != w.instance {
			continue
		}
		select {
		case w.events <- e:
		default: // a full buffer: start over with a look at everything
			for len(w.events) > 0 {
				<-w.events
			}
			w.events <- runtime.Event{Kind: runtime.EventResync}
		}
	}
}

// Stats implements runtime.Host: a container that idles.
func (r *Runtime) Stats(ctx context.Context, id string, handle func(runtime.Stats)) error {
	b, err := r.find(runtime.DockerState, "", id)
	if err != nil {
		return err
	}
	r.mu.Lock()
	ended := b.ended
	r.mu.Unlock()
	if ended == nil {
		return nil
	}
	handle(runtime.Stats{At: time.Now(), MemoryBytes: 1 << 20, NetworkAbsent: true})
	select {
	case <-ctx.Done():
	case <-ended:
	}
	return nil
}

// Away switches the engine off, Back on again; containers live on meanwhile.
func (r *Runtime) Away() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = true
	r.tell(runtime.Event{Kind: runtime.EventLost})
}

// Back ends Away; watchers are told to look again.
func (r *Runtime) Back() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = false
	r.tell(runtime.Event{Kind: runtime.EventResync})
}

// Exit ends the process of the container called name in its task; it tells whether there was one.
func (r *Runtime) Exit(name string, code int) bool { return r.exit(name, code, false) }

// OOM kills it as the kernel does.
func (r *Runtime) OOM(name string) bool { return r.exit(name, 137, true) }

func (r *Runtime) exit(name string, code int, oom bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.containers {
		if b.spec.Labels[runtime.LabelContainerName] == name && b.state.Phase == runtime.PhaseRunning {
			r.end(b, code, oom)
			return true
		}
	}
	return false
}

// SetHealth gives the container called name a verdict.
func (r *Runtime) SetHealth(name string, health runtime.Health) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, b := range r.containers {
		if b.spec.Labels[runtime.LabelContainerName] == name && b.state.Phase == runtime.PhaseRunning {
			b.state.Health = health
			r.tell(runtime.Event{Kind: runtime.EventHealth, ContainerID: id, Labels: b.spec.Labels, Health: health, At: time.Now()})
		}
	}
}

// Calls are the steps so far, such as "start web", in order; pings, lists and inspections are not noted.
func (r *Runtime) Calls() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

// Left counts what the engine still has.
func (r *Runtime) Left() (containers, volumes, limits int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.containers), len(r.volumes), len(r.limits)
}

// Spec returns how the container called name was created.
func (r *Runtime) Spec(name string) (runtime.Spec, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.containers {
		if b.spec.Labels[runtime.LabelContainerName] == name {
			return b.spec, true
		}
	}
	return runtime.Spec{}, false
}

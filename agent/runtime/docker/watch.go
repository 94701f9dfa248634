package docker

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"

	"berth/agent/runtime"
)

// rewatch is how long Watch waits before it asks a dead engine again.
const rewatch = time.Second

// Watch implements runtime.Host.
func (r *Runtime) Watch(ctx context.Context, instance string, handle func(runtime.Event)) {
	filter := client.Filters{}.Add("type", "container").
		Add("event", "die", "destroy", "health_status").
		Add("label", runtime.LabelInstance+"="+instance)
	lost := false
	for ctx.Err() == nil {
		stream := r.api.Events(ctx, client.EventsListOptions{Filters: filter})
		err := r.follow(ctx, stream, handle, &lost)
		if ctx.Err() != nil {
			return
		}
		if !lost {
			lost = true
			r.log.Warn("Docker does not answer, waiting for it; running containers are left alone", "error", err)
			handle(runtime.Event{Kind: runtime.EventLost})
		}
		select {
		case <-ctx.Done():
		case <-time.After(rewatch):
		}
	}
}

// follow hands on one stream's events until it ends. Events returns only once the engine has answered, so a stream
// that has not failed by then misses nothing.
func (r *Runtime) follow(ctx context.Context, stream client.EventsResult, handle func(runtime.Event), lost *bool) error {
	select {
	case err := <-stream.Err:
		return err
	default:
	}
	if *lost {
		*lost = false
		r.log.Info("Docker answers again")
	}
	handle(runtime.Event{Kind: runtime.EventResync})
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-stream.Err:
			return err
		case m := <-stream.Messages:
			if event, ok := translateEvent(m); ok {
				handle(event)
			}
		}
	}
}

func translateEvent(m events.Message) (runtime.Event, bool) {
	event := runtime.Event{ContainerID: m.Actor.ID, Labels: m.Actor.Attributes, At: time.Unix(0, m.TimeNano)}
	switch {
	case m.Action == events.ActionDie || m.Action == events.ActionDestroy:
		event.Kind = runtime.EventExited
	case m.Action == events.ActionHealthStatusHealthy:
		event.Kind, event.Health = runtime.EventHealth, runtime.HealthHealthy
	case m.Action == events.ActionHealthStatusUnhealthy:
		event.Kind, event.Health = runtime.EventHealth, runtime.HealthUnhealthy
	case strings.HasPrefix(string(m.Action), string(events.ActionHealthStatus)):
		event.Kind, event.Health = runtime.EventHealth, runtime.HealthStarting
	default:
		return event, false
	}
	return event, true
}

// brokenStream tells that the engine went away in the middle of an answer.
func brokenStream(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

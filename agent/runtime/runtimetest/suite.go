package runtimetest

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"berth/agent/runtime"
)

// Harness is a runtime and how to make its containers behave.
type Harness struct {
	Runtime runtime.Runtime
	// Image is on the host and came from no registry. Missing is one that no registry has; empty skips that test.
	Image   string
	Missing string
	// Exit ends at once with the code, Sleep runs until killed by SIGTERM, Trap ends with the code on SIGTERM, Ignore
	// ignores SIGTERM.
	Exit   func(code string) []string
	Sleep  []string
	Trap   func(code string) []string
	Ignore []string
	// BadCommand, if set, cannot be started.
	BadCommand []string
}

// patience is how long the suite waits for something that must happen.
const patience = 30 * time.Second

// suite is one run: its own instance label keeps it apart from everything else in the engine.
type suite struct {
	Harness
	instance string
	events   chan runtime.Event
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	s := &suite{Harness: h, instance: "arn:aws:ecs:test:000000000000:container-instance/" + rand.Text(), events: make(chan runtime.Event, 1000)}
	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		h.Runtime.Watch(ctx, s.instance, func(e runtime.Event) { s.events <- e })
	}()
	defer func() {
		cancel()
		<-watched
	}()
	if first := s.event(t); first.Kind != runtime.EventResync {
		t.Fatalf("the first event is %+v, not a resync", first)
	}
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"info", s.info}, {"exit code", s.exitCode}, {"stop signal", s.stopSignal}, {"stop kills", s.stopKills},
		{"idempotent", s.idempotent}, {"never started", s.neverStarted}, {"list and labels", s.list}, {"missing", s.missing},
		{"ports", s.ports}, {"volumes", s.volumes}, {"limits", s.limits}, {"pull", s.pull}, {"bad command", s.badCommand},
		{"bad config", s.badConfig}, {"stats", s.stats},
	} {
		t.Run(test.name, test.run)
	}
	left, err := h.Runtime.ListContainers(t.Context(), s.instance)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// event waits for the next event.
func (s *suite) event(t *testing.T) runtime.Event {
	t.Helper()
	select {
	case e := <-s.events:
		return e
	case <-time.After(patience):
		t.Fatal("no event came")
		return runtime.Event{}
	}
}

// exited waits until an event says that the container ended.
func (s *suite) exited(t *testing.T, id string) {
	t.Helper()
	for {
		if e := s.event(t); e.Kind == runtime.EventExited && e.ContainerID == id {
			return
		}
	}
}

// spec is a container with its own name that runs the command.
func (s *suite) spec(command []string) runtime.Spec {
	name := rand.Text()
	return runtime.Spec{
		Name: "ecs-runtimetest-" + name, Image: s.Image, Command: command, NetworkMode: "none",
		Labels: map[string]string{
			runtime.LabelInstance: s.instance, runtime.LabelTaskARN: "arn:aws:ecs:test:000000000000:task/t/" + name,
			runtime.LabelContainerName: "main",
		},
	}
}

// create makes a container that is removed at the end of the test.
func (s *suite) create(t *testing.T, spec runtime.Spec) string {
	t.Helper()
	id, err := s.Runtime.CreateContainer(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Runtime.RemoveContainer(context.Background(), id); err != nil {
			t.Error(err)
		}
	})
	return id
}

func (s *suite) start(t *testing.T, spec runtime.Spec) string {
	t.Helper()
	id := s.create(t, spec)
	if err := s.Runtime.StartContainer(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return id
}

func (s *suite) state(t *testing.T, id string) runtime.State {
	t.Helper()
	state, err := s.Runtime.InspectContainer(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func (s *suite) info(t *testing.T) {
	if err := s.Runtime.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	info, err := s.Runtime.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.CPUs < 1 || info.MemoryMiB < 1 || info.Version == "" || info.APIVersion == "" || info.Architecture == "" ||
		!slices.Contains(info.LogDrivers, "json-file") {
		t.Errorf("%+v", info)
	}
}

func (s *suite) exitCode(t *testing.T) {
	id := s.start(t, s.spec(s.Exit("7")))
	s.exited(t, id)
	state := s.state(t, id)
	if state.Phase != runtime.PhaseExited || state.ExitCode != 7 || !state.Started || state.OOMKilled ||
		state.StartedAt.IsZero() || state.FinishedAt.Before(state.StartedAt) {
		t.Errorf("%+v", state)
	}
}

func (s *suite) stopSignal(t *testing.T) {
	id := s.start(t, s.spec(s.Trap("42")))
	s.settled(t, id)
	if err := s.Runtime.StopContainer(t.Context(), id, patience); err != nil {
		t.Fatal(err)
	}
	if state := s.state(t, id); state.Phase != runtime.PhaseExited || state.ExitCode != 42 {
		t.Errorf("%+v", state)
	}
	s.exited(t, id)
}

// settled gives a shell the time to set its trap; a runtime that says when is not known.
func (s *suite) settled(t *testing.T, id string) {
	t.Helper()
	if state := s.state(t, id); state.Phase != runtime.PhaseRunning {
		t.Fatalf("does not run: %+v", state)
	}
	<-time.After(300 * time.Millisecond)
}

func (s *suite) stopKills(t *testing.T) {
	id := s.start(t, s.spec(s.Ignore))
	s.settled(t, id)
	begin := time.Now()
	if err := s.Runtime.StopContainer(t.Context(), id, time.Second); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 900*time.Millisecond || took > patience {
		t.Errorf("killed after %s", took)
	}
	if state := s.state(t, id); state.Phase != runtime.PhaseExited || state.ExitCode != 137 || state.OOMKilled {
		t.Errorf("%+v", state)
	}
}

func (s *suite) idempotent(t *testing.T) {
	spec := s.spec(s.Sleep)
	id := s.start(t, spec)
	again, err := s.Runtime.CreateContainer(t.Context(), spec)
	if err != nil || again != id {
		t.Errorf("second create: %s, %v; want %s", again, err, id)
	}
	other := spec
	other.Labels = map[string]string{runtime.LabelInstance: s.instance, runtime.LabelTaskARN: "other"}
	if got, err := s.Runtime.CreateContainer(t.Context(), other); err == nil {
		t.Errorf("another task took the name: %s", got)
	}
	if err := s.Runtime.StartContainer(t.Context(), id); err != nil {
		t.Errorf("second start: %v", err)
	}
	for range 2 {
		if err := s.Runtime.StopContainer(t.Context(), id, 0); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	for range 2 {
		if err := s.Runtime.RemoveContainer(t.Context(), id); err != nil {
			t.Errorf("remove: %v", err)
		}
	}
	if err := s.Runtime.StopContainer(t.Context(), id, 0); err != nil {
		t.Errorf("stop of a removed container: %v", err)
	}
}

func (s *suite) neverStarted(t *testing.T) {
	id := s.create(t, s.spec(s.Sleep))
	if state := s.state(t, id); state.Phase != runtime.PhaseCreated || state.Started {
		t.Errorf("%+v", state)
	}
}

func (s *suite) list(t *testing.T) {
	spec := s.spec(s.Exit("0"))
	spec.Labels[runtime.LabelTask] = "payload"
	id := s.start(t, spec)
	s.exited(t, id)
	list, err := s.Runtime.ListContainers(t.Context(), s.instance)
	if err != nil || len(list) != 1 || list[0].ID != id || list[0].Labels[runtime.LabelTask] != "payload" {
		t.Errorf("%+v, %v", list, err)
	}
	if strangers, err := s.Runtime.ListContainers(t.Context(), "nobody"); err != nil || len(strangers) != 0 {
		t.Errorf("of another instance: %+v, %v", strangers, err)
	}
}

func (s *suite) missing(t *testing.T) {
	if _, err := s.Runtime.InspectContainer(t.Context(), "0123456789abcdef"); !runtime.IsNotFound(err) || runtime.IsUnavailable(err) {
		t.Errorf("inspect: %v", err)
	}
	if err := s.Runtime.RemoveContainer(t.Context(), "0123456789abcdef"); err != nil {
		t.Errorf("remove: %v", err)
	}
	if err := s.Runtime.RemoveVolume(t.Context(), "berth-no-such-volume"); err != nil {
		t.Errorf("remove volume: %v", err)
	}
}

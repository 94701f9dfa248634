package supervisor

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"berth/agent/report"
	"berth/agent/runtime"
	"berth/agent/runtime/fake"
	"berth/api/acs"
)

// bench is a task under supervision with a fake engine, inside a synctest bubble: time is virtual, Wait means that
// everything that could happen has happened.
type bench struct {
	t      *testing.T
	rt     *fake.Runtime
	s      *Supervisor
	cancel context.CancelFunc

	mu      sync.Mutex
	changes []report.Change
	stopped int
	health  int
}

var own = Identity{Cluster: "test", InstanceARN: "arn:aws:ecs:test:0:container-instance/test/i"}

func task(containers ...acs.Container) acs.Task {
	return acs.Task{
		ARN: "arn:aws:ecs:test:0:task/test/0123", Family: "fam", Version: "3", DesiredStatus: acs.StatusRunning, Containers: containers,
	}
}

// box is an essential container whose command is a program of the fake.
func box(name, program string) acs.Container {
	return acs.Container{Name: name, Image: "img-" + name, Essential: true, Command: strings.Fields(program)}
}

func side(c acs.Container) acs.Container { c.Essential = false; return c }

func after(c acs.Container, provider, condition string) acs.Container {
	c.DependsOn = append(slices.Clone(c.DependsOn), acs.Dependency{ContainerName: provider, Condition: condition})
	return c
}

func checked(c acs.Container) acs.Container {
	c.HealthCheckType = "docker"
	c.DockerConfig = &acs.DockerConfig{Config: `{"Healthcheck":{"Test":["CMD-SHELL","true"]}}`}
	return c
}

// supervise runs body in a bubble with the task already supervised but not admitted.
func supervise(t *testing.T, tk acs.Task, set func(*fake.Runtime), body func(*bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		rt := fake.New()
		if set != nil {
			set(rt)
		}
		b := &bench{t: t, rt: rt}
		b.start(tk, nil)
		body(b)
		b.cancel()
		<-b.s.Done()
	})
}

func (b *bench) start(tk acs.Task, found []Found) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	b.cancel = cancel
	s, err := Start(ctx, Config{
		Runtime: b.rt, Identity: own, StopTimeout: 30 * time.Second, PullPolicy: runtime.PullDefault,
		Report: func(c report.Change) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.changes = append(b.changes, c)
		},
		HealthChanged: func() { b.mu.Lock(); defer b.mu.Unlock(); b.health++ },
		Stopped:       func() { b.mu.Lock(); defer b.mu.Unlock(); b.stopped++ },
		Logger:        slog.New(slog.DiscardHandler),
	}, tk, found)
	if err != nil {
		b.t.Fatal(err)
	}
	b.s = s
	go b.rt.Watch(ctx, own.InstanceARN, s.Event)
	synctest.Wait()
}

// settle lets everything happen that needs no time.
func (b *bench) settle() { synctest.Wait() }

// pass lets virtual time pass.
func (b *bench) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (b *bench) admit() {
	b.s.Admit()
	b.settle()
}

// story is what was reported, one line per change.
func (b *bench) story() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []string
	for _, c := range b.changes {
		line := c.Status
		if c.Reason != "" {
			line += " (" + c.Reason + ")"
		}
		for _, x := range c.Containers {
			line += " " + x.Name + "=" + x.Status
			if x.ExitCode != nil {
				line += fmt.Sprintf("/%d", *x.ExitCode)
			}
			if x.Reason != "" {
				line += " {" + x.Reason + "}"
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// tells fails unless exactly these changes were reported.
func (b *bench) tells(want ...string) {
	b.t.Helper()
	if got := b.story(); got != strings.Join(want, "\n") {
		b.t.Errorf("reported\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// did are the engine's calls of the kinds named.
func (b *bench) did(kinds ...string) []string {
	var list []string
	for _, call := range b.rt.Calls() {
		kind, _, _ := strings.Cut(call, " ")
		if slices.Contains(kinds, kind) {
			list = append(list, call)
		}
	}
	return list
}

func (b *bench) order(kind string, want ...string) {
	b.t.Helper()
	got := b.did(kind)
	for i, name := range want {
		want[i] = kind + " " + name
	}
	if !slices.Equal(got, want) {
		b.t.Errorf("%s order %q, want %q", kind, got, want)
	}
}

func (b *bench) over(want bool) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if (b.stopped == 1) != want || b.stopped > 1 {
		b.t.Errorf("Stopped was called %d times, want over=%v", b.stopped, want)
	}
}

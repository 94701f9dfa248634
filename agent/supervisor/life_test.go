package supervisor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"berth/agent/report"
	"berth/agent/runtime"
	"berth/agent/runtime/fake"
	"berth/api/acs"
)

func TestRunsAndExits(t *testing.T) {
	supervise(t, task(box("main", "run")), nil, func(b *bench) {
		if calls := b.rt.Calls(); len(calls) != 0 {
			t.Errorf("before admission: %q", calls)
		}
		b.admit()
		b.tells("RUNNING main=RUNNING")
		b.rt.Exit("main", 7)
		b.settle()
		b.tells("RUNNING main=RUNNING", "STOPPED main=STOPPED/7")
		b.over(true)
		last := b.changes[1]
		if last.ExecutionStoppedAt.IsZero() || last.PullStartedAt.IsZero() || last.PullStoppedAt.Before(last.PullStartedAt) || !last.Urgent {
			t.Errorf("%+v", last)
		}
	})
}

func TestExitAtOnceStillRan(t *testing.T) {
	supervise(t, task(box("main", "exit 7")), nil, func(b *bench) {
		b.admit()
		b.tells("RUNNING main=RUNNING", "STOPPED main=STOPPED/7")
		b.over(true)
	})
}

func TestEssentialEndStopsTheOthers(t *testing.T) {
	supervise(t, task(box("main", "run"), side(box("side", "run"))), nil, func(b *bench) {
		b.admit()
		b.rt.Exit("main", 0)
		b.settle()
		if story := b.story(); !strings.HasSuffix(story, "STOPPED side=STOPPED/143") || !strings.Contains(story, "RUNNING main=STOPPED/0") {
			t.Error(story)
		}
		b.order("stop", "side")
		b.over(true)
	})
}

func TestNonEssentialEndChangesNothing(t *testing.T) {
	supervise(t, task(box("main", "run"), side(box("side", "run"))), nil, func(b *bench) {
		b.admit()
		b.rt.Exit("side", 3)
		b.settle()
		if story := b.story(); !strings.HasSuffix(story, "RUNNING side=STOPPED/3") {
			t.Error(story)
		}
		b.order("stop")
		b.over(false)
	})
}

func TestStopKillsAfterTheTimeout(t *testing.T) {
	c := box("main", "ignore")
	c.StopTimeout = 5
	supervise(t, task(c), nil, func(b *bench) {
		b.admit()
		b.s.Stop()
		b.pass(4 * time.Second)
		b.over(false)
		b.pass(2 * time.Second)
		b.tells("RUNNING main=RUNNING", "STOPPED main=STOPPED/137")
		b.over(true)
	})
}

func TestStopUsesTheAgentsTimeout(t *testing.T) {
	supervise(t, task(box("main", "ignore")), nil, func(b *bench) {
		b.admit()
		b.s.Stop()
		b.pass(29 * time.Second)
		b.over(false)
		b.pass(2 * time.Second)
		b.over(true)
	})
}

func TestStopBeforeAdmission(t *testing.T) {
	supervise(t, task(box("main", "run")), nil, func(b *bench) {
		b.s.Wait("Waiting for host port 80/tcp")
		b.settle()
		b.s.Stop()
		b.settle()
		b.tells("PENDING (Waiting for host port 80/tcp)", "STOPPED main=STOPPED")
		b.over(true)
		if calls := b.rt.Calls(); len(calls) != 0 {
			t.Errorf("%q", calls)
		}
	})
}

func TestWaitReasonGoesAwayWithAdmission(t *testing.T) {
	supervise(t, task(box("main", "run")), nil, func(b *bench) {
		b.s.Wait("Waiting for memory")
		b.settle()
		b.admit()
		if story := b.story(); !strings.HasSuffix(story, "RUNNING main=RUNNING") {
			t.Error(story)
		}
	})
}

func TestStopCancelsAPull(t *testing.T) {
	hold := func(rt *fake.Runtime) {
		rt.OnPull = func(ctx context.Context, _ string) (runtime.Image, error) {
			<-ctx.Done()
			return runtime.Image{}, ctx.Err()
		}
	}
	supervise(t, task(box("main", "run")), hold, func(b *bench) {
		b.admit()
		b.s.Stop()
		b.settle()
		b.tells("STOPPED main=STOPPED")
		b.over(true)
	})
}

func TestStopDuringCreateAndStart(t *testing.T) {
	for _, step := range []string{"create", "start"} {
		release := make(chan struct{})
		hold := func(rt *fake.Runtime) {
			release = make(chan struct{})
			wait := func(context.Context, runtime.Spec) error { <-release; return nil }
			if step == "create" {
				rt.OnCreate = wait
			} else {
				rt.OnStart = wait
			}
		}
		supervise(t, task(box("main", "run")), hold, func(b *bench) {
			b.admit()
			b.s.Stop()
			b.settle()
			b.over(false)
			close(release)
			b.settle()
			b.over(true)
			want := map[string]string{"create": "STOPPED main=STOPPED", "start": "RUNNING main=RUNNING\nSTOPPED main=STOPPED/143"}[step]
			if got := b.story(); got != want {
				t.Errorf("%s: %q", step, got)
			}
		})
	}
}

func TestFailuresAreNamed(t *testing.T) {
	boom := errors.New("boom")
	for step, set := range map[string]func(*fake.Runtime){
		runtime.CannotPullContainer: func(rt *fake.Runtime) {
			rt.OnPull = func(context.Context, string) (runtime.Image, error) { return runtime.Image{}, boom }
		},
		runtime.CannotCreateContainer: func(rt *fake.Runtime) {
			rt.OnCreate = func(context.Context, runtime.Spec) error { return boom }
		},
		runtime.CannotStartContainer: func(rt *fake.Runtime) {
			rt.OnStart = func(context.Context, runtime.Spec) error { return boom }
		},
		runtime.DockerTimeout: func(rt *fake.Runtime) {
			rt.OnStart = func(context.Context, runtime.Spec) error {
				return runtime.NewError(runtime.CannotStartContainer, context.DeadlineExceeded)
			}
		},
	} {
		supervise(t, task(box("main", "run")), set, func(b *bench) {
			b.admit()
			want := "STOPPED main=STOPPED {" + step + ": "
			if got := b.story(); !strings.HasPrefix(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
			b.over(true)
		})
	}
}

func TestFailedSidecarDoesNotHoldBackTheTask(t *testing.T) {
	fail := func(rt *fake.Runtime) {
		rt.OnPull = func(_ context.Context, ref string) (runtime.Image, error) {
			if ref == "img-side" {
				return runtime.Image{}, errors.New("gone")
			}
			return runtime.Image{ID: "x"}, nil
		}
	}
	supervise(t, task(box("main", "run"), side(box("side", "run"))), fail, func(b *bench) {
		b.admit()
		if v := b.s.View(); v.Status != report.Running {
			t.Errorf("%+v\n%s", v, b.story())
		}
		b.over(false)
	})
}

func TestOutOfMemory(t *testing.T) {
	supervise(t, task(box("main", "run")), nil, func(b *bench) {
		b.admit()
		b.rt.OOM("main")
		b.settle()
		b.tells("RUNNING main=RUNNING", "STOPPED main=STOPPED/137 {OutOfMemoryError: Container killed due to memory usage}")
	})
}

func TestVanishedContainer(t *testing.T) {
	supervise(t, task(box("main", "run")), nil, func(b *bench) {
		b.admit()
		if err := b.rt.RemoveContainer(context.Background(), b.s.View().Containers[0].ID); err != nil {
			t.Fatal(err)
		}
		b.settle()
		if story := b.story(); !strings.Contains(story, runtime.ContainerVanished) {
			t.Error(story)
		}
		b.over(true)
	})
}

func TestEngineAwayIsWaitedFor(t *testing.T) {
	supervise(t, task(box("main", "run")), nil, func(b *bench) {
		b.rt.Away()
		b.admit()
		b.pass(10 * time.Minute)
		b.tells()
		b.rt.Back()
		b.settle()
		b.tells("RUNNING main=RUNNING")
		b.rt.Away()
		b.s.Stop()
		b.pass(10 * time.Minute)
		b.over(false)
		b.rt.Back()
		b.settle()
		b.tells("RUNNING main=RUNNING", "STOPPED main=STOPPED/143")
	})
}

func TestExitWhileEngineIsAway(t *testing.T) {
	supervise(t, task(box("main", "after 1m 5")), nil, func(b *bench) {
		b.admit()
		b.rt.Away()
		b.pass(2 * time.Minute)
		b.tells("RUNNING main=RUNNING")
		b.rt.Back()
		b.settle()
		b.tells("RUNNING main=RUNNING", "STOPPED main=STOPPED/5")
	})
}

func TestAgentShutdownLeavesContainers(t *testing.T) {
	supervise(t, task(box("main", "run")), nil, func(b *bench) {
		b.admit()
		b.cancel()
		<-b.s.Done()
		b.order("stop")
		b.over(false)
		if n, _, _ := b.rt.Left(); n != 1 {
			t.Errorf("%d containers", n)
		}
	})
}

func TestResume(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(*fake.Runtime)
		want      string
	}{
		"still runs": {func(*fake.Runtime) {}, "RUNNING main=RUNNING side=RUNNING"},
		"ended meanwhile": {func(rt *fake.Runtime) { rt.Exit("main", 9); rt.Exit("side", 0) },
			"RUNNING main=RUNNING side=RUNNING\nSTOPPED main=STOPPED/9 side=STOPPED/0"},
		"essential ended meanwhile": {func(rt *fake.Runtime) { rt.Exit("main", 9) },
			"RUNNING main=STOPPED/9 side=RUNNING\nSTOPPED side=STOPPED/143"},
	} {
		t.Run(name, func(t *testing.T) {
			supervise(t, task(box("main", "run"), side(box("side", "run"))), nil, func(b *bench) {
				b.admit()
				b.cancel()
				<-b.s.Done()
				c.meanwhile(b.rt)
				b.changes, b.stopped = nil, 0
				list, err := b.rt.ListContainers(context.Background(), own.InstanceARN)
				if err != nil || len(list) != 2 {
					t.Fatalf("%v, %v", list, err)
				}
				tk, err := DecodeTask(list[0].Labels[runtime.LabelTask])
				if err != nil {
					t.Fatal(err)
				}
				var found []Found
				for _, x := range list {
					state, err := b.rt.InspectContainer(context.Background(), x.ID)
					if err != nil {
						t.Fatal(err)
					}
					found = append(found, Found{x.Labels[runtime.LabelContainerName], state})
				}
				b.start(tk, found)
				b.settle()
				if got := b.story(); got != c.want {
					t.Errorf("reported\n%s\nwant\n%s", got, c.want)
				}
			})
		})
	}
}

func TestResumeFinishesWhatWasBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, rt: fake.New()}
		tk := task(box("main", "run"), box("late", "run"))
		m, err := newMachine(tk)
		if err != nil {
			t.Fatal(err)
		}
		payload, err := EncodeTask(tk)
		if err != nil {
			t.Fatal(err)
		}
		spec, err := m.spec(m.byName["main"], own, "", payload)
		if err != nil {
			t.Fatal(err)
		}
		id, err := b.rt.CreateContainer(context.Background(), spec)
		if err != nil {
			t.Fatal(err)
		}
		b.start(tk, []Found{{"main", runtime.State{ID: id, Phase: runtime.PhaseCreated}}})
		b.settle()
		if v := b.s.View(); v.Status != report.Running {
			t.Errorf("%+v\n%s", v, b.story())
		}
		b.order("create", "main", "late")
		b.cancel()
		<-b.s.Done()
	})
}

func TestTaskLabelKeepsNoCredentials(t *testing.T) {
	tk := task(box("main", "run"))
	tk.RoleCredentials = &acs.RoleCredentials{CredentialsID: "id", SecretAccessKey: "secret"}
	label, err := EncodeTask(tk)
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeTask(label)
	if err != nil || back.RoleCredentials != nil || back.ARN != tk.ARN || len(back.Containers) != 1 {
		t.Errorf("%+v, %v", back, err)
	}
	if tk.RoleCredentials == nil {
		t.Error("the caller's task was changed")
	}
	for _, bad := range []string{"", "%%%", "aGVsbG8="} {
		if _, err := DecodeTask(bad); err == nil {
			t.Errorf("%q was unpacked", bad)
		}
	}
}

func TestReasonIsBounded(t *testing.T) {
	got := runtime.Reason(fmt.Errorf("%s\n%s", strings.Repeat("é", 1000), "x"), runtime.CannotStartContainer)
	if len(got) > runtime.MaxReason || !strings.HasPrefix(got, "CannotStartContainerError: é") || strings.Contains(got, "\n") {
		t.Errorf("%d bytes: %.60q", len(got), got)
	}
}

package runtimetest

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"berth/agent/runtime"
)

func (s *suite) ports(t *testing.T) {
	spec := s.spec(s.Sleep)
	spec.NetworkMode = "bridge"
	spec.Ports = []runtime.Port{
		{First: 80, Last: 80, Protocol: "tcp"},
		{First: 53, Last: 53, Protocol: "udp"},
		{First: 7000, Last: 7002, Range: true, Protocol: "tcp"},
	}
	id := s.start(t, spec)
	folded := runtime.FoldRanges(s.state(t, id).Bindings, spec.Ports)
	seen := map[string]bool{}
	for _, b := range folded {
		switch {
		case b.ContainerPortRange == "7000-7002":
			first, last, ok := strings.Cut(b.HostPortRange, "-")
			seen["range"] = ok && len(first) == len(last) && first < last
		case b.ContainerPort == 80 && b.Protocol == "tcp" && b.HostPort > 0:
			seen["tcp"] = true
		case b.ContainerPort == 53 && b.Protocol == "udp" && b.HostPort > 0:
			seen["udp"] = true
		default:
			t.Errorf("unexpected binding %+v", b)
		}
	}
	if !seen["range"] || !seen["tcp"] || !seen["udp"] {
		t.Errorf("%+v", folded)
	}
}

func (s *suite) volumes(t *testing.T) {
	name := "berth-runtimetest-" + strings.ToLower(rand.Text())
	if has, err := s.Runtime.HasVolume(t.Context(), name); err != nil || has {
		t.Fatalf("before: %v, %v", has, err)
	}
	for range 2 {
		if err := s.Runtime.CreateVolume(t.Context(), runtime.Volume{Name: name, Labels: map[string]string{"a": "b"}}); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		if err := s.Runtime.RemoveVolume(context.Background(), name); err != nil {
			t.Error(err)
		}
		if has, err := s.Runtime.HasVolume(t.Context(), name); err != nil || has {
			t.Errorf("after: %v, %v", has, err)
		}
	}()
	if has, err := s.Runtime.HasVolume(t.Context(), name); err != nil || !has {
		t.Errorf("made: %v, %v", has, err)
	}
}

func (s *suite) limits(t *testing.T) {
	info, err := s.Runtime.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := "runtimetest" + rand.Text()
	if !info.TaskLimits {
		if _, err := s.Runtime.SetTaskLimits(t.Context(), id, runtime.Limits{CPUUnits: 512}); err == nil {
			t.Error("limits are set although the runtime says that it cannot")
		}
		t.Skip("the host cannot limit tasks")
	}
	var parent string
	for range 2 {
		if parent, err = s.Runtime.SetTaskLimits(t.Context(), id, runtime.Limits{CPUUnits: 512, MemoryMiB: 64}); err != nil {
			t.Fatal(err)
		}
	}
	spec := s.spec(s.Sleep)
	spec.CgroupParent = parent
	container := s.start(t, spec)
	if err := s.Runtime.RemoveContainer(t.Context(), container); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := s.Runtime.ReleaseTask(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
}

func (s *suite) pull(t *testing.T) {
	for _, policy := range []runtime.PullPolicy{runtime.PullDefault, runtime.PullOnce, runtime.PullPreferCached} {
		begin := time.Now()
		image, err := s.Runtime.PullImage(t.Context(), s.Image, policy)
		if err != nil || image.ID == "" || image.Digest != "" || image.Cached != (policy != runtime.PullDefault) {
			t.Errorf("%s: %+v, %v", policy, image, err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s: a local image took %s", policy, took)
		}
	}
	if s.Missing == "" {
		return
	}
	_, err := s.Runtime.PullImage(t.Context(), s.Missing, runtime.PullDefault)
	reason := runtime.Reason(err, "?")
	if err == nil || runtime.IsUnavailable(err) || !strings.HasPrefix(reason, "CannotPull") || len(reason) > runtime.MaxReason {
		t.Errorf("missing image: %v", err)
	}
	if _, err := s.Runtime.PullImage(t.Context(), "Not An Image", runtime.PullDefault); !strings.HasPrefix(runtime.Reason(err, "?"), runtime.CannotPullContainer) {
		t.Errorf("bad name: %v", err)
	}
}

func (s *suite) badCommand(t *testing.T) {
	if s.BadCommand == nil {
		t.Skip("every command starts")
	}
	id := s.create(t, s.spec(s.BadCommand))
	err := s.Runtime.StartContainer(t.Context(), id)
	if err == nil || runtime.IsUnavailable(err) || runtime.IsNotFound(err) || !strings.HasPrefix(runtime.Reason(err, "?"), runtime.CannotStartContainer) {
		t.Errorf("%v", err)
	}
	if state := s.state(t, id); state.Started {
		t.Errorf("%+v", state)
	}
}

func (s *suite) badConfig(t *testing.T) {
	if s.BadCommand == nil {
		t.Skip("texts are not read")
	}
	host := s.spec(s.Sleep)
	host.HostConfig = `{"NetworkMode":`
	if _, err := s.Runtime.CreateContainer(t.Context(), host); !strings.HasPrefix(runtime.Reason(err, "?"), runtime.HostConfig) {
		t.Errorf("hostConfig: %v", err)
	}
	config := s.spec(s.Sleep)
	config.Config = `{"User":7}`
	if _, err := s.Runtime.CreateContainer(t.Context(), config); !strings.HasPrefix(runtime.Reason(err, "?"), runtime.DockerClientConfig) {
		t.Errorf("config: %v", err)
	}
	check := s.spec(s.Sleep)
	check.HealthCheck = true
	if _, err := s.Runtime.CreateContainer(t.Context(), check); s.BadCommand != nil && !strings.HasPrefix(runtime.Reason(err, "?"), runtime.DockerClientConfig) {
		t.Errorf("health check without one: %v", err)
	}
}

func (s *suite) stats(t *testing.T) {
	id := s.start(t, s.spec(s.Sleep))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	samples := 0
	if err := s.Runtime.Stats(ctx, id, func(sample runtime.Stats) {
		if sample.At.IsZero() {
			t.Errorf("%+v", sample)
		}
		samples++
		cancel()
	}); err != nil || samples == 0 {
		t.Errorf("%d samples, %v", samples, err)
	}
}

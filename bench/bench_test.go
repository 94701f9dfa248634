package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth/api/awsjson"
	"berth/api/ecs/wire"
	"berth/app"
)

// TestMain lets the test binary stand in for berth: it is started as the measured server.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "server" {
		if err := serve(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serve(args []string) error {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	listen, data := flags.String("listen", "", ""), flags.String("data", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return app.RunServer(ctx, app.ServerConfig{
		Listen: *listen, Data: *data, Region: region, Account: "123456789012", Root: app.RootFromEnv(false), KeepStopped: time.Hour,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Out: os.Stdout,
	})
}

// measure runs a benchmark and decodes its JSON; the folder it was given must be empty afterwards.
func measure(t *testing.T, into any, run func(Config) error) {
	t.Helper()
	var out bytes.Buffer
	dir := t.TempDir()
	if err := run(Config{Dir: dir, JSON: true, Out: &out}); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		t.Fatalf("%v in %s", err, &out)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestRunTaskMeasuresAServer(t *testing.T) {
	var r struct {
		FsyncBefore, FsyncAfter struct{ PerSecond float64 }
		Measured                []struct {
			Count, Tasks                                     int
			Reporting                                        bool
			CallsPerSecond, TasksPerSecond, RunningPerSecond float64
			Call, CallToRunning                              struct{ P50, P99 float64 }
			RSSBytes                                         int64 `json:"rssBytes"`
		}
	}
	measure(t, &r, func(c Config) error {
		return RunTask(t.Context(), c, RunTaskConfig{
			Agents: 3, Clients: 4, Counts: []int{1, 10}, Tasks: 200, Time: 20 * time.Second, Report: []bool{false, true},
		})
	})
	if len(r.Measured) != 4 || r.FsyncBefore.PerSecond <= 0 || r.FsyncAfter.PerSecond <= 0 {
		t.Fatalf("%+v", r)
	}
	for _, m := range r.Measured {
		ratio := m.TasksPerSecond / m.CallsPerSecond
		if m.Tasks != 200 || ratio < float64(m.Count)-0.01 || ratio > float64(m.Count)+0.01 || m.Call.P50 <= 0 || m.Call.P99 < m.Call.P50 || m.RSSBytes < 1<<20 {
			t.Errorf("%+v", m)
		}
		if m.Reporting != (m.RunningPerSecond > 0) || m.Reporting != (m.CallToRunning.P50 > 0) {
			t.Errorf("reporting %t: %+v", m.Reporting, m)
		}
	}
}

func TestMemoryMeasuresAServerThroughItsRestarts(t *testing.T) {
	var r struct {
		Tasks                                           int64
		EmptyBytes, LoadedBytes, RestartedBytes         int64
		StartEmpty, Start, StartAfterKill, PerTaskBytes float64
	}
	measure(t, &r, func(c Config) error {
		return Memory(t.Context(), c, MemoryConfig{Agents: 2, Clients: 2, Tasks: 100, Time: 20 * time.Second, Settle: time.Millisecond})
	})
	if r.Tasks != 100 || r.EmptyBytes < 1<<20 || r.LoadedBytes < 1<<20 || r.RestartedBytes < 1<<20 || r.Start <= 0 || r.StartAfterKill <= 0 {
		t.Errorf("%+v", r)
	}
}

func TestAServerThatDoesNotStartSaysWhy(t *testing.T) {
	err := RunTask(t.Context(), Config{Dir: t.TempDir(), ServerFlags: []string{"--no-such-flag"}}, RunTaskConfig{
		Agents: 1, Clients: 1, Counts: []int{1}, Tasks: 1, Time: time.Second, Report: []bool{false},
	})
	if err == nil || !strings.Contains(err.Error(), "no-such-flag") {
		t.Errorf("%v", err)
	}
}

func TestARunTaskAnswerWithoutItsTasksIsAnError(t *testing.T) {
	id := strings.Repeat("a", 32)
	task := `{"taskArn":"arn:aws:ecs:r:a:task/c/` + id + `","containers":[{"taskArn":"arn:aws:ecs:r:a:task/c/` + id + `"}]}`
	for answer, want := range map[string]string{
		`{"failures":[],"tasks":[` + task + `]}`:                          "",
		`{"failures":[],"tasks":[]}`:                                      "0 tasks in the answer",
		`{"failures":[{"reason":"RESOURCE:CPU"}],"tasks":[` + task + `]}`: "not placed",
	} {
		c := starter{called: map[taskID]time.Time{}}
		err := c.note([]byte(answer), 1, time.Now())
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", answer, err)
		}
		if want == "" && len(c.called) != 1 {
			t.Errorf("noted %d tasks", len(c.called))
		}
	}
}

func TestReportsAreValidRequests(t *testing.T) {
	for _, status := range []string{"RUNNING", "STOPPED"} {
		var in wire.SubmitTaskStateChangeInput
		body := report{"arn:aws:ecs:r:a:task/c/1", status}.body(nil)
		if err := awsjson.Decode(body, &in); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if *in.Status != status || len(in.Containers) != 1 || len(*in.Containers[0].ImageDigest) != len("sha256:")+64 ||
			(status == "STOPPED") != (in.Containers[0].ExitCode != nil) {
			t.Errorf("%s", body)
		}
	}
}

func TestQuantiles(t *testing.T) {
	var all []time.Duration
	for n := 100; n > 0; n-- {
		all = append(all, time.Duration(n))
	}
	if q := quantiles(all); q != (Quantiles{P50: 50, P90: 90, P99: 99, Max: 100}) {
		t.Errorf("%+v", q)
	}
	if q := quantiles([]time.Duration{7}); q != (Quantiles{7, 7, 7, 7}) {
		t.Errorf("one value: %+v", q)
	}
	if q := quantiles(nil); q != (Quantiles{}) {
		t.Errorf("none: %+v", q)
	}
}

package command

import (
	"errors"
	"fmt"
	"slices"

	"berth/ecs"
	"berth/placement"
	"berth/state"
)

// reporter is what *testing.T and *rapid.T have in common.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// world is a state on which tests run commands, with a clock they move and identifiers that count.
type world struct {
	t    reporter
	view *state.View
	now  ecs.Time
	ids  int
}

// second is one second of the world's clock.
const second ecs.Time = 1000

// newWorld has the cluster "c".
func newWorld(t reporter) *world {
	w := &world{t: t, view: state.NewView(), now: 1_000_000}
	placement.Attach(w.view) // as the server does
	w.must(func(tx *state.Tx) error {
		_, err := CreateCluster(tx, CreateClusterInput{Name: "c"})
		return err
	})
	return w
}

func (w *world) begin() *state.Tx {
	return w.view.Begin(w.now, func() string {
		w.ids++
		return fmt.Sprintf("%032x", w.ids)
	})
}

// must runs a command that has to succeed and returns what it changed.
func (w *world) must(fn func(tx *state.Tx) error) []state.Change {
	w.t.Helper()
	tx := w.begin()
	if err := fn(tx); err != nil {
		w.t.Fatal(err)
	}
	return tx.Changes()
}

// refused runs a command that has to fail with an exception and its message, and undoes it as the store does.
func (w *world) refused(code, message string, fn func(tx *state.Tx) error) {
	w.t.Helper()
	tx := w.begin()
	err := fn(tx)
	tx.Rollback()
	var e *ecs.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != message {
		w.t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

// do is must for a command with a result.
func do[T any](w *world, fn func(tx *state.Tx) (T, error)) T {
	w.t.Helper()
	var out T
	w.must(func(tx *state.Tx) error {
		var err error
		out, err = fn(tx)
		return err
	})
	return out
}

// define registers a family's next revision: one essential container "app" of 64 MiB unless changed.
func (w *world) define(family string, change func(*ecs.TaskDefinition)) *ecs.TaskDefinition {
	w.t.Helper()
	def := definition(family)
	if change != nil {
		change(def)
	}
	return do(w, func(tx *state.Tx) (*ecs.TaskDefinition, error) { return RegisterTaskDefinition(tx, def, Caller{}) })
}

// capabilities are what the tests' definitions ask of an instance, but for one of them.
func capabilities(without ecs.Attribute) []ecs.Attribute {
	all := []ecs.Attribute{
		{Name: "com.amazonaws.ecs.capability.task-iam-role"}, {Name: "com.amazonaws.ecs.capability.docker-remote-api.1.17"},
		{Name: "ecs.capability.task-cpu-mem-limit"},
	}
	return slices.DeleteFunc(all, func(a ecs.Attribute) bool { return a.Name == without.Name })
}

// host registers an instance of 1024 CPU units and 1024 MiB in cluster "c", connected, with whatever attributes definitions need.
func (w *world) host(change func(*RegisterInstanceInput)) *ecs.Instance {
	w.t.Helper()
	in := RegisterInstanceInput{
		Cluster: "c", CPUUnits: 1024, MemoryMiB: 1024, DefaultZone: "z", By: Caller{KeyID: "key", Agent: true, ARN: "arn:agent"},
		Attributes: capabilities(ecs.Attribute{}),
	}
	if change != nil {
		change(&in)
	}
	i := do(w, func(tx *state.Tx) (*ecs.Instance, error) { return RegisterInstance(tx, in) })
	return do(w, func(tx *state.Tx) (ConnectAgentOutput, error) {
		return ConnectAgent(tx, ConnectAgentInput{Instance: i.ID})
	}).Instance
}

// run is RunTask in cluster "c" of one task unless changed.
func (w *world) run(family string, change func(*RunTaskInput)) StartedTasks {
	w.t.Helper()
	return do(w, func(tx *state.Tx) (StartedTasks, error) { return RunTask(tx, runInput(family, change)) })
}

func runInput(family string, change func(*RunTaskInput)) RunTaskInput {
	in := RunTaskInput{TaskSpec: TaskSpec{Cluster: "c", Family: family}, Count: 1, Realm: ecs.Realm{Region: "r", Account: "1"}}
	if change != nil {
		change(&in)
	}
	return in
}

// runOne runs one task that has to find a place.
func (w *world) runOne(family string, change func(*RunTaskInput)) *ecs.Task {
	w.t.Helper()
	out := w.run(family, change)
	if len(out.Tasks) != 1 || len(out.Failures) != 0 {
		w.t.Fatalf("got %d tasks, failures %v", len(out.Tasks), out.Failures)
	}
	return out.Tasks[0]
}

// report sends a report of a task, one second after the last.
func (w *world) report(id ecs.TaskID, r TaskReport) *ecs.Task {
	w.t.Helper()
	w.now += second
	r.Cluster, r.ID, r.By = "c", id, Caller{KeyID: "key", Agent: true}
	w.must(func(tx *state.Tx) error { return ReportTask(tx, r) })
	return w.view.Task("c", id)
}

func (w *world) stop(id ecs.TaskID, reason string) *ecs.Task {
	w.t.Helper()
	w.now += second
	return do(w, func(tx *state.Tx) (*ecs.Task, error) {
		return StopTask(tx, StopTaskInput{Cluster: "c", ID: id, Reason: reason})
	})
}

func exit(code int32) *int32 { return &code }

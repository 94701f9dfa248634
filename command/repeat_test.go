package command

import (
	"errors"
	"slices"
	"testing"
	"time"

	"berth/ecs"
	"berth/state"
)

func TestClientToken(t *testing.T) {
	w := newWorld(t)
	do(w, createCluster(CreateClusterInput{Name: "d"}))
	w.define("f", nil)
	w.define("g", nil)
	w.host(nil)
	w.host(func(in *RegisterInstanceInput) { in.Cluster = "d" })
	token := func(digest string) func(*RunTaskInput) {
		return func(in *RunTaskInput) { in.ClientToken, in.RequestDigest, in.Count = "t", digest, 2 }
	}
	first := w.run("f", token("one"))
	w.stop(first.Tasks[0].ID, "")
	w.report(first.Tasks[0].ID, TaskReport{Status: over})
	again := w.run("f", token("one"))
	if !slices.Equal(ids(again.Tasks), ids(first.Tasks)) || w.view.TaskCount() != 2 {
		t.Errorf("a replay gave %v, want %v", ids(again.Tasks), ids(first.Tasks))
	}
	if again.Tasks[0].LastStatus != over || again.Tasks[1].LastStatus != pending {
		t.Error("a replay must show the present state")
	}

	tx := w.begin()
	_, err := RunTask(tx, runInput("g", token("two")))
	var conflict *ecs.Error
	want := []string{"arn:aws:ecs:r:1:task/c/" + string(first.Tasks[0].ID), "arn:aws:ecs:r:1:task/c/" + string(first.Tasks[1].ID)}
	if !errors.As(err, &conflict) || conflict.Code != "ConflictException" || !slices.Equal(conflict.ResourceIDs, want) ||
		conflict.Message != "The RunTask request could not be processed due to conflicts. The provided clientToken is already in use with a different request." {
		t.Errorf("got %v", err)
	}
	elsewhere := w.run("f", func(in *RunTaskInput) { token("two")(in); in.Cluster = "d" })
	if len(elsewhere.Tasks) != 2 {
		t.Error("a token is of its cluster")
	}
	if a, b := w.runOne("f", nil), w.runOne("f", nil); a.ID == b.ID {
		t.Error("no token, but one task")
	}
	// The definition must still be ACTIVE.
	w.must(fails(func(tx *state.Tx) (*ecs.TaskDefinition, error) { return DeregisterTaskDefinition(tx, "f", 1) }))
	w.refused("ClientException", "TaskDefinition not found.", fails(runTask("f", token("one"))))
}

func ids(tasks []*ecs.Task) []ecs.TaskID {
	var out []ecs.TaskID
	for _, t := range tasks {
		out = append(out, t.ID)
	}
	return out
}

// A token lives a day, but only an hour after the last of its tasks stopped.
func TestClientTokenExpires(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	w.host(nil)
	begin := w.now
	run := func() []ecs.TaskID {
		return ids(w.run("f", func(in *RunTaskInput) { in.ClientToken, in.Count = "t", 2 }).Tasks)
	}
	first := run()
	w.stop(first[0], "")
	w.report(first[0], TaskReport{Status: over})
	w.now = begin.Add(24*time.Hour) - 1
	if got := run(); !slices.Equal(got, first) {
		t.Fatal("gone within a day, though a task lives")
	}
	w.now++
	second := run()
	if slices.Contains(first, second[0]) {
		t.Fatal("it stands for more than a day")
	}
	if again := run(); !slices.Equal(again, second) {
		t.Fatalf("the newest run should answer: %v, want %v", again, second)
	}
	for _, id := range second {
		w.stop(id, "")
		w.report(id, TaskReport{Status: over})
	}
	ended := w.now
	w.now = ended.Add(time.Hour) - 1
	if again := run(); !slices.Equal(again, second) {
		t.Fatal("gone within an hour after the end")
	}
	w.now++
	if third := run(); slices.Contains(second, third[0]) || slices.Contains(first, third[0]) {
		t.Fatal("it stands for more than an hour after the end")
	}
}

// A run that placed nothing has used up no token.
func TestClientTokenOfAFailedRun(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) { d.Containers[0].MemoryMiB = 2000 })
	w.host(nil)
	token := func(in *RunTaskInput) { in.ClientToken = "t" }
	if out := w.run("f", token); len(out.Failures) != 1 {
		t.Fatalf("%+v", out)
	}
	w.host(func(in *RegisterInstanceInput) { in.MemoryMiB = 4000 })
	w.runOne("f", token)
}

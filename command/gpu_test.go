package command

import (
	"slices"
	"testing"

	"berth/ecs"
)

func gpus(n string) []ecs.ResourceRequirement {
	return []ecs.ResourceRequirement{{Type: ecs.ResourceGPU, Value: n}}
}

func TestGPUsAreGivenById(t *testing.T) {
	w := newWorld(t)
	w.define("f", func(d *ecs.TaskDefinition) {
		d.Containers[0].ResourceRequirements = gpus("1")
		d.Containers = append(d.Containers, ecs.ContainerDefinition{Name: "side", Image: "busybox", MemoryMiB: 8})
	})
	i := w.host(func(in *RegisterInstanceInput) { in.GPUIDs = []string{"g1", "g2", "g3"} })
	want := func(task *ecs.Task, app, side []string) {
		t.Helper()
		if !slices.Equal(task.Containers[0].GPUIDs, app) || !slices.Equal(task.Containers[1].GPUIDs, side) {
			t.Errorf("app has %v, side %v; want %v, %v", task.Containers[0].GPUIDs, task.Containers[1].GPUIDs, app, side)
		}
	}
	first := w.runOne("f", nil)
	want(first, []string{"g1"}, nil)
	want(w.runOne("f", nil), []string{"g2"}, nil)
	w.stop(first.ID, "")
	both := &ecs.TaskOverride{Containers: []ecs.ContainerOverride{{Name: "side", ResourceRequirements: gpus("1")}}}
	want(w.runOne("f", func(in *RunTaskInput) { in.Overrides = both }), []string{"g1"}, []string{"g3"})
	wantFailures(t, w.run("f", nil).Failures, string(i.ID)+" RESOURCE:GPU")
}

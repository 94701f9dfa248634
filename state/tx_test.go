package state

import (
	"testing"

	"berth/ecs"
)

func TestADeletionUndoesTheRecordThatIsThere(t *testing.T) {
	v := NewView()
	tx := v.Begin(5, func() string { return "id" })
	stale := &ecs.Task{ID: "1", Cluster: "c", DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusPending, Instance: "i"}
	tx.PutTask(stale)
	current := *stale
	current.LastStatus = ecs.StatusRunning
	tx.PutTask(&current)
	tx.DeleteTask(stale) // as a command would that read the task before it changed it
	if c := v.Counts("c"); *c != (Counts{}) {
		t.Fatalf("counts after the only task is gone: %+v", *c)
	}
	if last := tx.Changes()[2]; last.Old != &current || last.New != nil {
		t.Fatalf("the deletion lists %+v", last)
	}
	tx.DeleteTask(stale)
	if n := len(tx.Changes()); n != 3 {
		t.Fatalf("deleting nothing made change %d", n)
	}
}

func TestRevisionsOfAFamilyStandInNumericOrder(t *testing.T) {
	v := NewView()
	tx := v.Begin(0, nil)
	for _, n := range []int32{10, 9, 100, 2} {
		tx.PutTaskDefinition(&ecs.TaskDefinition{Family: "f", Revision: n, Status: ecs.TaskDefinitionActive})
	}
	tx.PutTaskDefinition(&ecs.TaskDefinition{Family: "f-1", Revision: 7, Status: ecs.TaskDefinitionActive})
	if d := v.LatestActive("f"); d == nil || d.Revision != 100 {
		t.Fatalf("latest active is %+v, want revision 100", d)
	}
	tx.PutTaskDefinition(&ecs.TaskDefinition{Family: "f", Revision: 100, Status: ecs.TaskDefinitionInactive})
	if d := v.LatestActive("f"); d == nil || d.Revision != 10 {
		t.Fatalf("latest active is %+v, want revision 10", d)
	}
	var got []int32
	v.ScanTaskDefinitions(TaskDefinitionKey("f", 0), func(_ string, d *ecs.TaskDefinition) bool {
		got = append(got, d.Revision)
		return d.Family == "f" && len(got) < 4
	})
	if len(got) != 4 || got[0] != 2 || got[1] != 9 || got[2] != 10 || got[3] != 100 {
		t.Fatalf("revisions %v, want 2 9 10 100", got)
	}
}

func TestScansBeginAfterAndStayInTheirCluster(t *testing.T) {
	v := NewView()
	tx := v.Begin(0, nil)
	for _, cluster := range []string{"a", "a2", "b"} {
		for _, id := range []ecs.TaskID{"1", "2", "3"} {
			tx.PutTask(&ecs.Task{ID: id, Cluster: cluster, Family: "f", Group: "g", StartedBy: "s", Instance: ecs.InstanceID("i" + cluster)})
		}
	}
	scans := map[string]func(after ecs.TaskID, fn func(*ecs.Task) bool){
		"all":     func(after ecs.TaskID, fn func(*ecs.Task) bool) { v.ScanTasks("a", after, fn) },
		"family":  func(after ecs.TaskID, fn func(*ecs.Task) bool) { v.ScanTasksOfFamily("a", "f", after, fn) },
		"group":   func(after ecs.TaskID, fn func(*ecs.Task) bool) { v.ScanTasksOfGroup("a", "g", after, fn) },
		"starter": func(after ecs.TaskID, fn func(*ecs.Task) bool) { v.ScanTasksStartedBy("a", "s", after, fn) },
		"instance": func(after ecs.TaskID, fn func(*ecs.Task) bool) {
			v.ScanTasksOfInstance(&ecs.Instance{ID: "ia", Cluster: "a"}, after, fn)
		},
	}
	for name, scan := range scans {
		for after, want := range map[ecs.TaskID]string{"": "123", "1": "23", "3": "", "x": ""} {
			got := ""
			scan(after, func(r *ecs.Task) bool { got += string(r.ID); return r.Cluster == "a" })
			if got != want {
				t.Errorf("%s after %q: %q, want %q", name, after, got, want)
			}
		}
		got := ""
		scan("", func(r *ecs.Task) bool { got += string(r.ID); return false })
		if got != "1" {
			t.Errorf("%s: a scan that was told to stop gave %q", name, got)
		}
	}
}

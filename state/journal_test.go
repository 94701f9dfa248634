package state

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"berth/ecs"
)

// follower keeps what a cache beside the view would: instances and their usage, from the journal alone.
type follower struct {
	journal   *Journal
	at        uint64
	instances map[string]*ecs.Instance
	usage     map[ecs.InstanceID]*Usage
}

func (f *follower) catchUp(v *View) (cut bool) {
	cut = !f.journal.Read(f.at, func(t *Touch) {
		key := InstanceKey(t.Cluster, t.Instance)
		switch {
		case t.Usage != nil:
			f.usage[t.Instance] = t.Usage
		case t.Record != nil:
			f.instances[key] = t.Record
		default:
			delete(f.instances, key)
		}
	})
	if f.at = f.journal.End(); !cut {
		return false
	}
	f.instances, f.usage = map[string]*ecs.Instance{}, map[ecs.InstanceID]*Usage{}
	v.ScanAllInstances(func(i *ecs.Instance) bool { f.instances[InstanceKey(i.Cluster, i.ID)] = i; return true })
	v.usage.Scan(func(id string, u *Usage) bool { f.usage[ecs.InstanceID(id)] = u; return true })
	return true
}

func (f *follower) describe() []string {
	var out []string
	for k, i := range f.instances {
		out = append(out, fmt.Sprintf("instance %s %p", k, i))
	}
	for id, u := range f.usage {
		if !u.empty() {
			out = append(out, fmt.Sprintf("usage %s %v", id, *u))
		}
	}
	slices.Sort(out)
	return out
}

// TestTheJournalTellsEverythingOfInstances follows random commands, some rolled back, through a journal that is often too short.
func TestTheJournalTellsEverythingOfInstances(t *testing.T) {
	followed, cuts := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		v, m := NewView(), newModel()
		f := &follower{journal: v.StartJournal(rapid.IntRange(1, 20).Draw(t, "limit"))}
		f.instances, f.usage = map[string]*ecs.Instance{}, map[ecs.InstanceID]*Usage{}
		tx := v.Begin(1, nil)
		for range rapid.IntRange(1, 12).Draw(t, "commands") {
			tx.Next(1)
			for range rapid.IntRange(0, 6).Draw(t, "writes") {
				m.step(t, tx)
			}
			if rapid.IntRange(0, 2).Draw(t, "fate") == 0 {
				tx.Rollback()
			}
			if f.catchUp(v) {
				cuts++
			} else {
				followed++
			}
			want := slices.DeleteFunc(describeView(v), func(s string) bool {
				return !strings.HasPrefix(s, "instance ") && !strings.HasPrefix(s, "usage ")
			})
			compare(t, "the follower", f.describe(), want)
		}
		if s := v.Freeze(1); s.journal != nil || s.Placer() != nil {
			t.Fatalf("a snapshot carries the journal of its view")
		}
	})
	if cuts == 0 || followed < cuts {
		t.Errorf("%d times cut, %d times followed: the test shows nothing", cuts, followed)
	}
}

package store

import (
	"strings"
	"testing"

	"berth/ecs"
	"berth/state"
)

func TestALargeEntryDoesNotKeepItsBuffer(t *testing.T) {
	change := func(text string) []state.Change {
		return []state.Change{{Table: state.Clusters, Key: "c", New: &ecs.Cluster{Name: text}}}
	}
	var e encoder
	for _, step := range []struct {
		text  string
		keeps bool
	}{{"small", true}, {strings.Repeat("x", keepEncoded), false}, {"small again", true}} {
		writes, err := e.encode(change(step.text))
		if err != nil || len(writes) != 1 || !strings.Contains(string(writes[0].Value), step.text) {
			t.Fatalf("%.12s: %d writes, %v", step.text, len(writes), err)
		}
		if e.shrink(); (e.buf != nil) != step.keeps {
			t.Errorf("%.12s: a buffer of %d bytes stays", step.text, cap(e.buf))
		}
	}
}

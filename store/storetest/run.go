package storetest

import (
	"context"
	"slices"
	"testing"

	"berth/store"
)

// Opener opens an engine on the data of one test: each call sees what the engines before it committed.
type Opener func(t testing.TB) store.Engine

// Options say what kind of engine is tested.
type Options struct {
	// Fresh returns an Opener on data of its own, empty.
	Fresh func(t testing.TB) Opener
	// Shared: engines on the same data may be open together, as servers that contend for the lead.
	Shared bool
}

// Run runs the whole suite.
func Run(t *testing.T, o Options) {
	tests := []struct {
		name   string
		shared bool
		run    func(t *testing.T, open Opener)
	}{
		{"EmptyAtFirst", false, testEmpty},
		{"EntriesSurviveAReopen", false, testReopen},
		{"BigEntry", false, testBigEntry},
		{"EntriesHaveNoGaps", false, testGaps},
		{"LoadStops", false, testLoadStops},
		{"OneLeaderAtATime", true, testLead},
		{"Follow", true, testFollow},
		{"CommandsAreAtomic", false, testAtomic},
		{"StateSurvivesAReopen", false, testStateReopen},
		{"WritersAreLinearizable", false, testLinearizable},
		{"WatchIsSnapshotPlusEveryChange", false, testWatch},
		{"SlowWatcherIsCutOff", false, testSlowWatcher},
		{"CloseEndsEverything", false, testClose},
		{"FollowerTakesOver", true, testTakeover},
	}
	for _, test := range tests {
		if test.shared && !o.Shared {
			continue
		}
		t.Run(test.name, func(t *testing.T) { test.run(t, o.Fresh(t)) })
	}
}

// lead opens an engine and takes its lead.
func lead(t testing.TB, open Opener) (store.Engine, store.Lead) {
	t.Helper()
	e := open(t)
	t.Cleanup(func() { _ = e.Close() })
	l, err := e.Lead(context.Background())
	if err != nil {
		t.Fatalf("lead: %v", err)
	}
	return e, l
}

// contents loads an engine: "key=value" of each record, sorted.
func contents(t testing.TB, e store.Engine) (records []string, revision uint64) {
	t.Helper()
	revision, err := e.Load(context.Background(), func(key, value []byte) error {
		records = append(records, string(key)+"="+string(value))
		return nil
	})
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	slices.Sort(records)
	return records, revision
}

func put(key, value string) store.Write { return store.Write{Key: []byte(key), Value: []byte(value)} }

func del(key string) store.Write { return store.Write{Key: []byte(key)} }

func commit(t testing.TB, l store.Lead, revision uint64, writes ...store.Write) {
	t.Helper()
	if err := l.Commit(context.Background(), store.Entry{Revision: revision, Writes: writes}); err != nil {
		t.Fatalf("commit %d: %v", revision, err)
	}
}

func expect(t testing.TB, e store.Engine, revision uint64, want ...string) {
	t.Helper()
	got, at := contents(t, e)
	slices.Sort(want)
	if at != revision || !slices.Equal(got, want) {
		t.Fatalf("revision %d with %d records %.200q; want revision %d with %.200q", at, len(got), got, revision, want)
	}
}

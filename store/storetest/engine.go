package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"berth/store"
)

func testEmpty(t *testing.T, open Opener) {
	e, l := lead(t, open)
	expect(t, e, 0)
	if l.Revision() != 0 {
		t.Fatalf("a fresh lead begins at revision %d", l.Revision())
	}
}

func testReopen(t *testing.T, open Opener) {
	e, l := lead(t, open)
	commit(t, l, 1, put("\x01a", "1"), put("\x01b", "\x00\xff"), put("\x05c", "3"))
	commit(t, l, 2, put("\x01a", "2"), del("\x05c"), del("\x05never"), put("\xff\xff", "last"))
	want := []string{"\x01a=2", "\x01b=\x00\xff", "\xff\xff=last"}
	expect(t, e, 2, want...)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	again, l := lead(t, open)
	expect(t, again, 2, want...)
	if l.Revision() != 2 {
		t.Fatalf("the next lead begins at revision %d, want 2", l.Revision())
	}
	commit(t, l, 3, del("\x01a"))
	expect(t, again, 3, want[1:]...)
}

// testBigEntry commits the largest entry the engine allows, or 20 MB of 20,000 keys and one value of 4 MiB.
func testBigEntry(t *testing.T, open Opener) {
	e, l := lead(t, open)
	n, size := 20_000, 1000
	if limits := e.Limits(); limits.Writes > 0 {
		n = limits.Writes
	}
	if limits := e.Limits(); limits.Bytes > 0 {
		size = max(1, limits.Bytes/n-8)
	}
	var writes []store.Write
	var want []string
	for i := range n {
		key, value := fmt.Sprintf("\x05%06d", i), string(bytes.Repeat([]byte{byte('a' + i%26)}, size))
		writes = append(writes, put(key, value))
		want = append(want, key+"="+value)
	}
	revision := uint64(1)
	commit(t, l, revision, writes...)
	if e.Limits() == (store.Limits{}) {
		revision++
		value := string(bytes.Repeat([]byte("x"), 4<<20))
		commit(t, l, revision, put("\x06big", value))
		want = append(want, "\x06big="+value)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	again, _ := lead(t, open)
	expect(t, again, revision, want...)
}

func testGaps(t *testing.T, open Opener) {
	e, l := lead(t, open)
	commit(t, l, 1, put("\x01a", "1"))
	for _, revision := range []uint64{1, 3, 0} {
		if err := l.Commit(context.Background(), store.Entry{Revision: revision, Writes: []store.Write{put("\x01a", "x")}}); err == nil {
			t.Fatalf("an entry with revision %d was accepted after 1", revision)
		}
		expect(t, e, 1, "\x01a=1")
	}
}

func testLoadStops(t *testing.T, open Opener) {
	e, l := lead(t, open)
	commit(t, l, 1, put("\x01a", "1"), put("\x01b", "2"))
	refuse, calls := errors.New("refuse"), 0
	_, err := e.Load(context.Background(), func(_, _ []byte) error { calls++; return refuse })
	if !errors.Is(err, refuse) || calls != 1 {
		t.Fatalf("load gave %v after %d calls, want the callback's error after one", err, calls)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = e.Load(ctx, func(_, _ []byte) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("load with an ended context gave %v", err)
	}
}

func testLead(t *testing.T, open Opener) {
	first, l := lead(t, open)
	commit(t, l, 1, put("\x01a", "1"))
	second := open(t)
	t.Cleanup(func() { _ = second.Close() })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := second.Lead(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("a second leader beside the first: %v", err)
	}
	won := make(chan store.Lead, 1)
	go func() {
		l, err := second.Lead(context.Background())
		if err != nil {
			t.Errorf("lead: %v", err)
		}
		won <- l
	}()
	commit(t, l, 2, put("\x01a", "2"))
	if err := l.Resign(); err != nil {
		t.Fatal(err)
	}
	next := <-won
	if next == nil {
		return
	}
	if next.Revision() != 2 {
		t.Fatalf("the second lead begins at %d, want 2", next.Revision())
	}
	commit(t, next, 3, put("\x01a", "3"))
	err := l.Commit(context.Background(), store.Entry{Revision: 4, Writes: []store.Write{put("\x01a", "deposed")}})
	if !errors.Is(err, store.ErrLeadLost) {
		t.Fatalf("the deposed leader's commit gave %v, want ErrLeadLost", err)
	}
	expect(t, first, 3, "\x01a=3")
}

func testFollow(t *testing.T, open Opener) {
	_, l := lead(t, open)
	commit(t, l, 1, put("\x01a", "1"))
	commit(t, l, 2, put("\x01a", "2"), put("\x01b", "1"))
	second := open(t)
	t.Cleanup(func() { _ = second.Close() })
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for after := range uint64(3) {
		got := make(chan string, 16)
		fctx, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() {
			ended <- second.Follow(fctx, after, func(e store.Entry) error {
				text := fmt.Sprint(e.Revision)
				for _, w := range e.Writes {
					text += fmt.Sprintf(" %s=%s", w.Key[1:], w.Value)
				}
				got <- text
				return nil
			})
		}()
		for _, want := range []string{"1 a=1", "2 a=2 b=1"}[min(after, 2):] {
			if g := <-got; g != want {
				t.Fatalf("after %d: entry %q, want %q", after, g, want)
			}
		}
		if after == 0 { // one that comes while it follows
			commit(t, l, 3, del("\x01b"))
		}
		if g := <-got; g != "3 b=" {
			t.Fatalf("after %d: entry %q, want %q", after, g, "3 b=")
		}
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Fatalf("follow ended with %v", err)
		}
	}
}

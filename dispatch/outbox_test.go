package dispatch

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/ecs"
)

var start = time.UnixMilli(1_795_000_000_000)

func ids(batch []*delivery) (out []ecs.TaskID) {
	for _, d := range batch {
		out = append(out, d.task)
	}
	return out
}

func TestStopsGoFirst(t *testing.T) {
	o := newOutbox()
	o.want("a", false)
	o.want("b", true)
	o.want("c", false)
	o.want("d", true)
	if got := ids(o.next()); !slices.Equal(got, []ecs.TaskID{"b", "d"}) {
		t.Errorf("first %v", got)
	}
	if got := ids(o.next()); !slices.Equal(got, []ecs.TaskID{"a", "c"}) {
		t.Errorf("then %v", got)
	}
	if got := o.next(); got != nil {
		t.Errorf("then %v", ids(got))
	}
}

func TestStopReplacesAStartThatWaits(t *testing.T) {
	o := newOutbox()
	o.want("a", false)
	o.want("a", true)
	batch := o.next()
	if len(batch) != 1 || !batch[0].stop || o.next() != nil {
		t.Fatalf("got %v", ids(batch))
	}
	o.sent(batch, "m1", start)
	o.want("a", true)
	if o.next() != nil {
		t.Error("the same wish was queued twice")
	}
}

func TestLateAcknowledgementCounts(t *testing.T) {
	o := newOutbox()
	o.want("a", false)
	o.sent(o.next(), "m1", start)
	o.repeat(start.Add(firstResend))
	o.sent(o.next(), "m2", start.Add(firstResend))
	if o.acked("m1") == nil {
		t.Fatal("the first payload's acknowledgement was not taken")
	}
	if lost := o.repeat(start.Add(time.Hour)); lost != nil || o.next() != nil || !o.idle() || len(o.unacknowledged) != 0 {
		t.Errorf("something is left: lost %v, %+v", lost, o)
	}
	if o.acked("m2") != nil {
		t.Error("an acknowledgement of a closed payload was taken")
	}
}

func TestTooManyUnacknowledgedPayloadsHoldTheRest(t *testing.T) {
	o := newOutbox()
	for k := range maxBatch * (maxInFlight + 1) {
		o.want(ecs.TaskID(fmt.Sprint(k)), false)
	}
	for k := range maxInFlight {
		o.sent(o.next(), fmt.Sprint("m", k), start)
	}
	if o.next() != nil {
		t.Fatal("no bound")
	}
	o.acked("m0")
	if got := o.next(); len(got) != maxBatch {
		t.Errorf("%d tasks after an acknowledgement", len(got))
	}
}

func TestGivingUp(t *testing.T) {
	o := newOutbox()
	o.want("bad", false)
	now := start
	for k := range maxTries {
		batch := o.next()
		if len(batch) != 1 {
			t.Fatalf("try %d: %v", k+1, ids(batch))
		}
		o.sent(batch, fmt.Sprint("m", k), now)
		now = o.due()
		lost := o.repeat(now)
		if last := k == maxTries-1; last != slices.Equal(lost, []ecs.TaskID{"bad"}) {
			t.Errorf("try %d: gave up %v", k+1, lost)
		}
	}
	if total := now.Sub(start); total < 5*time.Minute || total > time.Hour {
		t.Errorf("gave up after %s", total)
	}
	if o.next() != nil || len(o.unacknowledged) != 0 {
		t.Error("something is left")
	}
	o.want("bad", true)
	if o.next() == nil {
		t.Error("its stop is not sent")
	}
}

// TestOutboxDeliversEverything plays a random life: whatever is wished for and not forgotten is acknowledged or given up in the
// end, at most maxTries payloads name a task per wish, and no payload stays in the books.
func TestOutboxDeliversEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, now, sent := newOutbox(), start, 0
		tries := map[*delivery]int{}
		var open []string
		send := func() {
			for batch := o.next(); batch != nil; batch = o.next() {
				if len(batch) > maxBatch {
					t.Fatalf("%d tasks in a payload", len(batch))
				}
				for _, d := range batch {
					if tries[d]++; tries[d] > maxTries || tries[d] > groupedTries && len(batch) > 1 {
						t.Fatalf("try %d of %s among %d", tries[d], d.task, len(batch))
					}
					if d.over || o.wishes[d.task] != d {
						t.Fatalf("sent %s, which nobody wants", d.task)
					}
				}
				sent++
				id := fmt.Sprint("m", sent)
				o.sent(batch, id, now)
				open = append(open, id)
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			id := ecs.TaskID(fmt.Sprint(rapid.IntRange(0, 40).Draw(t, "task")))
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0, 1:
				o.want(id, rapid.Bool().Draw(t, "stop"))
			case 2:
				o.forget(id)
			case 3:
				o.reported(id)
			case 4:
				now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "seconds")) * time.Second)
				o.repeat(now)
			case 5:
				if len(open) > 0 {
					o.acked(rapid.SampledFrom(open).Draw(t, "ack"))
				}
			}
			send()
			if o.inFlight < 0 || o.inFlight > maxInFlight {
				t.Fatalf("%d in flight", o.inFlight)
			}
		}
		for due := o.due(); !due.IsZero(); due = o.due() {
			now = due
			o.repeat(now)
			send()
		}
		for id, d := range o.wishes {
			if !d.over {
				t.Fatalf("%s was lost after %d tries", id, d.tries)
			}
		}
		if !o.idle() || len(o.unacknowledged) != 0 {
			t.Fatalf("left: %d in flight, %d unacknowledged", o.inFlight, len(o.unacknowledged))
		}
	})
}

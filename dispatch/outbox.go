package dispatch

import (
	"time"

	"berth/ecs"
)

const (
	// maxBatch is how many tasks share a payload. One task the agent refuses keeps the others' acknowledgement back, so that more
	// would make one mistake costlier without making a frame cheaper.
	maxBatch = 25
	// maxInFlight is how many payloads wait for acknowledgement at once. An agent works them off one by one; without a bound the
	// last ones would look lost before the agent came to them.
	maxInFlight = 16
	// groupedTries is how often a task is sent together with others before it is sent alone.
	groupedTries = 2
	// maxTries ends the repetition within a session; the next session begins anew.
	maxTries = 8

	firstResend = 10 * time.Second
	lastResend  = 2 * time.Minute
)

// delivery is one wish of the server for one task: that the agent runs it, or stops it.
type delivery struct {
	task ecs.TaskID
	stop bool
	// queued is true while the delivery stands in a queue; over when it needs no more sending, whether acknowledged, reported,
	// given up or replaced.
	queued, over bool
	tries        int
	payloads     []*payload
	// credentials are the ids of the sets that went along.
	credentials []string
}

// payload is a sent message that was not acknowledged.
type payload struct {
	id   string
	sent time.Time
	due  time.Time
	// late is set when due has passed: an acknowledgement is still taken, but nobody waits for it.
	late       bool
	deliveries []*delivery
	// open counts the deliveries that are not over; the payload is forgotten with the last.
	open int
}

// outbox decides what goes into an agent's payloads and when it is repeated. It has no clock and no socket; the session that owns
// it tells the time.
type outbox struct {
	wishes                     map[ecs.TaskID]*delivery
	stops, starts, soloRetries []*delivery
	unacknowledged             map[string]*payload
	inFlight                   int
}

func newOutbox() *outbox {
	return &outbox{wishes: map[ecs.TaskID]*delivery{}, unacknowledged: map[string]*payload{}}
}

// want asks for a task to be run or stopped. Asking again changes nothing, also after the acknowledgement; asking for the other
// thing replaces the wish.
func (o *outbox) want(task ecs.TaskID, stop bool) {
	if d := o.wishes[task]; d != nil {
		if d.stop == stop {
			return
		}
		o.end(d)
	}
	d := &delivery{task: task, stop: stop}
	o.wishes[task] = d
	o.queue(d)
}

// forget drops a task for which nothing is to be sent any more.
func (o *outbox) forget(task ecs.TaskID) {
	if d := o.wishes[task]; d != nil {
		o.end(d)
		delete(o.wishes, task)
	}
}

// reported notes that the agent is known to have the task: what was sent once is not repeated.
func (o *outbox) reported(task ecs.TaskID) {
	if d := o.wishes[task]; d != nil && d.tries > 0 {
		o.end(d)
	}
}

// waiting reports whether a task is still to be sent for the first time, as a task to run.
func (o *outbox) waiting(task ecs.TaskID) bool {
	d := o.wishes[task]
	return d != nil && !d.stop && !d.over && d.tries == 0
}

func (o *outbox) queue(d *delivery) {
	d.queued = true
	switch {
	case d.tries >= groupedTries:
		o.soloRetries = append(o.soloRetries, d)
	case d.stop:
		o.stops = append(o.stops, d)
	default:
		o.starts = append(o.starts, d)
	}
}

// next takes the deliveries of the next payload: stops before starts, and what was refused in company alone at last. It is empty
// when there is nothing to send or the agent has enough to acknowledge.
func (o *outbox) next() []*delivery {
	if o.inFlight >= maxInFlight {
		return nil
	}
	if batch := take(&o.stops, maxBatch); len(batch) > 0 {
		return batch
	}
	if batch := take(&o.starts, maxBatch); len(batch) > 0 {
		return batch
	}
	return take(&o.soloRetries, 1)
}

// take removes up to n deliveries that are still wished for.
func take(queue *[]*delivery, n int) []*delivery {
	var out []*delivery
	q := *queue
	for len(q) > 0 && len(out) < n {
		d := q[0]
		q[0] = nil
		q = q[1:]
		d.queued = false
		if !d.over {
			out = append(out, d)
		}
	}
	if len(q) == 0 {
		q = nil
	}
	*queue = q
	return out
}

// sent notes that a batch is on its way under a message id.
func (o *outbox) sent(batch []*delivery, id string, now time.Time) {
	p := &payload{id: id, sent: now, deliveries: batch, open: len(batch)}
	tries := 0
	for _, d := range batch {
		d.tries++
		d.payloads = append(d.payloads, p)
		tries = max(tries, d.tries)
	}
	p.due = now.Add(backoff(tries, firstResend, lastResend))
	o.unacknowledged[id] = p
	o.inFlight++
}

// acked takes an acknowledgement, a late one too, and returns the payload; nil for an id that is not open.
func (o *outbox) acked(id string) *payload {
	p := o.unacknowledged[id]
	if p == nil {
		return nil
	}
	for _, d := range p.deliveries {
		o.end(d)
	}
	return p
}

// end makes a delivery over and closes the payloads that waited for it alone.
func (o *outbox) end(d *delivery) {
	if d.over {
		return
	}
	d.over = true
	for _, p := range d.payloads {
		if p.open--; p.open == 0 {
			delete(o.unacknowledged, p.id)
			if !p.late {
				o.inFlight--
			}
		}
	}
	d.payloads = nil
}

// repeat queues again what was not acknowledged in time and returns the tasks it gave up.
func (o *outbox) repeat(now time.Time) (lost []ecs.TaskID) {
	for _, p := range o.unacknowledged {
		if p.late || p.due.After(now) {
			continue
		}
		p.late = true
		o.inFlight--
		for _, d := range p.deliveries {
			switch {
			case d.over || d.queued:
			case d.tries >= maxTries:
				o.end(d)
				lost = append(lost, d.task)
			default:
				o.queue(d)
			}
		}
	}
	return lost
}

// due is when repeat has something to do next; zero when nothing waits.
func (o *outbox) due() time.Time {
	var first time.Time
	for _, p := range o.unacknowledged {
		if !p.late && (first.IsZero() || p.due.Before(first)) {
			first = p.due
		}
	}
	return first
}

// idle reports whether everything was sent and acknowledged, or is being repeated.
func (o *outbox) idle() bool {
	return o.inFlight == 0 && len(o.stops)+len(o.starts)+len(o.soloRetries) == 0
}

// backoff doubles from first with each try, up to last.
func backoff(tries int, first, last time.Duration) time.Duration {
	d := first
	for ; tries > 1 && d < last; tries-- {
		d *= 2
	}
	return min(d, last)
}

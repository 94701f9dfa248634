package dispatch

import (
	"sync"
	"time"

	"berth/ecs"
)

// link is what a dispatcher knows of one instance. It outlives the instance's sessions and goes with the instance.
type link struct {
	id ecs.InstanceID
	// handshake is held by the newcomer that is being let in.
	handshake sync.Mutex
	// credentials are what the agent is known to hold.
	credentials *credentialBook

	mu  sync.Mutex // guards the rest
	acs *session
	tcs *telemetry
	// turns counts the telemetry handshakes, so that the last one wins also when two overtake each other.
	turns uint64
	// refusals counts newcomers that were refused because another agent was alive; lastRefusal is zero when that is over.
	refusals    int
	lastRefusal time.Time
}

func newLink(id ecs.InstanceID) *link { return &link{id: id, credentials: newCredentialBook()} }

// session returns the open ACS session, or nil.
func (l *link) session() *session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acs
}

// setSession makes a session the one that gets the instance's changes.
func (l *link) setSession(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acs = s
}

// dropSession forgets a session that ended, unless another one has taken its place.
func (l *link) dropSession(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.acs == s {
		l.acs = nil
	}
}

// takeTurn gives a telemetry handshake its place; it is taken before the agent can know that it was let in.
func (l *link) takeTurn() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turns++
	return l.turns
}

// setTelemetry makes t the instance's telemetry socket and returns the one that has to go: the one t replaces, nil when there is
// none, or t itself when a later handshake came first.
func (l *link) setTelemetry(t *telemetry) (loser *telemetry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tcs != nil && l.tcs.turn > t.turn {
		return t
	}
	loser, l.tcs = l.tcs, t
	return loser
}

func (l *link) dropTelemetry(t *telemetry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tcs == t {
		l.tcs = nil
	}
}

// end closes whatever is open.
func (l *link) end(c closing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.acs != nil {
		l.acs.end(c)
	}
	if l.tcs != nil {
		l.tcs.end(c)
	}
}

// refused counts a refusal and returns how many there were.
func (l *link) refused(now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusals++
	l.lastRefusal = now
	return l.refusals
}

// conflictOver reports, once, that no second agent has tried for a while.
func (l *link) conflictOver(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lastRefusal.IsZero() || now.Sub(l.lastRefusal) < conflictMemory {
		return false
	}
	l.lastRefusal = time.Time{}
	return true
}

// link returns the link of an instance, made when there is none.
func (d *Dispatcher) link(id ecs.InstanceID) *link {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.links[id]
	if l == nil {
		l = newLink(id)
		d.links[id] = l
	}
	return l
}

// lookup returns the link of an instance that ever had a session, or nil.
func (d *Dispatcher) lookup(id ecs.InstanceID) *link {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.links[id]
}

// forget ends an instance's sockets and drops its link.
func (d *Dispatcher) forget(id ecs.InstanceID, c closing) {
	d.mu.Lock()
	l := d.links[id]
	delete(d.links, id)
	d.mu.Unlock()
	if l != nil {
		l.end(c)
	}
}

// everyLink returns all links at this moment.
func (d *Dispatcher) everyLink() []*link {
	d.mu.RLock()
	defer d.mu.RUnlock()
	all := make([]*link, 0, len(d.links))
	for _, l := range d.links {
		all = append(all, l)
	}
	return all
}

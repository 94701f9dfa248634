package dispatch

import (
	"sync"
	"time"

	"berth/api/acs"
	"berth/api/auth"
	"berth/ecs"
)

const (
	// credentialsLife is how long a task's credentials hold. They cannot be revoked, so that they live shortly; an agent away for
	// less than the third that is left at their renewal never shows outdated ones.
	credentialsLife = 6 * time.Hour
	renewalMargin   = credentialsLife / 3

	lastCredentialsResend = 10 * time.Minute
)

// CredentialVendor makes credentials for the role of a task; auth.TaskCredentials is one.
type CredentialVendor interface {
	Issue(roleARN, taskARN, roleType string, expires time.Time) auth.RoleCredentials
}

// credentialBook remembers, per credentials id, until when the credentials hold that an agent has acknowledged. It belongs to the
// instance and outlives sessions, because an agent comes anew every half hour and keeps its credentials.
type credentialBook struct {
	mu      sync.Mutex // guards expires
	expires map[string]time.Time
}

func newCredentialBook() *credentialBook { return &credentialBook{expires: map[string]time.Time{}} }

func (b *credentialBook) get(id string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.expires[id]
}

func (b *credentialBook) set(id string, expires time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expires[id] = expires
}

func (b *credentialBook) drop(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.expires, id)
}

// clear forgets everything: the agent said that it has nothing.
func (b *credentialBook) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.expires)
}

// lease is one credential set of one live task and when to send it next.
type lease struct {
	id       string
	task     *ecs.Task
	roleType string
	roleARN  string
	// expires is that of the set last sent.
	expires time.Time
	tries   int
	due     time.Time
}

// leases are the credential sets of an instance's live tasks, for one session. The agent itself never asks for new ones
// (agent-protocol.md 14): the server renews them in time, under the same id.
type leases struct {
	book *credentialBook
	byID map[string]*lease
	// first is not after the earliest due; finding the exact one at every step would cost a scan of all tasks.
	first time.Time
}

func newLeases(book *credentialBook) *leases {
	return &leases{book: book, byID: map[string]*lease{}}
}

// hold makes sure that a live task's credentials are kept fresh. What the agent is not known to have is due now.
func (l *leases) hold(t *ecs.Task, def *ecs.TaskDefinition, now time.Time) {
	for _, r := range taskRoles(t, def) {
		if l.byID[r.id] != nil {
			continue
		}
		r.due = now
		if expires := l.book.get(r.id); !expires.IsZero() {
			r.expires = expires
			r.due = expires.Add(-renewalMargin)
		}
		l.byID[r.id] = &r
		l.expect(r.due)
	}
}

// sent notes that a set went out at now; it is repeated until confirmed.
func (l *leases) sent(r *lease, expires, now time.Time) {
	r.tries++
	r.expires = expires
	r.due = now.Add(backoff(r.tries, firstResend, lastCredentialsResend))
	l.byID[r.id] = r
	l.expect(r.due)
}

// confirmed notes that the agent has a set.
func (l *leases) confirmed(id string) {
	r := l.byID[id]
	if r == nil || r.expires.IsZero() {
		return
	}
	l.book.set(id, r.expires)
	r.tries, r.due = 0, r.expires.Add(-renewalMargin)
	l.expect(r.due)
}

// release ends the leases of a task that is over.
func (l *leases) release(t *ecs.Task) {
	for _, id := range []string{t.CredentialsID, t.ExecutionCredentialsID} {
		if id != "" {
			delete(l.byID, id)
			l.book.drop(id)
		}
	}
}

// take returns what is due at now.
func (l *leases) take(now time.Time) []*lease {
	if l.first.IsZero() || l.first.After(now) {
		return nil
	}
	var out []*lease
	l.first = time.Time{}
	for _, r := range l.byID {
		if r.due.After(now) {
			l.expect(r.due)
		} else {
			out = append(out, r)
		}
	}
	return out
}

func (l *leases) expect(due time.Time) {
	if l.first.IsZero() || due.Before(l.first) {
		l.first = due
	}
}

// taskRoles lists the credential sets a task has: those whose role is known.
func taskRoles(t *ecs.Task, def *ecs.TaskDefinition) []lease {
	if def == nil || t.CredentialsID == "" && t.ExecutionCredentialsID == "" {
		return nil
	}
	role, execution := def.TaskRoleARN, def.ExecutionRoleARN
	if t.Overrides != nil {
		role, execution = orElse(t.Overrides.TaskRoleARN, role), orElse(t.Overrides.ExecutionRoleARN, execution)
	}
	var out []lease
	if t.CredentialsID != "" && role != "" {
		out = append(out, lease{id: t.CredentialsID, task: t, roleType: acs.RoleTaskApplication, roleARN: role})
	}
	if t.ExecutionCredentialsID != "" && execution != "" {
		out = append(out, lease{id: t.ExecutionCredentialsID, task: t, roleType: acs.RoleTaskExecution, roleARN: execution})
	}
	return out
}

// issue makes a credential set for the wire.
func issue(v CredentialVendor, r *lease, taskARN string, now time.Time) (set *acs.RoleCredentials, expires time.Time) {
	c := v.Issue(r.roleARN, taskARN, r.roleType, now.Add(credentialsLife))
	return &acs.RoleCredentials{
		CredentialsID: r.id, RoleARN: r.roleARN,
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
		Expiration: c.Expiration.UTC().Format(time.RFC3339),
	}, c.Expiration
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

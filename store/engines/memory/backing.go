package memory

import (
	"bytes"
	"sync"

	"github.com/tidwall/btree"

	"berth/store"
)

// Outcome is what a [Fault] hook makes of a commit.
type Outcome int

// The outcomes of a commit.
const (
	// Durable: the entry lands and the caller learns it.
	Durable Outcome = iota
	// FailBefore: nothing lands, the caller gets [ErrInjected].
	FailBefore
	// FailAfter: the entry lands, but the caller gets [ErrInjected]: a crash between the disk and the answer.
	FailAfter
)

// Fault decides the outcome of a commit. It may block: the commit is on its way until it returns. The entry must not be kept.
type Fault func(store.Entry) Outcome

// Backing holds what was committed. Its methods may be called from any goroutine.
type Backing struct {
	// Limits of the engines; set before the first is made.
	Limits store.Limits
	// KeepLog is the number of latest entries that a follower may start from; 0 means 1024. Set before the first engine is made.
	KeepLog int

	mu       sync.Mutex // guards what follows
	data     btree.Map[string, []byte]
	revision uint64
	log      []store.Entry // the latest entries; the last has number revision
	holder   *lead
	fault    Fault
	changed  chan struct{} // closed and replaced with every change of revision or holder
}

// NewBacking returns an empty one.
func NewBacking() *Backing { return &Backing{changed: make(chan struct{})} }

// SetFault sets the hook of the commits to come; nil lets all of them succeed.
func (b *Backing) SetFault(f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = f
}

// Revision is that of the last entry that landed.
func (b *Backing) Revision() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.revision
}

// Depose takes the lead from whoever holds it. A quiet deposition is one the leader has not noticed yet: it learns of it when its
// next commit is refused.
func (b *Backing) Depose(quiet bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.holder != nil {
		if !quiet {
			b.holder.lose()
		}
		b.release(b.holder)
	}
}

// release frees the lead if l holds it. The caller holds mu.
func (b *Backing) release(l *lead) {
	if b.holder == l {
		b.holder = nil
		b.wake()
	}
}

// wake tells everyone who waits that something changed. The caller holds mu.
func (b *Backing) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// apply lands an entry. The caller holds mu.
func (b *Backing) apply(e store.Entry) {
	kept := store.Entry{Revision: e.Revision, Writes: make([]store.Write, len(e.Writes))}
	for i, w := range e.Writes {
		key, value := bytes.Clone(w.Key), bytes.Clone(w.Value)
		kept.Writes[i] = store.Write{Key: key, Value: value}
		if len(value) == 0 {
			b.data.Delete(string(key))
		} else {
			b.data.Set(string(key), value)
		}
	}
	b.revision = e.Revision
	b.log = append(b.log, kept)
	keep := b.KeepLog
	if keep == 0 {
		keep = 1024
	}
	if len(b.log) > 2*keep { // trimmed now and then, so that a commit does not copy the log
		b.log = append([]store.Entry(nil), b.log[len(b.log)-keep:]...)
	}
	b.wake()
}

// since returns the entries after a revision; ok is false when they are no longer kept. The caller holds mu.
func (b *Backing) since(after uint64) (entries []store.Entry, ok bool) {
	missing := b.revision - after
	if after > b.revision || missing > uint64(len(b.log)) {
		return nil, false
	}
	return b.log[uint64(len(b.log))-missing:], true
}

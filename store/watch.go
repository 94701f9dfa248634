package store

import (
	"context"
	"sync"
	"sync/atomic"

	"berth/state"
)

// Batch is what one published group changed, in the order in which the commands did it.
type Batch struct {
	Revision uint64
	Changes  []state.Change
}

// node is a batch in the list that all watchers walk. The list is kept alive by its slowest watcher only.
type node struct {
	batch Batch
	total uint64 // changes published up to and with this batch
	next  atomic.Pointer[node]
	ready chan struct{} // closed when next is set
}

// feed publishes. Publishing costs the same with one watcher as with a thousand: it appends to the list and wakes who waits.
type feed struct {
	snapshot atomic.Pointer[state.Snapshot]
	lag      uint64

	mu       sync.Mutex // guards the rest, and orders snapshot with tail
	tail     *node
	watchers map[*Watcher]struct{}
	checked  uint64 // total at the last look for slow watchers
	ended    error
}

func (f *feed) init(lag int) {
	f.lag = uint64(lag)
	f.tail = &node{ready: make(chan struct{})}
	f.watchers = map[*Watcher]struct{}{}
}

func (f *feed) publish(snapshot *state.Snapshot, changes []state.Change) {
	f.mu.Lock()
	before := f.tail
	n := &node{
		batch: Batch{Revision: snapshot.Revision(), Changes: changes},
		total: before.total + uint64(len(changes)),
		ready: make(chan struct{}),
	}
	f.snapshot.Store(snapshot)
	before.next.Store(n)
	f.tail = n
	if n.total-f.checked > f.lag/4 {
		f.checked = n.total
		f.cutSlow()
	}
	f.mu.Unlock()
	close(before.ready)
}

// cutSlow ends the watchers that have more to read than they may. The next batch does not count: one batch may be of any size.
func (f *feed) cutSlow() {
	for w := range f.watchers {
		at := w.at.Load()
		if at == nil {
			continue
		}
		if next := at.next.Load(); next != nil && f.tail.total-next.total > f.lag {
			f.cut(w, ErrSlow)
		}
	}
}

// cut ends a watcher and lets go of the list. The caller holds mu.
func (f *feed) cut(w *Watcher, err error) {
	if _, there := f.watchers[w]; !there {
		return
	}
	delete(f.watchers, w)
	w.err = err
	w.at.Store(nil)
	close(w.closed)
}

// reset publishes a state that was loaded anew: there is no list of changes that leads to it, so every watcher starts over.
func (f *feed) reset(snapshot *state.Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snapshot.Store(snapshot)
	for w := range f.watchers {
		f.cut(w, ErrSlow)
	}
}

// end makes watchers end once they have read everything.
func (f *feed) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended == nil {
		f.ended = err
		close(f.tail.ready)
	}
}

// Watcher reads every batch after its snapshot, in order, each once. It is used by one goroutine; Close may be called by any.
type Watcher struct {
	feed     *feed
	snapshot *state.Snapshot
	at       atomic.Pointer[node] // the batch read last; nil when cut
	closed   chan struct{}
	err      error // why closed is closed; written before that

	pump sync.Once
	out  chan Batch
	wg   sync.WaitGroup
}

// Watch begins to watch now. The watcher must be closed.
func (s *Store) Watch() *Watcher {
	f := &s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	w := &Watcher{feed: f, snapshot: f.snapshot.Load(), closed: make(chan struct{}), out: make(chan Batch)}
	w.at.Store(f.tail)
	f.watchers[w] = struct{}{}
	return w
}

// Snapshot is the state the batches continue.
func (w *Watcher) Snapshot() *state.Snapshot { return w.snapshot }

// Next waits for the next batch; [Store.Snapshot] then is at least as new. Its error is ctx's, [ErrSlow] when this watcher must start over, [ErrClosed] after Close, or the
// store's when that stopped and everything published was read.
func (w *Watcher) Next(ctx context.Context) (Batch, error) {
	for {
		at := w.at.Load()
		if at == nil {
			<-w.closed
			return Batch{}, w.err
		}
		if next := at.next.Load(); next != nil {
			if w.at.CompareAndSwap(at, next) {
				return next.batch, nil
			}
			continue
		}
		select {
		case <-at.ready:
			if at.next.Load() == nil {
				return Batch{}, w.feed.endedWith()
			}
		case <-w.closed:
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		}
	}
}

func (f *feed) endedWith() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended
}

// C returns a channel of the batches, for a select; it is closed where Next would fail, and Err then says why. Use either C or
// Next. The goroutine behind it ends with Close.
func (w *Watcher) C() <-chan Batch {
	w.pump.Do(func() { w.wg.Go(w.feedChannel) })
	return w.out
}

func (w *Watcher) feedChannel() {
	defer close(w.out)
	for {
		b, err := w.Next(context.Background())
		if err != nil {
			w.stop(err)
			return
		}
		select {
		case w.out <- b:
		case <-w.closed:
			return
		}
	}
}

// Err says why the watcher ended: ErrSlow, ErrClosed or the store's error; nil while it runs.
func (w *Watcher) Err() error {
	select {
	case <-w.closed:
		return w.err
	default:
		return nil
	}
}

// Close ends the watcher. It waits for the goroutine of C.
func (w *Watcher) Close() {
	w.stop(ErrClosed)
	w.wg.Wait()
}

func (w *Watcher) stop(err error) {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	w.feed.cut(w, err)
}

package pebble

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"berth/store"
)

// lead is held by whoever holds the engine.
type lead struct{ *Engine }

func (l lead) Revision() uint64      { return l.revision }
func (l lead) Lost() <-chan struct{} { return l.health.failed }
func (l lead) Err() error            { return l.health.err }
func (l lead) Resign() error         { return nil }

// Commit hands the entry to the worker, because pebble may stop the goroutine that calls it for good.
func (l lead) Commit(_ context.Context, entry store.Entry) error {
	select {
	case l.commits <- entry:
	case <-l.health.failed:
		return l.health.err
	case <-l.closed:
		return errClosed
	}
	select {
	case err := <-l.results:
		return err
	case <-l.health.failed:
	}
	select {
	case err := <-l.results: // landed before something else failed
		return err
	default:
		return l.health.err
	}
}

// work is the one goroutine that writes. It ends with Close, or stands still after a fatal error.
func (e *Engine) work() {
	defer close(e.stopped)
	revision := e.revision
	for {
		select {
		case entry := <-e.commits:
			err := e.write(entry, revision)
			revision = entry.Revision
			e.results <- err
		case <-e.closed:
			return
		}
	}
}

func (e *Engine) write(entry store.Entry, last uint64) (err error) {
	defer func() {
		if p := recover(); p != nil { // pebble panics where it considers an error impossible
			err = e.health.explain(fmt.Errorf("commit: %v", p))
			e.health.fail(err)
		}
	}()
	if entry.Revision != last+1 {
		return fmt.Errorf("entry %d after revision %d", entry.Revision, last)
	}
	b := e.db.NewBatch()
	for _, w := range entry.Writes {
		if len(w.Value) == 0 {
			err = b.Delete(w.Key, nil)
		} else {
			err = b.Set(w.Key, w.Value, nil)
		}
		if err != nil {
			return errors.Join(e.health.explain(err), b.Close())
		}
	}
	if err := b.Set(revisionKey, binary.BigEndian.AppendUint64(nil, entry.Revision), nil); err != nil {
		return errors.Join(e.health.explain(err), b.Close())
	}
	if err := b.Commit(pebble.Sync); err != nil {
		return e.health.explain(err)
	}
	return b.Close()
}

// Close implements [store.Engine]. After a failure pebble cannot be shut down, only cut off from the directory: its memory and
// its files stay open until the process ends.
func (e *Engine) Close() error {
	e.once.Do(func() { e.closeErr = e.close() })
	return e.closeErr
}

func (e *Engine) close() error {
	close(e.closed)
	shut := make(chan error, 1)
	go func() { shut <- e.shutDown() }()
	select {
	case err := <-shut:
		return errors.Join(err, e.lock.Close())
	case <-e.health.failed:
		return e.abandon()
	}
}

// shutDown closes a healthy pebble. Like the worker, it may come to stand still.
func (e *Engine) shutDown() error {
	<-e.stopped
	if e.db == nil {
		return nil
	}
	return e.db.Close()
}

// abandon gives the directory back once nothing can be written to it any more.
func (e *Engine) abandon() error {
	cut := make(chan struct{})
	go func() { e.valve.cut(); close(cut) }()
	timer := time.NewTimer(closeWait)
	defer timer.Stop()
	select {
	case <-cut:
		e.health.log.Warn("cut pebble off from the data directory", "because", e.health.err)
		return e.lock.Close()
	case <-timer.C:
		return fmt.Errorf("a write hangs: the data directory stays locked until this process ends: %w", e.health.err)
	}
}

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

// Close implements [store.Engine]. After a failure it gives pebble a moment; when that does not suffice, the directory stays
// locked until the process ends, and the error says so.
func (e *Engine) Close() error {
	e.once.Do(func() { e.closeErr = e.close() })
	return e.closeErr
}

func (e *Engine) close() error {
	close(e.closed)
	select {
	case <-e.health.failed:
		return e.closeFailed()
	default:
	}
	var err error
	if e.db != nil {
		<-e.stopped
		err = e.db.Close()
	}
	return errors.Join(err, e.lock.Close())
}

// closeFailed gives the directory back only once pebble has let go of it.
func (e *Engine) closeFailed() error {
	stuck := fmt.Errorf("%w; the data directory stays locked until this process ends", e.health.err)
	if e.db == nil { // a fatal error while opening: what pebble still holds cannot be known
		return stuck
	}
	closed := make(chan bool, 1)
	go func() { closed <- e.shutDown() }()
	timer := time.NewTimer(closeWait)
	defer timer.Stop()
	select {
	case ok := <-closed:
		if ok {
			return e.lock.Close()
		}
	case <-timer.C:
	}
	return stuck
}

// shutDown reports whether pebble closed; its error is that of the failure once more.
func (e *Engine) shutDown() (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			e.health.log.Error("pebble did not shut down", "panic", p)
		}
	}()
	if err := e.db.Close(); err != nil {
		e.health.log.Warn("pebble shut down after a failure", "error", err)
	}
	return true
}

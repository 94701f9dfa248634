package store

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"berth/state"
)

// loadChunk is the number of records decoded at once: large enough that handing them over costs nothing beside decoding.
const loadChunk = 512

// pairs are stored records copied out of the engine. ends holds where each key and each value ends in buf.
type pairs struct {
	buf  []byte
	ends []int
	out  chan decoded
}

type decoded struct {
	changes []state.Change
	err     error
}

// load fills s.view from the engine and publishes it. One goroutine reads, all cores decode, and this one inserts in the order
// read, so that sorted keys fill the tables from left to right.
func (s *Store) load(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := runtime.GOMAXPROCS(0)
	work, order := make(chan *pairs), make(chan *pairs, 4*workers)
	var wg sync.WaitGroup
	defer wg.Wait()
	for range workers {
		wg.Go(func() { decodeAll(work) })
	}
	var revision uint64
	var readErr error
	wg.Go(func() {
		defer close(order)
		defer close(work)
		revision, readErr = s.read(ctx, work, order)
	})
	view := state.NewView()
	for p := range order {
		d := <-p.out
		if d.err != nil {
			cancel()
			for p := range order {
				<-p.out
			}
			return d.err
		}
		for _, c := range d.changes {
			view.Load(c)
		}
	}
	if readErr != nil {
		return readErr
	}
	s.view, s.revision = view, revision
	s.feed.reset(view.Freeze(revision))
	return nil
}

// read cuts what the engine holds into chunks, each given to a worker and, in order, to the inserter.
func (s *Store) read(ctx context.Context, work, order chan<- *pairs) (uint64, error) {
	p := newPairs(0)
	give := func() {
		size := len(p.buf) // read before p is handed over; the next chunk will be much like it
		order <- p
		work <- p
		p = newPairs(size + size/8)
	}
	revision, err := s.cfg.Engine.Load(ctx, func(key, value []byte) error {
		p.buf = append(p.buf, key...)
		p.ends = append(p.ends, len(p.buf))
		p.buf = append(p.buf, value...)
		p.ends = append(p.ends, len(p.buf))
		if len(p.ends) == 2*loadChunk {
			give()
		}
		return ctx.Err()
	})
	give()
	return revision, err
}

func newPairs(size int) *pairs {
	return &pairs{buf: make([]byte, 0, size), ends: make([]int, 0, 2*loadChunk), out: make(chan decoded, 1)}
}

func decodeAll(work <-chan *pairs) {
	for p := range work {
		changes, err := p.decode()
		p.out <- decoded{changes, err}
	}
}

func (p *pairs) decode() ([]state.Change, error) {
	changes := make([]state.Change, 0, len(p.ends)/2)
	start := 0
	for i := 0; i < len(p.ends); i += 2 {
		key, value := p.buf[start:p.ends[i]], p.buf[p.ends[i]:p.ends[i+1]]
		start = p.ends[i+1]
		if len(value) == 0 {
			return nil, fmt.Errorf("stored key %q has no value", key)
		}
		c, err := state.Decode(key, value)
		if err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	return changes, nil
}

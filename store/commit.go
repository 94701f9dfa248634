package store

import (
	"context"
	"fmt"

	"berth/state"
)

// commit makes groups durable, one after the other, then publishes and answers. It ends when the decider does.
func (s *Store) commit() {
	var enc encoder
	var broken error // set by the first failure; no group after it is committed
	s.idle <- struct{}{}
	for g := range s.groups {
		if broken == nil {
			if err := s.persist(&enc, g); err != nil {
				broken = fmt.Errorf("%w: %w", ErrFailed, err)
				s.finish(broken)
			}
		}
		s.idle <- struct{}{} // the decider may hand over the next group while this one is published
		if broken == nil && g.snapshot != nil {
			s.feed.publish(g.snapshot, g.changes)
		}
		g.answer(broken)
	}
}

// persist commits a group entry by entry. A group without changes only waited for its turn.
func (s *Store) persist(enc *encoder, g *group) error {
	start := 0
	for i, p := range g.parts {
		writes, err := enc.encode(g.changes[start:p.end])
		if err != nil {
			return err
		}
		e := Entry{Revision: g.first + uint64(i), Writes: writes}
		if err := s.lead.Commit(context.Background(), e); err != nil {
			return fmt.Errorf("commit revision %d: %w", e.Revision, err)
		}
		enc.shrink()
		start = p.end
	}
	return nil
}

// encoder turns changes into writes; its buffers live from one entry to the next.
type encoder struct {
	buf    []byte
	writes []Write
	seen   map[recordKey]struct{}
}

// keepEncoded is the size of buffer that lives on to the next entry, in bytes; an ordinary group needs less.
const keepEncoded = 1 << 20

// shrink lets go of what one large entry needed: a start that touches every task must not cost its memory for ever.
func (e *encoder) shrink() {
	if cap(e.buf) > keepEncoded {
		*e = encoder{}
	}
}

type recordKey struct {
	table state.Table
	key   string
}

// encode returns the last write of each key. Earlier changes of the same record are never encoded.
func (e *encoder) encode(changes []state.Change) ([]Write, error) {
	e.buf, e.writes = e.buf[:0], e.writes[:0]
	if e.seen == nil {
		e.seen = map[recordKey]struct{}{}
	}
	clear(e.seen)
	for i := len(changes) - 1; i >= 0; i-- {
		c := &changes[i]
		k := recordKey{c.Table, c.Key}
		if _, later := e.seen[k]; later {
			continue
		}
		e.seen[k] = struct{}{}
		w, err := e.write(c)
		if err != nil {
			return nil, err
		}
		e.writes = append(e.writes, w)
	}
	return e.writes, nil
}

func (e *encoder) write(c *state.Change) (Write, error) {
	start := len(e.buf)
	e.buf = c.AppendKey(e.buf)
	split := len(e.buf)
	if c.New == nil {
		return Write{Key: e.buf[start:split:split]}, nil
	}
	buf, err := c.AppendValue(e.buf)
	if err != nil {
		return Write{}, err
	}
	e.buf = buf // the slices given out stay valid when the buffer moved: they keep the old one
	return Write{Key: buf[start:split:split], Value: buf[split:len(buf):len(buf)]}, nil
}

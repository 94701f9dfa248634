package dispatch

import (
	"sync"

	"berth/ecs"
)

// inbox collects the ids of changed tasks until the session looks at them: a task that changes ten times meanwhile is looked at
// once.
type inbox struct {
	signal chan struct{} // holds a token while there is something to look at; never closed

	mu    sync.Mutex // guards the rest
	tasks []ecs.TaskID
	known map[ecs.TaskID]struct{}
	all   bool
}

func newInbox() *inbox {
	return &inbox{signal: make(chan struct{}, 1), known: map[ecs.TaskID]struct{}{}}
}

func (b *inbox) add(id ecs.TaskID) {
	b.mu.Lock()
	if _, there := b.known[id]; !there && !b.all {
		b.known[id] = struct{}{}
		b.tasks = append(b.tasks, id)
	}
	b.mu.Unlock()
	b.wake()
}

// addAll asks the session to look at every task of its instance.
func (b *inbox) addAll() {
	b.mu.Lock()
	b.all = true
	b.tasks, b.known = nil, map[ecs.TaskID]struct{}{}
	b.mu.Unlock()
	b.wake()
}

func (b *inbox) wake() {
	select {
	case b.signal <- struct{}{}:
	default:
	}
}

// take empties the inbox. Tasks are in the order in which they changed first.
func (b *inbox) take() (tasks []ecs.TaskID, all bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	tasks, all = b.tasks, b.all
	b.tasks, b.all = nil, false
	clear(b.known)
	return tasks, all
}

package controller

import "sync"

// lanes runs functions in the background: those of one key one after the other, those of different keys side by side. A key's
// goroutine lives as long as the key has work.
type lanes struct {
	wait sync.WaitGroup

	mu     sync.Mutex
	queues map[string][]func() // guarded by mu; a key that is there has its goroutine
}

// do queues a function and returns at once.
func (l *lanes) do(key string, fn func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queues == nil {
		l.queues = map[string][]func(){}
	}
	_, running := l.queues[key]
	l.queues[key] = append(l.queues[key], fn)
	if !running {
		l.wait.Go(func() { l.work(key) })
	}
}

func (l *lanes) work(key string) {
	for {
		l.mu.Lock()
		queue := l.queues[key]
		if len(queue) == 0 {
			delete(l.queues, key)
			l.mu.Unlock()
			return
		}
		l.queues[key] = queue[1:]
		l.mu.Unlock()
		queue[0]()
	}
}

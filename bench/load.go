package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// load is a number of clients that call RunTask, each as soon as its last call was answered.
type load struct {
	url     string
	clients int
	// count is the number of tasks of one call.
	count int
	// tasks and limit end the load, whichever comes first.
	tasks int64
	limit time.Duration
}

// loaded is what came of a load.
type loaded struct {
	began, ended time.Time
	tasks        int64
	calls        []time.Duration
	called       map[taskID]time.Time // when the call that made a task began
}

// run makes the calls. It errs with the first call that did not start every task it asked for.
func (l load) run(ctx context.Context, b *bench) (*loaded, error) {
	clients := make([]*starter, l.clients)
	for k := range clients {
		c, err := dial(l.url, b.root)
		if err != nil {
			return nil, err
		}
		defer c.close()
		clients[k] = &starter{caller: c, called: map[taskID]time.Time{}}
	}
	var asked, done atomic.Int64
	stop := b.meter(fmt.Sprintf("RunTask --count %d", l.count), &done, l.tasks)
	defer stop()
	out := &loaded{began: time.Now(), called: map[taskID]time.Time{}}
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range clients {
		group.Go(func() error {
			for ctx.Err() == nil && time.Since(out.began) < l.limit && asked.Add(int64(l.count)) <= l.tasks {
				if err := c.runTask(l.count); err != nil {
					return err
				}
				done.Add(int64(l.count))
			}
			return ctx.Err()
		})
	}
	err := group.Wait()
	out.ended, out.tasks = time.Now(), done.Load()
	for _, c := range clients {
		out.calls = append(out.calls, c.calls...)
		for id, at := range c.called {
			out.called[id] = at
		}
	}
	return out, err
}

// starter is a client of a load. Nothing of it is shared.
type starter struct {
	*caller
	body   []byte
	calls  []time.Duration
	called map[taskID]time.Time
}

// runTask calls once, with a client token, as the SDKs do.
func (c *starter) runTask(count int) error {
	c.body = append(c.body[:0], `{"cluster":"`+cluster+`","taskDefinition":"`+family+`","count":`...)
	c.body = strconv.AppendInt(c.body, int64(count), 10)
	c.body = append(c.body, `,"clientToken":"`...)
	c.body = append(c.body, rand.Text()...)
	c.body = append(c.body, `"}`...)
	before := time.Now()
	answer, err := c.call("RunTask", c.body)
	if err != nil {
		return err
	}
	c.calls = append(c.calls, time.Since(before))
	return c.note(answer, count, before)
}

var (
	taskARN    = []byte(`"taskArn":"`)
	noFailures = []byte(`"failures":[]`)
)

// note finds the tasks of an answer by their ARNs: decoding a kilobyte for each task would take more of the processors than asking.
func (c *starter) note(answer []byte, count int, at time.Time) error {
	if !bytes.Contains(answer, noFailures) {
		return errors.New("RunTask: tasks were not placed: " + string(answer[:min(len(answer), 400)]))
	}
	var last taskID
	found := 0
	for rest := answer; ; {
		_, after, ok := bytes.Cut(rest, taskARN)
		if !ok {
			break
		}
		end := bytes.IndexByte(after, '"')
		if end < len(last) {
			return errors.New("RunTask: the answer has a task without an ARN")
		}
		// An ARN stands with the task and with each of its containers.
		if id := idOf(string(after[:end])); id != last {
			last, found = id, found+1
			c.called[id] = at
		}
		rest = after[end:]
	}
	if found != count {
		return fmt.Errorf("RunTask: %d tasks in the answer, asked for %d", found, count)
	}
	return nil
}

package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"berth/api/acs"
	"berth/api/sigv4"
)

const (
	// reporters is the number of connections over which the agents of a fleet report: connections are cheap, processors are not.
	reporters = 64
	// reportQueue is how many reports may wait; agents stop reading when it is full, as a busy one would.
	reportQueue = 1 << 16
)

// fleet is a number of simulated agents and what they told.
type fleet struct {
	creds  sigv4.Credentials
	agents []*agent
	// reports is nil when tasks are taken in silence.
	reports chan report
	running atomic.Int64 // tasks whose RUNNING was accepted
	cancel  context.CancelFunc
	group   *errgroup.Group
	ctx     context.Context // ends with the first failure

	mu       sync.Mutex
	accepted map[taskID]time.Time // guarded by mu: when RUNNING was accepted
}

// taskID is the last part of a task's ARN.
type taskID [32]byte

func idOf(arn string) (id taskID) {
	copy(id[:], arn[max(0, len(arn)-len(id)):])
	return id
}

// muster brings n agents to a server. Their owner must call dismiss.
func (b *bench) muster(ctx context.Context, url string, n int, reporting bool) (*fleet, error) {
	f := &fleet{creds: b.root, accepted: map[taskID]time.Time{}}
	if reporting {
		f.reports = make(chan report, reportQueue)
	}
	ctx, f.cancel = context.WithCancel(ctx)
	f.group, f.ctx = errgroup.WithContext(ctx)
	if err := f.connectAll(b, url, n); err != nil {
		return nil, errors.Join(err, f.dismiss())
	}
	if reporting {
		for range reporters {
			f.group.Go(func() error { return f.report(url) })
		}
	}
	return f, nil
}

func (f *fleet) connectAll(b *bench, url string, n int) error {
	api := b.api(url)
	defer api.HTTP.CloseIdleConnections()
	for k := range n {
		a, err := f.connect(f.ctx, api)
		if err != nil {
			return fmt.Errorf("agent %d of %d: %w", k+1, n, err)
		}
		f.agents = append(f.agents, a)
		f.group.Go(func() error {
			err := a.serve(f.ctx)
			if f.ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("an agent's session ended: %w", err)
		})
	}
	return nil
}

// report sends what agents have to say, over a connection of its own.
func (f *fleet) report(url string) error {
	c, err := dial(url, f.creds)
	if err != nil {
		return err
	}
	defer c.close()
	var body []byte
	for {
		select {
		case <-f.ctx.Done():
			return nil
		case r := <-f.reports:
			body = r.body(body)
			if _, err := c.call("SubmitTaskStateChange", body); err != nil {
				return err
			}
			if r.status == acs.StatusRunning {
				f.note(r.task)
			}
		}
	}
}

func (f *fleet) note(task string) {
	now := time.Now()
	f.mu.Lock()
	f.accepted[idOf(task)] = now
	f.mu.Unlock()
	f.running.Add(1)
}

// awaitRunning waits until n tasks were accepted as RUNNING.
func (f *fleet) awaitRunning(ctx context.Context, n int64, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for f.running.Load() < n {
		select {
		case <-f.ctx.Done():
			return fmt.Errorf("the agents ended: %w", context.Cause(f.ctx))
		case <-ctx.Done():
			return fmt.Errorf("%d of %d tasks are RUNNING: %w", f.running.Load(), n, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

// dismiss ends all agents and waits for them. Its error is the first that befell one of them.
func (f *fleet) dismiss() error {
	if f == nil {
		return nil
	}
	f.cancel()
	err := f.group.Wait()
	for _, a := range f.agents {
		_ = a.conn.CloseNow()
	}
	return err
}

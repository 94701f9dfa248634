package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// startPatience is how long a server may take until it serves, stopPatience how long until it has ended after SIGTERM.
	startPatience = time.Minute
	stopPatience  = 30 * time.Second
	pollHealth    = time.Millisecond
)

// process is a berth that was started for a benchmark.
type process struct {
	cmd  *exec.Cmd
	url  string
	log  string // path of its log
	done chan struct{}
	// started is the time from before the process existed until /healthz said 200.
	started time.Duration
}

// start runs a berth command with its data below the run's folder and waits until it serves. The same name finds the same data.
func (b *bench) start(ctx context.Context, command, name string, flags ...string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(b.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the log: %w", err)
	}
	defer log.Close() // the child has its own
	args := append([]string{command, "--listen", address, "--data", filepath.Join(b.dir, name)}, b.cfg.ServerFlags...)
	p := &process{url: "http://" + address, log: log.Name(), done: make(chan struct{})}
	p.cmd = exec.Command(b.binary, append(args, flags...)...)
	p.cmd.Env = append(os.Environ(), "BERTH_ACCESS_KEY_ID="+b.root.AccessKeyID, "BERTH_SECRET_ACCESS_KEY="+b.root.SecretAccessKey)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	// Interrupting the benchmark is for the benchmark alone to hear: it ends the child itself. Should it be killed, the child goes.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	before := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", b.binary, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its log
		close(p.done)
	}()
	if err := p.awaitHealth(ctx); err != nil {
		p.stop(syscall.SIGKILL)
		return nil, err
	}
	p.started = time.Since(before)
	return p, nil
}

// freeAddress is an address on the loopback interface nobody listens on at the moment.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (p *process) awaitHealth(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	tick := time.NewTicker(pollHealth)
	defer tick.Stop()
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for {
		if healthy(ctx, client, p.url) {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("the server ended: %s", p.tail())
		case <-ctx.Done():
			return fmt.Errorf("the server does not serve: %w: %s", ctx.Err(), p.tail())
		case <-tick.C:
		}
	}
}

func healthy(ctx context.Context, client *http.Client, url string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", nil)
	if err != nil {
		return false
	}
	answer, err := client.Do(r)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// stop ends the process with a signal and waits for it. Asking for it twice does no harm.
func (p *process) stop(signal syscall.Signal) {
	if p == nil {
		return
	}
	_ = p.cmd.Process.Signal(signal)
	timer := time.NewTimer(stopPatience)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// alive errs with the end of the log when the process has ended.
func (p *process) alive() error {
	select {
	case <-p.done:
		return errors.New("the server ended: " + p.tail())
	default:
		return nil
	}
}

// tail is the end of the log, which says why a process ended.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	const most = 600
	return string(bytes.TrimSpace(text[max(0, len(text)-most):]))
}

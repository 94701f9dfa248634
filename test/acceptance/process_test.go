//go:build acceptance

package acceptance

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a child with its log in a file.
type process struct {
	cmd  *exec.Cmd
	name string
	log  string        // path
	done chan struct{} // closed when it has ended
}

// environment is what every berth process gets: nothing of the caller's but PATH, and local images without a registry.
func environment(key, secret string, more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home.tmp, "TMPDIR=" + home.tmp,
		"BERTH_ACCESS_KEY_ID=" + key, "BERTH_SECRET_ACCESS_KEY=" + secret,
		"AWS_ACCESS_KEY_ID=" + key, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_DEFAULT_REGION=" + region,
		"ECS_IMAGE_PULL_BEHAVIOR=prefer-cached", "ECS_DISABLE_IMAGE_CLEANUP=true",
	}, more...)
}

// startProcess starts a program in a process group of its own. Later starts of one name append to its log.
func startProcess(name string, env []string, program string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(home.logs, name+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	_, _ = fmt.Fprintf(log, "# %s %s\n", program, strings.Join(args, " "))
	p.cmd = exec.Command(program, args...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		_ = log.Close()
		return nil, err
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // the exit code is in ProcessState
		_ = log.Close()
	}()
	return p, nil
}

func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// signal sends a signal; a process that has ended takes it as well.
func (p *process) signal(s syscall.Signal) {
	if p.alive() {
		_ = p.cmd.Process.Signal(s)
	}
}

// kill ends the process without any chance to tidy up.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

// wait returns the exit code, or -1 when the process still runs after the time.
func (p *process) wait(limit time.Duration) int {
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(limit):
		return -1
	}
}

// term asks the process to end and returns its exit code. One that does not end in time is killed, and -1 returned.
func (p *process) term(limit time.Duration) int {
	p.signal(syscall.SIGTERM)
	code := p.wait(limit)
	if p.alive() {
		p.kill()
		return -1
	}
	return code
}

// output is everything the process wrote so far.
func (p *process) output() string {
	data, _ := os.ReadFile(p.log)
	return string(data)
}

func (p *process) tail(lines int) string {
	all := strings.Split(strings.TrimSpace(p.output()), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// start runs a program for the length of the check; its log is shown when the check fails.
func (c *C) start(name string, env []string, program string, args ...string) *process {
	c.Helper()
	p, err := startProcess(name, env, program, args...)
	c.must(err, "start %s", program)
	c.end(p)
	return p
}

// end makes the check end a process and show its log on failure.
func (c *C) end(p *process) {
	c.Cleanup(func() {
		p.term(20 * time.Second)
		if c.Failed() {
			c.Logf("last lines of %s:\n%s", p.name, p.tail(25))
		}
	})
}

// server is a `berth dev` or `berth server`.
type server struct {
	*process
	url  string
	data string
	args []string // to start it again
	env  []string
}

// startServer starts `berth <mode>` on a free port and waits until it is healthy.
func startServer(name, data, mode string, args ...string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	s := &server{url: "http://" + listen, data: data, env: environment(rootKey, rootSecret)}
	s.args = append([]string{mode, "--listen", listen, "--data", data, "--region", region, "--account", account}, args...)
	if s.process, err = startProcess(name, s.env, home.bin, s.args...); err != nil {
		return nil, err
	}
	if err := s.awaitHealthy(30 * time.Second); err != nil {
		s.kill()
		return nil, fmt.Errorf("%w\n%s", err, s.tail(30))
	}
	return s, nil
}

// server starts a control plane of the check's own: no agent, nothing shared.
func (c *C) server(args ...string) *server {
	c.Helper()
	return c.serve("server", c.dir("server"), args...)
}

// serve starts `berth <mode>` with the given data folder.
func (c *C) serve(mode, data string, args ...string) *server {
	c.Helper()
	s, err := startServer(c.name(mode), data, mode, args...)
	c.must(err, "start berth %s", mode)
	// The process may be replaced by restart: end the one of then.
	c.Cleanup(func() {
		s.term(60 * time.Second)
		if c.Failed() {
			c.Logf("last lines of %s:\n%s", s.name, s.tail(25))
		}
	})
	return s
}

// restart starts the server again, after it was killed or ended, on the same port and data.
func (s *server) restart(c *C, more ...string) {
	c.Helper()
	p, err := startProcess(s.name, s.env, home.bin, append(s.args, more...)...)
	c.must(err, "start the server again")
	s.process = p
	c.must(s.awaitHealthy(30*time.Second), "the server after its restart\n%s", s.tail(30))
}

func (s *server) awaitHealthy(limit time.Duration) error {
	client := http.Client{Timeout: 2 * time.Second}
	var last error
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if !s.alive() {
			return errEnded
		}
		answer, err := client.Get(s.url + "/healthz")
		if err != nil {
			last = err
			continue
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return nil
		}
		last = fmt.Errorf("/healthz answers %s", answer.Status)
	}
	return fmt.Errorf("not healthy within %v: %w", limit, last)
}

func (s *server) api(c *C) *api {
	return &api{c: c, server: s, url: s.url, key: rootKey, secret: rootSecret}
}

// berth runs a command of the binary to its end, as the operator of a server.
func (a *api) berth(args ...string) (string, error) {
	a.c.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, home.bin, args...)
	cmd.Env = environment(a.key, a.secret)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

var ports struct {
	sync.Mutex
	next int
}

// freePort returns a port nobody listens on, for TCP and UDP, below the range Docker takes ports from. No port is given
// twice in a run.
func freePort() (int, error) {
	ports.Lock()
	defer ports.Unlock()
	if ports.next == 0 {
		ports.next = 20000 + os.Getpid()%10*1000
	}
	for range 5000 {
		ports.next++
		if ports.next >= 32000 {
			ports.next = 20000
		}
		if portFree(ports.next) {
			return ports.next, nil
		}
	}
	return 0, fmt.Errorf("no free port between 20000 and 32000")
}

func portFree(port int) bool {
	tcp, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		return false
	}
	_ = tcp.Close()
	udp, err := net.ListenPacket("udp", fmt.Sprintf(":%d", port))
	if err != nil {
		return false
	}
	_ = udp.Close()
	return true
}

// port returns a free host port for the check.
func (c *C) port() int {
	c.Helper()
	port, err := freePort()
	c.must(err, "find a port")
	return port
}

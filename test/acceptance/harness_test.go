//go:build acceptance

package acceptance

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/test/acceptance/result"
)

const (
	region     = "us-east-1"
	account    = "123456789012"
	rootKey    = "berth"
	rootSecret = "berth-secret"
	image      = "berth-test/busybox:local" // built by scripts/setup.sh
)

// home is what all checks of a run share on disk; it ends with the run.
var home struct {
	root string // of the module
	bin  string // bin/berth
	logs string // kept after the run
	tmp  string // removed after the run
}

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, "acceptance:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(home.tmp) }()
	code := m.Run()
	if err := endShared(); err != nil {
		fmt.Fprintln(os.Stderr, "acceptance: the shared berth dev:", err)
		code = 1
	}
	return code
}

func prepare() error {
	root, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	home.root, home.bin, home.logs = root, filepath.Join(root, "bin", "berth"), filepath.Join(root, ".work", "logs")
	if path := os.Getenv("BERTH_BIN"); path != "" {
		home.bin = path
	}
	if _, err := os.Stat(home.bin); err != nil {
		return fmt.Errorf("%w (make build)", err)
	}
	for _, tool := range [][]string{{"docker", "image", "inspect", image}, {awsCommand(), "--version"}} {
		if out, err := exec.Command(tool[0], tool[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s (make setup)", strings.Join(tool, " "), err, out)
		}
	}
	if home.tmp, err = os.MkdirTemp("", "berth-acceptance-"); err != nil {
		return err
	}
	if err := os.RemoveAll(home.logs); err != nil {
		return err
	}
	return os.MkdirAll(home.logs, 0o755)
}

// C is one check while it runs.
type C struct {
	*testing.T
	ID string

	began time.Time

	mu         sync.Mutex
	operations map[string][]string // outcomes per operation, see result.Check
	names      int
}

// begin starts a check that may run beside others.
func begin(t *testing.T, id, title string) *C {
	c := beginAlone(t, id, title)
	t.Parallel()
	c.began = time.Now()
	return c
}

// beginAlone starts a check that has the machine for itself: all such checks run before the others.
func beginAlone(t *testing.T, id, title string) *C {
	c := &C{T: t, ID: id, began: time.Now(), operations: map[string][]string{}}
	t.Cleanup(func() { c.record(title, time.Since(c.began)) })
	return c
}

func (c *C) record(title string, elapsed time.Duration) {
	path := os.Getenv("BERTH_ACCEPTANCE_RESULTS")
	if path == "" {
		return
	}
	status := result.Passed
	switch {
	case c.Failed():
		status = result.Failed
	case c.Skipped():
		status = result.Skipped
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	err := result.Append(path, result.Check{
		ID: c.ID, Title: title, Test: c.Name(), Status: status, Seconds: elapsed.Seconds(), Operations: c.operations,
	})
	if err != nil {
		c.Errorf("write the result: %v", err)
	}
}

// called notes that an operation answered; code is "" for success.
func (c *C) called(operation, code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, seen := range c.operations[operation] {
		if seen == code {
			return
		}
	}
	c.operations[operation] = append(c.operations[operation], code)
}

// name returns a name that no other check and no other run uses: for clusters and families.
func (c *C) name(what string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names++
	return fmt.Sprintf("%s-%s-%d-%d", strings.ToLower(c.ID), what, os.Getpid(), c.names)
}

// dir returns a new folder that ends with the check.
func (c *C) dir(what string) string {
	c.Helper()
	dir, err := os.MkdirTemp(home.tmp, what+"-")
	c.must(err, "make a folder")
	c.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// must ends the check on an error.
func (c *C) must(err error, format string, args ...any) {
	c.Helper()
	if err != nil {
		c.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

// check goes on after a failed condition.
func (c *C) check(ok bool, format string, args ...any) {
	c.Helper()
	if !ok {
		c.Errorf(format, args...)
	}
}

// equal compares two values by their printed form, as JSON numbers come as float64.
func (c *C) equal(what string, got, want any) {
	c.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		c.Errorf("%s is %v, want %v", what, got, want)
	}
}

// notYet is what a condition of eventually returns to be asked again; its text is the evidence on failure.
func notYet(format string, args ...any) error { return fmt.Errorf(format, args...) }

// eventually polls a condition until it returns nil, and ends the check with its last answer when the time is up.
func (c *C) eventually(limit time.Duration, what string, condition func() error) {
	c.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			c.Fatalf("not within %v: %s; last seen: %v", limit, what, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// stays polls a condition for the whole time, and ends the check as soon as it returns an error.
func (c *C) stays(span time.Duration, what string, condition func() error) {
	c.Helper()
	for deadline := time.Now().Add(span); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if err := condition(); err != nil {
			c.Fatalf("not for all of %v: %s: %v", span, what, err)
		}
	}
}

var errShared error

// shared is the one `berth dev` for all checks, started by the first that asks.
var shared = sync.OnceValue(func() *server {
	s, err := startServer("shared-dev", filepath.Join(home.tmp, "shared-dev"), "dev")
	if err != nil {
		errShared = err
		return nil
	}
	sharedServer = s
	return s
})

var sharedServer *server

func endShared() error {
	if sharedServer == nil {
		return nil
	}
	if code := sharedServer.term(60 * time.Second); code != 0 {
		return fmt.Errorf("exit code %d after SIGTERM, log in %s", code, sharedServer.log)
	}
	return nil
}

// dev returns the shared server as the operator sees it.
func (c *C) dev() *api {
	c.Helper()
	s := shared()
	if s == nil {
		c.Fatalf("the shared berth dev does not start: %v", errShared)
	}
	if !s.alive() {
		c.Fatalf("the shared berth dev has ended:\n%s", s.tail(30))
	}
	return s.api(c)
}

var errEnded = errors.New("the process has ended")

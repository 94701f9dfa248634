package crashtest

import (
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"berth/store"
	"berth/store/engines/pebble"
)

// childDir names the data directory in the environment of a child: the test binary then is the process to be killed.
const childDir = "BERTH_CRASHTEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

// child runs the load until it is killed. Each acknowledged command goes to standard output in one write: writer and number.
func child(dir string) {
	s, err := openAt(dir)
	if err != nil {
		slog.Error("child", "error", err)
		os.Exit(3)
	}
	var wg sync.WaitGroup
	for writer := range Writers {
		wg.Go(func() {
			Load(context.Background(), s, writer, func(n int64) {
				b := binary.BigEndian.AppendUint64([]byte{byte(writer)}, uint64(n))
				if _, err := os.Stdout.Write(b); err != nil {
					os.Exit(4)
				}
			})
		})
	}
	wg.Wait()
	os.Exit(5) // only an engine that failed ends the load
}

func openAt(dir string) (*store.Store, error) {
	log := slog.New(slog.DiscardHandler)
	e, err := pebble.Open(dir, pebble.Options{Logger: log})
	if err != nil {
		return nil, err
	}
	return store.Open(context.Background(), store.Config{Engine: e, Logger: log})
}

// How often the process is killed: loaded times in the middle of many commits, early times at any moment from its start, which
// may be before or while it opens the directory.
const (
	loaded = 100
	early  = 20
)

// TestKilledAtRandomMoments kills a process under load again and again on the same data directory, and after each time opens
// the directory and verifies.
func TestKilledAtRandomMoments(t *testing.T) {
	dir := t.TempDir()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var acknowledged [Writers]int64
	under := 0
	for kill := range loaded + early {
		before := acknowledged
		after := time.Duration(r.Int64N(int64(80 * time.Millisecond)))
		runAndKill(t, dir, after, kill%((loaded+early)/early) == 0, &acknowledged)
		if acknowledged != before {
			under++
		}
		verifyAt(t, dir, &acknowledged, kill)
	}
	var all int64
	for _, n := range acknowledged {
		all += n
	}
	t.Logf("%d commands survived %d kills, %d of them under load", all, loaded+early, under)
	if under < loaded {
		t.Fatalf("only %d kills met a process under load, want %d", under, loaded)
	}
}

// runAndKill starts a child and kills it a while after its start, or after its first acknowledged command, and reads what it was
// told until the pipe ends.
func runAndKill(t *testing.T, dir string, after time.Duration, fromStart bool, acknowledged *[Writers]int64) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := sync.OnceFunc(func() { time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) })
	if fromStart {
		kill()
	}
	for b := make([]byte, 9); ; {
		if _, err := io.ReadFull(out, b); err != nil {
			break // the end; a record is written whole or not at all
		}
		kill()
		acknowledged[b[0]] = int64(binary.BigEndian.Uint64(b[1:]))
	}
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the child was not killed: %v", cmd.ProcessState)
	}
}

// verifyAt opens what the kill left. A command that landed without its answer counts as known from now on.
func verifyAt(t *testing.T, dir string, acknowledged *[Writers]int64, kill int) {
	t.Helper()
	s, err := openAt(dir)
	if err != nil {
		t.Fatalf("open after kill %d: %v", kill, err)
	}
	if err := Verify(s.Snapshot(), *acknowledged); err != nil {
		t.Fatalf("after kill %d: %v", kill, err)
	}
	for writer := range Writers {
		acknowledged[writer] = number(s.Snapshot(), counter(writer))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

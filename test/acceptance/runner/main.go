package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"berth/test/acceptance/result"
)

func main() {
	failed, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "acceptance:", err)
		fmt.Println("0 passed, 1 failed")
		os.Exit(1)
	}
	if failed {
		os.Exit(1)
	}
}

// run executes the checks from the module's root and prints to out.
func run(args []string, out io.Writer) (failed bool, err error) {
	results, err := filepath.Abs(filepath.Join(".work", "acceptance.jsonl"))
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(results), 0o755); err != nil {
		return false, err
	}
	if err := os.Remove(results); err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	cmd := exec.Command("go", append([]string{
		"test", "-json", "-tags", "acceptance", "-count=1", "-timeout", "40m", "-parallel", "4",
	}, append(args, "./test/acceptance")...)...)
	cmd.Env = append(os.Environ(), "BERTH_ACCEPTANCE_RESULTS="+results)
	if _, set := os.LookupEnv("BERTH_TEST_DOCKER_RESTART"); !set && os.Getuid() == 0 {
		cmd.Env = append(cmd.Env, "BERTH_TEST_DOCKER_RESTART=1")
	}
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	// An interrupt reaches the tests as well; stay to print what they found.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(interrupts)

	watch := newWatch(results, out)
	watch.follow(events)
	exit := cmd.Wait()
	return watch.report(exit), nil
}

// event is one line of `go test -json`.
type event struct {
	Action string
	Test   string
	Output string
}

// watch follows a run.
type watch struct {
	results string
	out     io.Writer
	output  map[string][]string // test → what it logged
	running map[string]bool     // began, not ended
	loose   []string            // output of no test: compile errors, panics
	ended   int
}

func newWatch(results string, out io.Writer) *watch {
	return &watch{results: results, out: out, output: map[string][]string{}, running: map[string]bool{}}
}

func (w *watch) follow(events io.Reader) {
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			w.loose = append(w.loose, lines.Text()+"\n")
			continue
		}
		w.see(e)
	}
}

func (w *watch) see(e event) {
	test, _, sub := strings.Cut(e.Test, "/")
	switch e.Action {
	case "run":
		if !sub {
			w.running[test] = true
		}
	case "output", "build-output":
		if test == "" {
			w.loose = append(w.loose, e.Output)
		} else if !strings.HasPrefix(strings.TrimSpace(e.Output), "===") {
			w.output[test] = append(w.output[test], e.Output)
		}
	case "pass", "fail", "skip":
		if test != "" && !sub {
			delete(w.running, test)
			w.ended++
			w.progress(test)
		}
	}
}

// progress prints one row as soon as its check has ended.
func (w *watch) progress(test string) {
	checks, _ := result.Read(w.results) // missing until the first one ended
	for _, c := range checks {
		if c.Test == test {
			fmt.Fprintf(w.out, "%4d  %s\n", w.ended, row(c))
		}
	}
}

func row(c result.Check) string {
	return fmt.Sprintf("%-28s %-4s %6.1f s  %s", c.ID, c.Status, c.Seconds, c.Title)
}

// report prints the table and tells whether anything failed. exit is what `go test` ended with.
func (w *watch) report(exit error) (failed bool) {
	checks, _ := result.Read(w.results)
	for test := range w.running {
		checks = append(checks, result.Check{ID: strings.TrimPrefix(test, "Test"), Test: test, Title: "began and never ended", Status: result.Failed})
	}
	result.Sort(checks)
	counts := map[result.Status]int{}
	fmt.Fprintf(w.out, "\n%-28s %-4s %8s  %s\n", "check", "", "time", "what it shows")
	for _, c := range checks {
		counts[c.Status]++
		fmt.Fprintln(w.out, row(c))
	}
	for _, c := range checks {
		if c.Status != result.Passed {
			fmt.Fprintf(w.out, "\n--- %s: %s %s\n%s", c.Status, c.ID, c.Title, strings.Join(w.output[c.Test], ""))
		}
	}
	if exit != nil && counts[result.Failed] == 0 {
		// Nothing says what went wrong but the exit code: the build, or a panic outside any check.
		counts[result.Failed]++
		fmt.Fprintf(w.out, "\n--- go test: %v\n", exit)
	}
	if exit != nil {
		fmt.Fprint(w.out, strings.Join(w.loose, ""))
	}
	if len(checks) == 0 && exit == nil {
		counts[result.Failed]++
		fmt.Fprintln(w.out, "no check ran")
	}
	if n := counts[result.Skipped]; n > 0 {
		fmt.Fprintf(w.out, "\n%d skipped\n", n)
	}
	fmt.Fprintf(w.out, "\n%d passed, %d failed\n", counts[result.Passed], counts[result.Failed])
	return counts[result.Failed] > 0
}

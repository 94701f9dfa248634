package result

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Status is how a check ended.
type Status string

// A skipped check could not run on this machine; it counts neither as passed nor as failed.
const (
	Passed  Status = "pass"
	Failed  Status = "fail"
	Skipped Status = "skip"
)

// Unsupported is the exception of an operation whose behaviour is not built.
const Unsupported = "UnsupportedFeatureException"

// Check is the outcome of one check.
type Check struct {
	ID         string              `json:"id"`    // S001, A-auth-unsigned
	Title      string              `json:"title"` // what it shows, one line
	Test       string              `json:"test"`  // name of the Go test
	Status     Status              `json:"status"`
	Seconds    float64             `json:"seconds"`
	Operations map[string][]string `json:"operations,omitempty"` // operation → outcomes seen: "" for success, else the error code
}

// Append adds one check to a file, creating it. Lines are written whole, so several writers may append.
func Append(path string, c Check) error {
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("append to %s: %w", path, err)
	}
	return f.Close()
}

// Read returns the checks of a file, sorted by id.
func Read(path string) ([]Check, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var checks []Check
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c Check
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		checks = append(checks, c)
	}
	Sort(checks)
	return checks, lines.Err()
}

// Sort orders checks as the table lists them: numbered ones first.
func Sort(checks []Check) {
	slices.SortStableFunc(checks, func(a, b Check) int { return strings.Compare(order(a.ID), order(b.ID)) })
}

func order(id string) string {
	if strings.HasPrefix(id, "S") {
		return "0" + id
	}
	return "1" + id
}

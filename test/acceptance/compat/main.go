package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"berth/api/ecs/wire"
	"berth/test/acceptance/result"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "compat:", err)
		os.Exit(1)
	}
}

func run() error {
	checks, err := result.Read(filepath.Join(".work", "acceptance.jsonl"))
	if err != nil {
		return fmt.Errorf("read the results of `make acceptance`: %w", err)
	}
	text := page(slices.Sorted(maps.Keys(wire.Operations)), checks)
	return os.WriteFile(filepath.Join("docs", "compatibility.md"), []byte(text), 0o644)
}

const head = `# Compatibility

Written by ` + "`go run ./test/acceptance/compat`" + ` from the results of ` + "`make acceptance`" + `: do not edit.

- **shown**: a check that passed called the operation, got its answer and looked at what it did. Numbered checks are those
  of the list of acceptance checks, ` + "`A-…`" + ` are ours.
- **missing**: the operation answers UnsupportedFeatureException.
- **not shown**: no check that passed has called it.

| operation | state | shown by |
|---|---|---|
`

// page renders the table for the given operations.
func page(operations []string, checks []result.Check) string {
	shown, missing := map[string][]string{}, map[string]bool{}
	for _, c := range checks {
		for operation, outcomes := range c.Operations {
			if slices.Contains(outcomes, result.Unsupported) {
				missing[operation] = true
			}
			if c.Status == result.Passed && slices.Contains(outcomes, "") {
				shown[operation] = append(shown[operation], c.ID)
			}
		}
	}
	var b strings.Builder
	b.WriteString(head)
	counts := map[string]int{}
	for _, operation := range operations {
		state := "not shown"
		switch {
		case missing[operation]:
			state = "missing"
		case len(shown[operation]) > 0:
			state = "shown"
		}
		counts[state]++
		fmt.Fprintf(&b, "| %s | %s | %s |\n", operation, state, strings.Join(shown[operation], " "))
	}
	fmt.Fprintf(&b, "\n%d operations: %d shown, %d missing, %d not shown.\n",
		len(operations), counts["shown"], counts["missing"], counts["not shown"])
	return b.String()
}

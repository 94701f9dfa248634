package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"berth/test/acceptance/result"
)

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

func TestReportCountsAndShowsEvidence(t *testing.T) {
	var out strings.Builder
	w := newWatch(filepath.Join(t.TempDir(), "r.jsonl"), &out)
	for _, c := range []result.Check{
		{ID: "S001", Test: "TestS001", Status: result.Passed, Title: "works"},
		{ID: "S002", Test: "TestS002", Status: result.Failed, Title: "broken"},
		{ID: "S003", Test: "TestS003", Status: result.Skipped, Title: "elsewhere"},
	} {
		if err := result.Append(w.results, c); err != nil {
			t.Fatal(err)
		}
	}
	w.follow(strings.NewReader(`{"Action":"run","Test":"TestS001"}
{"Action":"pass","Test":"TestS001"}
{"Action":"run","Test":"TestS002"}
{"Action":"output","Test":"TestS002","Output":"    a.go:1: exit code 0, want 7\n"}
{"Action":"fail","Test":"TestS002"}
{"Action":"run","Test":"TestS004"}
not json
`))
	if !w.report(errors.New("exit status 1")) {
		t.Error("a failed run was reported as passed")
	}
	text := out.String()
	for _, want := range []string{"exit code 0, want 7", "began and never ended", "S001", "1 skipped", "not json"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if got := lastLine(text); got != "1 passed, 2 failed" {
		t.Errorf("last line %q", got)
	}
}

func TestReportFailsWhenNothingRan(t *testing.T) {
	for name, exit := range map[string]error{"no checks": nil, "build failed": errors.New("exit status 1")} {
		var out strings.Builder
		w := newWatch(filepath.Join(t.TempDir(), "r.jsonl"), &out)
		if !w.report(exit) || lastLine(out.String()) != "0 passed, 1 failed" {
			t.Errorf("%s: reported as\n%s", name, out.String())
		}
	}
}

package main

import (
	"strings"
	"testing"

	"berth/test/acceptance/result"
)

func TestPage(t *testing.T) {
	text := page([]string{"CreateService", "RunTask", "StopTask", "TagResource"}, []result.Check{
		{ID: "S001", Status: result.Passed, Operations: map[string][]string{"RunTask": {"", "ClientException"}, "StopTask": {"ClientException"}}},
		{ID: "S002", Status: result.Failed, Operations: map[string][]string{"StopTask": {""}, "RunTask": {""}}},
		{ID: "A-unbuilt", Status: result.Passed, Operations: map[string][]string{"CreateService": {result.Unsupported}}},
	})
	for _, want := range []string{
		"| CreateService | missing |  |", "| RunTask | shown | S001 |", "| StopTask | not shown |  |", "| TagResource | not shown |  |",
		"4 operations: 1 shown, 1 missing, 2 not shown.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no line %q in:\n%s", want, text)
		}
	}
}

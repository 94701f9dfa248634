package query

import (
	"os"
	"strings"
	"testing"
)

// The page for users shows expressions that can be read, and errors word for word.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/query-language.md")
	if err != nil {
		t.Fatal(err)
	}
	examples, errors := 0, 0
	_, text, _ := strings.Cut(string(page), "## Examples")
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if example, ok := strings.CutPrefix(line, "    "); ok {
			mustParse(t, example)
			examples++
		}
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		if len(cells) != 4 || !strings.Contains(cells[1], "`") {
			continue
		}
		expression, want := unquoted(cells[1]), unquoted(cells[2])
		if _, err := Parse(expression); err == nil || err.Error() != want {
			t.Errorf("%s: %v, the page says %s", expression, err, want)
		}
		errors++
	}
	if examples < 8 || errors < 8 {
		t.Errorf("only %d examples and %d errors were found", examples, errors)
	}
}

func unquoted(cell string) string {
	return strings.ReplaceAll(strings.Trim(cell, " `"), "\x00", "|")
}

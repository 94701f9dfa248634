package architecture

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// row is one line of the import table: a package (with everything below it that has no row of its own) and what it may
// import of ours.
type row struct {
	pkg        string
	everything bool     // all packages, less except
	allow      []string // "ecs", or "agent/*" for all below agent
	except     []string
}

var quoted = regexp.MustCompile("`([^`]+)`")

// parseTable reads the import table of docs/architecture.md: the rows whose first cell is one quoted package, their last
// cell being a list of quoted packages, a dash for none, or "everything" with an optional "except …".
func parseTable(markdown string) ([]row, error) {
	var rows []row
	inTable := false
	for _, line := range strings.Split(markdown, "\n") {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			inTable = false
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		last := strings.TrimSpace(cells[len(cells)-1])
		if strings.HasPrefix(last, "may import") {
			inTable = true
			continue
		}
		name := quoted.FindStringSubmatch(cells[0])
		if !inTable || name == nil {
			continue
		}
		r := row{pkg: name[1]}
		switch list := quotedWords(last); {
		case strings.HasPrefix(last, "everything"):
			r.everything, r.except = true, list
		case len(list) > 0:
			r.allow = list
		case !slices.Contains([]string{"–", "-", "—"}, last):
			return nil, fmt.Errorf("row of %s: cannot read %q", r.pkg, last)
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no table with a last column \"may import …\"")
	}
	return rows, nil
}

func quotedWords(cell string) []string {
	var words []string
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		words = append(words, m[1])
	}
	return words
}

// rowOf returns the row of a folder: its own, or that of the nearest folder above. It is nil when there is none.
func rowOf(rows []row, dir string) *row {
	var best *row
	for i := range rows {
		if within(dir, rows[i].pkg) && (best == nil || len(rows[i].pkg) > len(best.pkg)) {
			best = &rows[i]
		}
	}
	return best
}

// matches reports whether a word of the table means the package in the given folder, whose row is target.
func matches(word, dir string, target *row) bool {
	if below, ok := strings.CutSuffix(word, "/*"); ok {
		return strings.HasPrefix(dir, below+"/")
	}
	return dir == word || target != nil && target.pkg == word
}

// permits reports whether a package of this row may import the package in dir, whose row is target. Packages that share a
// row may import each other.
func (r *row) permits(dir string, target *row) bool {
	if target != nil && target.pkg == r.pkg {
		return true
	}
	if r.everything {
		return !slices.ContainsFunc(r.except, func(word string) bool { return matches(word, dir, target) })
	}
	return slices.ContainsFunc(r.allow, func(word string) bool { return matches(word, dir, target) })
}

// CheckImports finds packages that have no row in the table of docs/architecture.md and imports that their row does not
// permit. Tests are free: they may bring in fakes and suites.
func CheckImports(t *Tree) ([]string, error) {
	page, err := os.ReadFile(filepath.Join(t.Root, "docs", "architecture.md"))
	if err != nil {
		return nil, err
	}
	rows, err := parseTable(string(page))
	if err != nil {
		return nil, fmt.Errorf("docs/architecture.md: %w", err)
	}
	var found []string
	for _, dir := range t.Packages() {
		if rowOf(rows, dir) == nil {
			found = append(found, dir+": not in the table of docs/architecture.md")
		}
	}
	for _, f := range t.Files {
		from := rowOf(rows, f.Dir)
		if f.Test || from == nil {
			continue
		}
		for _, path := range f.Imports() {
			dir, ours := strings.CutPrefix(path, t.Module+"/")
			if ours && !from.permits(dir, rowOf(rows, dir)) {
				found = append(found, fmt.Sprintf("%s: imports %s, which the row of %s does not permit", f.Path, dir, from.pkg))
			}
		}
	}
	return found, nil
}

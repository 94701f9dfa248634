package architecture

import (
	"bytes"
	"fmt"
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Rule is one rule of the house.
type Rule struct {
	Name  string
	Why   string // printed with every failure, says what breaks without the rule
	Check func(*Tree) ([]string, error)
}

// Rules returns every rule, in the order in which they are worth reading.
func Rules() []Rule {
	return []Rule{
		{
			Name:  "imports",
			Why:   "parts meet only at the store; the table in docs/architecture.md is what keeps the flow one-way, so an import is either in it or a mistake",
			Check: CheckImports,
		},
		{
			Name:  "purity",
			Why:   "time, ids and seeds are inputs of the pure packages: that is what lets a failing seed replay exactly, and a plan be tested without a clock",
			Check: CheckPurity,
		},
		{
			Name:  "doc",
			Why:   "a reader opens doc.go first: role, what the package must not do, invariants",
			Check: CheckDoc,
		},
		{
			Name:  "size",
			Why:   "the tail decides how a code base feels: one file per resource per layer, 120 lines by habit, never more than 800",
			Check: CheckSize,
		},
		{
			Name:  "sleep",
			Why:   "a sleeping test is slow when it passes and flaky when it does not; wait on a channel or a condition, inject the clock (only the black box may poll)",
			Check: CheckSleep,
		},
		{
			Name:  "names",
			Why:   "a build must not depend on somebody's registry or somebody's home folder",
			Check: CheckNames,
		},
		{
			Name:  "dependencies",
			Why:   "dependencies are few and each is justified in docs/dependencies.md: what it is for, what it would cost to write, who keeps it",
			Check: CheckDependencies,
		},
	}
}

// CheckDoc finds packages without a doc.go that carries the package comment.
func CheckDoc(t *Tree) ([]string, error) {
	documented := map[string]bool{}
	for _, f := range t.Files {
		if path.Base(f.Path) == "doc.go" && f.AST.Doc != nil && len(f.AST.Doc.Text()) > 40 {
			documented[f.Dir] = true
		}
	}
	var found []string
	for _, dir := range t.Packages() {
		if !documented[dir] {
			found = append(found, dir+": no doc.go with a package comment")
		}
	}
	return found, nil
}

// maxLines is the hard limit of a file that a person wrote.
const maxLines = 800

// CheckSize finds files above maxLines, generated ones excepted.
func CheckSize(t *Tree) ([]string, error) {
	var found []string
	for _, f := range t.Files {
		lines := bytes.Count(f.Src, []byte("\n"))
		if lines > maxLines && !f.Generated() {
			found = append(found, fmt.Sprintf("%s: %d lines, at most %d", f.Path, lines, maxLines))
		}
	}
	return found, nil
}

// blackBox is the only place where tests may wait in real time.
const blackBox = "test/acceptance"

// CheckSleep finds time.Sleep in tests, and in the conformance suites that tests call (packages named …test).
func CheckSleep(t *Tree) ([]string, error) {
	var found []string
	for _, f := range t.Files {
		suite := strings.HasSuffix(f.AST.Name.Name, "test")
		if !f.Test && !suite || within(f.Dir, blackBox) {
			continue
		}
		name := localName(f.AST, "time")
		ast.Inspect(f.AST, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Sleep" {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok && name != "" && id.Name == name {
				found = append(found, t.at(sel.Pos())+": time.Sleep")
			}
			return true
		})
	}
	return found, nil
}

// localName returns the name under which a file knows an imported package, or "" when it does not import it.
func localName(file *ast.File, importPath string) string {
	for _, spec := range file.Imports {
		if strings.Trim(spec.Path.Value, "`\"") != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

// within reports whether a folder is the given one or below it.
func within(dir, parent string) bool { return dir == parent || strings.HasPrefix(dir, parent+"/") }

// The forbidden names are put together here, so that this file does not contain them.
var (
	registryHosts = regexp.MustCompile(`(?i)(^|[^a-z0-9.-])(` + strings.Join([]string{
		`(registry-1|index|hub|auth)\.docker` + `\.(io|com)\b`, // the Debian package of that name has no host part
		`docker` + `\.io[/:"'\x60]`,
		`public\.ecr` + `\.aws`, `[a-z0-9.]*gcr` + `\.io\b`, `quay` + `\.io\b`, `ghcr` + `\.io\b`, `mcr\.microsoft` + `\.com`,
		`registry\.k8s` + `\.io\b`, `proxy\.golang` + `\.org`, `sum\.golang` + `\.org`, `goproxy` + `\.[a-z]+\b`,
		`pypi` + `\.org`, `registry\.npmjs` + `\.org`, `registry\.yarnpkg` + `\.com`, `crates` + `\.io\b`, `rubygems` + `\.org`,
	}, "|") + `)`)
	developerPaths = regexp.MustCompile(`(^|[\s"'=(:,\x60])/(` + `work|root|Users` + `)/`)
)

// CheckNames finds hosts of registries and absolute paths of a developer's machine in the repository's files.
func CheckNames(t *Tree) ([]string, error) {
	names, err := t.TextFiles()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(t.Root, name))
		if err != nil {
			return nil, err
		}
		if bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 {
			continue // not text
		}
		for i, line := range strings.Split(string(data), "\n") {
			if m := registryHosts.FindString(line); m != "" {
				found = append(found, fmt.Sprintf("%s:%d: names the registry %q", name, i+1, strings.TrimSpace(m)))
			}
			if m := developerPaths.FindString(line); m != "" {
				found = append(found, fmt.Sprintf("%s:%d: absolute path %q", name, i+1, strings.TrimSpace(m)))
			}
		}
	}
	return found, nil
}

// CheckDependencies finds modules that are required directly, or imported, or used as a tool, and are not named in
// docs/dependencies.md.
func CheckDependencies(t *Tree) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(t.Root, "docs", "dependencies.md"))
	if err != nil {
		return []string{"docs/dependencies.md is missing"}, nil
	}
	needed := map[string]bool{}
	for _, r := range t.Mod.Require {
		if !r.Indirect {
			needed[r.Mod.Path] = true
		}
	}
	mark := func(importPath string) {
		if module := t.moduleOf(importPath); module != "" {
			needed[module] = true
		}
	}
	for _, f := range t.Files {
		for _, p := range f.Imports() {
			mark(p)
		}
	}
	for _, tool := range t.Mod.Tool {
		mark(tool.Path)
	}
	var found []string
	for module := range needed {
		named := regexp.MustCompile(`(^|[^\w./-])` + regexp.QuoteMeta(module) + `($|[^\w./-]|\.(\s|$))`)
		if !named.Match(text) {
			found = append(found, "docs/dependencies.md does not name "+module)
		}
	}
	slices.Sort(found)
	return found, nil
}

// moduleOf returns the required module that holds a package, or "" for packages of the standard library and of ours.
func (t *Tree) moduleOf(importPath string) string {
	best := ""
	for _, r := range t.Mod.Require {
		if within(importPath, r.Mod.Path) && len(r.Mod.Path) > len(best) {
			best = r.Mod.Path
		}
	}
	return best
}

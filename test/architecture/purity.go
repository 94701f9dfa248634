package architecture

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// purePackages contain no clock, randomness, goroutine, I/O or logging, and let no map order decide.
var purePackages = []string{"ecs", "state", "command", "placement", "reconcile"}

// impureImports are packages (with all below them) that a pure package must not import.
var impureImports = []string{
	"math/rand", "crypto/rand", "os", "io/ioutil", "io/fs", "net", "log", "syscall", "runtime", "plugin",
	"testing", "context", "golang.org/x/sys", "database/sql",
}

// pureExceptions lie below impureImports and do nothing impure.
var pureExceptions = []string{"net/netip", "net/url", "net/mail", "net/textproto"}

// impureFuncs are functions of otherwise harmless packages.
var impureFuncs = map[string][]string{
	"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "LoadLocation", "Local"},
	"fmt":  {"Print", "Println", "Printf", "Scan", "Scanln", "Scanf"},
	"path/filepath": {
		"Walk", "WalkDir", "Glob", "Abs", "EvalSymlinks",
	},
	"github.com/google/uuid": {"New", "NewString", "NewRandom", "NewUUID", "NewV6", "NewV7", "Must", "NewDCEGroup", "NewDCEPerson"},
}

// unorderedMark on the line of a loop over a map, or above it, says with its reason that the order cannot be seen.
const unorderedMark = "//berth:unordered "

// typed is one package with everything the purity rule looks at.
type typed struct {
	fset  *token.FileSet
	files []*ast.File
	info  *types.Info
	root  string // stripped from positions
}

// CheckPurity type-checks the pure packages of the tree and finds what they must not do. Tests are not looked at.
func CheckPurity(t *Tree) ([]string, error) {
	var patterns []string
	for _, pkg := range purePackages {
		if slices.ContainsFunc(t.Packages(), func(dir string) bool { return within(dir, pkg) }) {
			patterns = append(patterns, "./"+pkg+"/...")
		}
	}
	if len(patterns) == 0 {
		return nil, nil
	}
	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax, Dir: t.Root}, patterns...)
	if err != nil {
		return nil, fmt.Errorf("load %v: %w", patterns, err)
	}
	var found []string
	for _, pkg := range loaded {
		for _, e := range pkg.Errors {
			found = append(found, fmt.Sprintf("%s: cannot be checked: %v", pkg.PkgPath, e))
		}
		found = append(found, impurities(typed{pkg.Fset, pkg.Syntax, pkg.TypesInfo, t.Root})...)
	}
	return found, nil
}

// impurities lists everything impure in one package.
func impurities(p typed) []string {
	var found []string
	report := func(pos token.Pos, format string, args ...any) {
		at := p.fset.Position(pos)
		name := at.Filename
		if rel, err := filepath.Rel(p.root, name); err == nil && p.root != "" {
			name = filepath.ToSlash(rel)
		}
		found = append(found, fmt.Sprintf("%s:%d: %s", name, at.Line, fmt.Sprintf(format, args...)))
	}
	for _, file := range p.files {
		marked := markedLines(p.fset, file)
		// Generated codecs write maps in any order: bytes of a stored record decide nothing.
		codec := ast.IsGenerated(file)
		for _, spec := range file.Imports {
			if name := strings.Trim(spec.Path.Value, "`\""); impureImport(name) {
				report(spec.Pos(), "imports %s", name)
			}
		}
		ordered := orderedKeys(p.info, file)
		var stack []ast.Node
		ast.Inspect(file, func(n ast.Node) bool {
			if n == nil {
				stack = stack[:len(stack)-1]
				return true
			}
			stack = append(stack, n)
			switch n := n.(type) {
			case *ast.GoStmt:
				report(n.Pos(), "starts a goroutine")
			case *ast.SelectorExpr:
				if what := impureUse(p.info, n); what != "" {
					report(n.Pos(), "uses %s", what)
				}
				if !codec && mapIterator(p.info, n) && !ordered[n] && !marked[p.fset.Position(n.Pos()).Line] {
					report(n.Pos(), "%s in map order; sort it at once with slices.Sorted", types.ExprString(n))
				}
			case *ast.RangeStmt:
				function := innermostFunction(stack)
				if !codec && rangesOverMap(p.info, n) && !marked[p.fset.Position(n.Pos()).Line] && !orderFree(p.info, n, function) {
					report(n.Pos(), "loops over the map %s in an order that may be seen; sort the keys, or write %s<reason>",
						types.ExprString(n.X), unorderedMark)
				}
			}
			return true
		})
	}
	return found
}

func impureImport(name string) bool {
	if slices.ContainsFunc(pureExceptions, func(p string) bool { return within(name, p) }) {
		return false
	}
	return slices.ContainsFunc(impureImports, func(p string) bool { return within(name, p) })
}

// impureUse names the forbidden function or variable that a selector refers to, or returns "".
func impureUse(info *types.Info, sel *ast.SelectorExpr) string {
	obj := info.Uses[sel.Sel]
	if obj == nil || obj.Pkg() == nil || obj.Parent() != obj.Pkg().Scope() {
		return "" // a method or field: time.Time.After compares, time.After waits
	}
	if slices.Contains(impureFuncs[obj.Pkg().Path()], obj.Name()) {
		return obj.Pkg().Name() + "." + obj.Name()
	}
	return ""
}

// markedLines returns the lines that carry the mark with a reason, and the lines below them.
func markedLines(fset *token.FileSet, file *ast.File) map[int]bool {
	lines := map[int]bool{}
	for _, group := range file.Comments {
		for _, c := range group.List {
			reason, ok := strings.CutPrefix(c.Text, unorderedMark)
			if ok && strings.TrimSpace(reason) != "" {
				line := fset.Position(c.Pos()).Line
				lines[line], lines[fset.Position(group.End()).Line+1] = true, true
			}
		}
	}
	return lines
}

func innermostFunction(stack []ast.Node) ast.Node {
	for _, n := range slices.Backward(stack) {
		switch n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			return n
		}
	}
	return nil
}

package architecture

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// File is one Go source file of a Tree.
type File struct {
	Path string // from the module's root, with slashes
	Dir  string // folder of Path; "." for the root
	Test bool   // name ends in _test.go
	AST  *ast.File
	Src  []byte
}

// Generated reports whether the file says of itself that a program wrote it.
func (f *File) Generated() bool { return ast.IsGenerated(f.AST) }

// Imports returns the import paths of the file, in order of appearance.
func (f *File) Imports() []string {
	var paths []string
	for _, spec := range f.AST.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, "`\""))
	}
	return paths
}

// Tree is the parsed source of one module.
type Tree struct {
	Root   string // absolute path of the folder with go.mod
	Module string // module path
	Mod    *modfile.File
	Fset   *token.FileSet
	Files  []*File // sorted by Path
}

// skipped are folders that hold no sources of ours.
var skipped = []string{".git", ".work", "bin", "testdata", "vendor", "node_modules"}

// LoadTree parses every Go file below root, which must hold a go.mod. A file that does not parse is an error.
func LoadTree(root string) (*Tree, error) {
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, fmt.Errorf("read go.mod: %w", err)
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return nil, fmt.Errorf("parse go.mod: %w", err)
	}
	t := &Tree{Root: root, Module: mod.Module.Mod.Path, Mod: mod, Fset: token.NewFileSet()}
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != root && slices.Contains(skipped, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		return t.parse(name)
	})
	if err != nil {
		return nil, fmt.Errorf("load sources: %w", err)
	}
	return t, nil
}

func (t *Tree) parse(name string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(t.Root, name)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	file, err := parser.ParseFile(t.Fset, rel, src, parser.ParseComments)
	if err != nil {
		return err
	}
	t.Files = append(t.Files, &File{
		Path: rel, Dir: path.Dir(rel), Test: strings.HasSuffix(rel, "_test.go"), AST: file, Src: src,
	})
	return nil
}

// Packages returns the folders that hold Go files other than tests, sorted.
func (t *Tree) Packages() []string {
	var dirs []string
	for _, f := range t.Files {
		if !f.Test {
			dirs = append(dirs, f.Dir)
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// TextFiles returns the paths of all files that belong to the repository: what git tracks or would track, or, without git,
// everything below the root except skipped folders.
func (t *Tree) TextFiles() ([]string, error) {
	cmd := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = t.Root
	if out, err := cmd.Output(); err == nil && len(out) > 0 {
		names := strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
		return slices.DeleteFunc(names, func(name string) bool {
			info, err := os.Lstat(filepath.Join(t.Root, name))
			return err != nil || !info.Mode().IsRegular()
		}), nil
	}
	var names []string
	err := filepath.WalkDir(t.Root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != t.Root && slices.Contains([]string{".git", ".work", "bin"}, entry.Name()) {
			return filepath.SkipDir
		}
		if entry.Type().IsRegular() {
			rel, err := filepath.Rel(t.Root, name)
			if err != nil {
				return err
			}
			names = append(names, filepath.ToSlash(rel))
		}
		return nil
	})
	return names, err
}

// at renders a position as path:line.
func (t *Tree) at(pos token.Pos) string {
	p := t.Fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

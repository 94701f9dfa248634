package architecture

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const fixtureMod = "module house\n\ngo 1.24\n"

// fixture writes files (path → text) into a new folder and loads it as a tree. A go.mod is added when there is none.
func fixture(t *testing.T, files map[string]string) *Tree {
	t.Helper()
	root := t.TempDir()
	if _, ok := files["go.mod"]; !ok {
		files["go.mod"] = fixtureMod
	}
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := LoadTree(root)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// wants checks the findings of a rule: one for each want, containing it, in any order, and no other.
func wants(t *testing.T, check func(*Tree) ([]string, error), tree *Tree, want ...string) {
	t.Helper()
	found, err := check(tree)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(want) {
		t.Errorf("%d findings, want %d:\n%s", len(found), len(want), strings.Join(found, "\n"))
	}
	all := strings.Join(found, "\n")
	for _, w := range want {
		if !strings.Contains(all, w) {
			t.Errorf("no finding says %q; found:\n%s", w, all)
		}
	}
}

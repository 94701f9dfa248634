package architecture

import (
	"path/filepath"
	"testing"
)

// TestArchitecture holds every rule against the repository.
func TestArchitecture(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := LoadTree(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			found, err := rule.Check(tree)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				t.Error(f)
			}
			if len(found) > 0 {
				t.Logf("why this rule: %s", rule.Why)
			}
		})
	}
}

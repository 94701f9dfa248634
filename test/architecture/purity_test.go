package architecture

import "testing"

func TestPurityFails(t *testing.T) {
	tree := fixture(t, map[string]string{
		"ecs/imports.go": "package ecs\nimport (\n_ \"math/rand/v2\"\n_ \"os\"\n_ \"log/slog\"\n_ \"net/http\"\n_ \"net/netip\"\n_ \"strings\"\n)\n",
		"command/clock.go": `package command
import "time"
func f(t time.Time) bool { return t.After(t) }
func g() time.Time { return time.Now() }
var h = time.Since
func i() { go g() }
`,
		"state/clock_test.go": "package state\nimport \"time\"\nvar _ = time.Now\n",
		"state/a.go":          "package state\n",
		"store/a.go":          "package store\nimport \"time\"\nvar _ = time.Now\n",
	})
	wants(t, CheckPurity, tree,
		"ecs/imports.go:3: imports math/rand/v2", "ecs/imports.go:4: imports os", "ecs/imports.go:5: imports log/slog",
		"ecs/imports.go:6: imports net/http",
		"command/clock.go:4: uses time.Now", "command/clock.go:5: uses time.Since", "command/clock.go:6: starts a goroutine",
	)
}

func TestPurityFailsOnMapOrder(t *testing.T) {
	tree := fixture(t, map[string]string{"placement/order.go": `package placement

import (
	"maps"
	"slices"
	"sort"
)

type named map[string]int

func first(m named) string {
	for k := range m { // line 12
		return k
	}
	return ""
}

func collected(m map[string]int) (keys []string) {
	for k, v := range m {
		if v == 0 {
			continue
		}
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func unsorted(m map[string]int) (keys []string) {
	for k := range m { // line 30
		keys = append(keys, k)
	}
	return keys
}

func sortedTooEarly(m map[string]int) (keys []string) {
	slices.Sort(keys)
	for k := range m { // line 38
		keys = append(keys, k)
	}
	return keys
}

func inverted(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k] = v
	}
	for k, v := range m { // line 49
		out[v] = k
	}
	return out
}

func sums(m map[string]int, f map[string]float64) (n int, x float64) {
	for _, v := range m {
		n += v
	}
	for _, v := range f { // line 59
		x += v
	}
	return n, x
}

func marked(m map[string]int, f func(string)) {
	//berth:unordered f only sets a bit
	for k := range m {
		f(k)
	}
	//berth:unordered
	for k := range m { // line 71
		f(k)
	}
}

func iterators(m map[string]int) ([]string, []string) {
	return slices.Sorted(maps.Keys(m)), slices.Collect(maps.Keys(m)) // line 77
}

func slice(s []int, f func(int)) {
	for _, v := range s {
		f(v)
	}
}
`})
	wants(t, CheckPurity, tree,
		"order.go:12:", "order.go:30:", "order.go:38:", "order.go:49:", "order.go:59:", "order.go:71:", "order.go:77: maps.Keys")
}

func TestPurityFailsOnBrokenPackage(t *testing.T) {
	tree := fixture(t, map[string]string{"reconcile/a.go": "package reconcile\nvar x int = \"text\"\n"})
	found, err := CheckPurity(tree)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Error("a package that does not compile passed")
	}
}

package state

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPackedIdentifiersKeepFormAndOrder(t *testing.T) {
	id := rapid.StringMatching("[0-9a-f]{32}")
	rapid.Check(t, func(t *rapid.T) {
		a, b := id.Draw(t, "a"), id.Draw(t, "b")
		if rapid.Bool().Draw(t, "close") {
			b = a[:31] + b[31:]
		}
		x, okX := pack(a)
		y, okY := pack(b)
		if !okX || !okY || x.String() != a || y.String() != b || packedLess(x, y) != (a < b) {
			t.Fatalf("%s is %v, %s is %v", a, x, b, y)
		}
	})
	for _, odd := range []string{"", "1", strings.Repeat("g", 32), strings.Repeat("A", 32), strings.Repeat("1", 33), strings.Repeat("1", 31) + "/"} {
		if n, ok := pack(odd); ok {
			t.Errorf("%q was packed as %v", odd, n)
		}
	}
}

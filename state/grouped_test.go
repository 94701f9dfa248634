package state

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

func list(each func(func(a, b, id string) bool)) []string {
	var all []string
	each(func(a, b, id string) bool {
		all = append(all, a+"/"+b+"/"+id)
		return true
	})
	return all
}

// TestGroupedIsAnIndex makes the same random changes to both kinds of index. Copies are taken on the way, changed on their own, and
// read by others while the original goes on; each must keep what it had.
func TestGroupedIsAnIndex(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	x, flat := newGrouped(), newIndex()
	type kept struct {
		copy grouped
		want []string
	}
	var copies []kept
	var readers sync.WaitGroup
	defer readers.Wait()
	for step := range 20_000 {
		a, b, id := fmt.Sprint("a", random.IntN(3)), fmt.Sprint("b", random.IntN(4)), fmt.Sprintf("%04d", random.IntN(300))
		if random.IntN(3) > 0 { // of the usual form, in one cluster nothing else
			id = fmt.Sprintf("%04d%028x", random.IntN(300), 7)
		} else if a == "a0" {
			id = fmt.Sprintf("%032x", random.IntN(300))
		}
		if random.IntN(2) == 0 {
			x.add(a, b, id)
			flat.add(a, b, id)
		} else {
			x.drop(a, b, id)
			flat.drop(a, b, id)
		}
		if step%1000 == 500 {
			k := kept{x.copy(), list(flat.each)}
			copies = append(copies, k)
			readers.Go(func() {
				if got := list(k.copy.each); !slices.Equal(got, k.want) {
					t.Errorf("a copy shows %d entries, %d were taken", len(got), len(k.want))
				}
			})
		}
	}
	want := list(flat.each)
	if got := list(x.each); !slices.Equal(got, want) || len(got) < 100 {
		t.Fatalf("%d entries, want %d", len(got), len(want))
	}
	readers.Wait()
	for _, k := range copies {
		branch := k.copy.copy()
		branch.add("a0", "b0", "only in the branch")
		branch.drop("a1", "b1", "0001")
		if got := list(k.copy.each); !slices.Equal(got, k.want) {
			t.Fatal("a copy changed afterwards")
		}
	}
	if got := list(x.each); !slices.Equal(got, want) {
		t.Fatal("the original changed with a copy")
	}
}

func TestGroupedScansFromAndKeepsNoEmptyGroup(t *testing.T) {
	x := newGrouped()
	for _, id := range []string{"1", "2", "3"} {
		x.add("a", "b", id)
	}
	x.add("a", "c", "9")
	for after, want := range map[string][]string{"": {"1", "2", "3"}, "1": {"2", "3"}, "15": {"2", "3"}, "3": nil} {
		var got []string
		x.scan("a", "b", after, func(id string) bool {
			got = append(got, id)
			return true
		})
		if !slices.Equal(got, want) {
			t.Errorf("after %q: %v, want %v", after, got, want)
		}
	}
	calls := 0
	x.scan("a", "b", "", func(string) bool { calls++; return false })
	x.scan("a", "unknown", "", func(string) bool { calls++; return false })
	x.each(func(_, _, _ string) bool { calls++; return false })
	if calls != 2 {
		t.Errorf("%d calls after fn said to stop, want 2", calls)
	}
	x.drop("a", "c", "9")
	x.drop("a", "c", "9")
	if n := x.groups.Len(); n != 1 {
		t.Errorf("%d groups, want 1", n)
	}
}

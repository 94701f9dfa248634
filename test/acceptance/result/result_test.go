package result

import (
	"path/filepath"
	"reflect"
	"testing"
)

func TestAppendRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	want := []Check{
		{ID: "S002", Title: "second", Test: "TestS002", Status: Passed, Seconds: 1.5, Operations: map[string][]string{"RunTask": {"", "ClientException"}}},
		{ID: "S010", Title: "tenth", Test: "TestS010", Status: Failed},
		{ID: "A-auth-x", Title: "own", Test: "TestAuthX", Status: Skipped},
	}
	for _, i := range []int{2, 1, 0} {
		if err := Append(path, want[i]); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, want %+v", got, want)
	}
}

package fake_test

import (
	"testing"

	"berth/agent/runtime/fake"
	"berth/agent/runtime/runtimetest"
)

func TestContract(t *testing.T) {
	runtimetest.Run(t, runtimetest.Harness{
		Runtime: fake.New(),
		Image:   "any",
		Exit:    func(code string) []string { return []string{"exit", code} },
		Sleep:   []string{"sleep"},
		Trap:    func(code string) []string { return []string{"trap", code} },
		Ignore:  []string{"ignore"},
	})
}

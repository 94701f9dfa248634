package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"berth/api/ecs/wire/internal/facts"
)

// TestGeneratedFilesAreCurrent fails when facts or the generator changed and go generate was not run.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	model, err := facts.Load("../../facts.json", "../../facts_later.json")
	if err != nil {
		t.Fatal(err)
	}
	files, err := generate(model)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes now: run go generate ./api/ecs/wire", name)
		}
	}
}

func TestTableThatContradictsItself(t *testing.T) {
	for name, tt := range map[string]struct{ base, want string }{
		"dangling":       {`{"structures":{"A":[{"name":"x","type":"Nowhere"}]}}`, "Nowhere"},
		"cyclic":         {`{"structures":{"A":[{"name":"x","type":"L"}]},"lists":{"L":{"element":"A"}}}`, "contains itself"},
		"twice":          {`{"structures":{"A":[{"name":"x","type":"string"},{"name":"x","type":"string"}]}}`, "twice"},
		"value twice":    {`{"enums":{"E":["A","A"]}}`, "twice"},
		"unknown member": {`{"structure":{}}`, "parse"},
		"same constant":  {`{"enums":{"E":["A","a-"]},"structures":{"EA":[]}}`, "needed twice"},
		"shared input": {`{"operations":{"A":{"input":"I","output":"O","errors":[]},"B":{"input":"I","output":"O","errors":[]}},
			"structures":{"I":[],"O":[]}}`, "shares"},
	} {
		path := t.TempDir() + "/facts.json"
		if err := os.WriteFile(path, []byte(tt.base), 0o600); err != nil {
			t.Fatal(err)
		}
		model, err := facts.Load(path)
		if err == nil {
			_, err = generate(model)
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestConstantName(t *testing.T) {
	for _, tt := range [][3]string{
		{"LaunchType", "MANAGED_INSTANCES", "LaunchTypeManagedInstances"},
		{"LogDriver", "json-file", "LogDriverJsonFile"},
		{"PlacementConstraintType", "distinctInstance", "PlacementConstraintTypeDistinctInstance"},
		{"CPUArchitecture", "X86_64", "CPUArchitectureX8664"},
	} {
		if got := constantName(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%s %s: got %s, want %s", tt[0], tt[1], got, tt[2])
		}
	}
}

package ecs

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestNormalizeTaskSizes(t *testing.T) {
	for _, c := range []struct{ cpu, memory, wantCPU, wantMemory string }{
		{"", "", "", ""},
		{"1024", "2048", "1024", "2048"},
		{"1 vCPU", "2 GB", "1024", "2048"},
		{"1 vcpu", "2GB", "1024", "2048"},
		{".5 vCPU", "0.5gb", "512", "512"},
		{"0.25 vCPU", "0.5 GB", "256", "512"},
		{" 256 ", "1  GB", "256", "1024"},
		{"0256", "30 GB", "256", "30720"},
	} {
		cpu, errCPU := NormalizeTaskCPU(c.cpu)
		memory, errMemory := NormalizeTaskMemory(c.memory)
		if errCPU != nil || errMemory != nil || cpu != c.wantCPU || memory != c.wantMemory {
			t.Errorf("%q, %q: got %q %v, %q %v", c.cpu, c.memory, cpu, errCPU, memory, errMemory)
		}
	}
}

func TestUnreadableSizeComesFirst(t *testing.T) {
	for _, cpu := range []string{"one", "2.vcpu", "-1", "1 GB", "1e3", "vCPU", "1 vCPUs", "99999999999", "9999999 vcpu"} {
		d := &TaskDefinition{CPU: cpu} // wrong in every other way, too
		refused(t, CompleteTaskDefinition(d), "InvalidParameterException", invalidTaskCPU)
	}
	if err := CompleteTaskDefinition(&TaskDefinition{Memory: "1 vCPU"}); err == nil || err.(*Error).Code != "InvalidParameterException" {
		t.Errorf("memory of 1 vCPU: %v", err)
	}
}

func TestParseTaskCPUReadsEveryWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.Int64Range(1, 196608).Draw(t, "units")
		exact := strconv.FormatFloat(float64(units)/UnitsPerVCPU, 'f', -1, 64)
		if got, err := ParseTaskCPU(exact + " vCPU"); err != nil || got != units {
			t.Fatalf("%s vCPU: %d %v, want %d", exact, got, err, units)
		}
	})
}

package ecs

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// UnitsPerVCPU is the number of CPU units in one vCPU. ECS: features.md C44.
const UnitsPerVCPU = 1024

var (
	plainNumber = regexp.MustCompile(`^[0-9]{1,10}$`)
	cpuWords    = regexp.MustCompile(`^([0-9]*\.?[0-9]+) *vcpu$`)
	memoryWords = regexp.MustCompile(`^([0-9]*\.?[0-9]+) *gb$`)
)

// ParseTaskCPU reads a task size such as "1024", "1 vCPU" or ".5 vcpu" as CPU units (semantics.md 3.1). Text it cannot read is
// an InvalidParameterException; the range is not checked here.
func ParseTaskCPU(s string) (int64, error) {
	if units, ok := parseSize(s, cpuWords, UnitsPerVCPU); ok {
		return units, nil
	}
	return 0, InvalidParameterf("%s", invalidTaskCPU)
}

// ParseTaskMemory reads a task size such as "2048", "2 GB" or "0.5gb" as MiB (semantics.md 3.1). Text it cannot read is an
// InvalidParameterException; the range is not checked here.
func ParseTaskMemory(s string) (int64, error) {
	if mib, ok := parseSize(s, memoryWords, 1024); ok {
		return mib, nil
	}
	return 0, InvalidParameterf("Invalid 'memory' setting for task. " +
		"For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.")
}

const invalidTaskCPU = "Invalid 'cpu' setting for task. " +
	"For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."

// parseSize reads a whole number of small units, or a decimal number of big ones followed by their name. Part units are rounded.
func parseSize(s string, words *regexp.Regexp, perBig float64) (int64, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if plainNumber.MatchString(s) {
		n, err := strconv.ParseInt(s, 10, 64)
		return n, err == nil
	}
	m := words.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	big, err := strconv.ParseFloat(m[1], 64)
	if err != nil || big > 1e6 {
		return 0, false
	}
	return int64(math.Round(big * perBig)), true
}

// NormalizeTaskCPU turns a size into the unit string ECS stores and echoes ("1 vCPU" into "1024"); "" stays "".
func NormalizeTaskCPU(s string) (string, error) { return normalizeSize(s, ParseTaskCPU) }

// NormalizeTaskMemory turns a size into the unit string ECS stores and echoes ("2 GB" into "2048"); "" stays "".
func NormalizeTaskMemory(s string) (string, error) { return normalizeSize(s, ParseTaskMemory) }

func normalizeSize(s string, parse func(string) (int64, error)) (string, error) {
	if s == "" {
		return "", nil
	}
	n, err := parse(s)
	if err != nil {
		return "", err
	}
	return strconv.FormatInt(n, 10), nil
}

// CPUUnits is the task-level cpu in units, 0 when none was given. The definition must be normalized.
func (d *TaskDefinition) CPUUnits() int64 { return sizeOf(d.CPU, ParseTaskCPU) }

// MemoryMiB is the task-level memory, 0 when none was given. The definition must be normalized.
func (d *TaskDefinition) MemoryMiB() int64 { return sizeOf(d.Memory, ParseTaskMemory) }

// sizeOf reads a size known to be readable; "" and, against the rules, nonsense are 0.
func sizeOf(s string, parse func(string) (int64, error)) int64 {
	if s == "" { // most definitions; each placement asks
		return 0
	}
	n, err := parse(s)
	if err != nil {
		return 0
	}
	return n
}

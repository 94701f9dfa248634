package placement

import (
	"strings"

	"berth/ecs"
)

// levelKind is what a strategy compares.
type levelKind uint8

const (
	byTasksOnInstance levelKind = iota + 1
	byTasksInBucket
	byFreeCPU
	byFreeMemory
)

// level is a strategy as placement works with it. Random narrows nothing and is no level.
type level struct {
	kind      levelKind
	attribute string // of byTasksInBucket
}

func levels(strategies []Strategy) []level {
	var out []level
	for _, s := range strategies {
		name, byAttribute := strings.CutPrefix(s.Field, "attribute:")
		switch {
		case s.Type == Binpack && strings.EqualFold(s.Field, "cpu"):
			out = append(out, level{kind: byFreeCPU})
		case s.Type == Binpack:
			out = append(out, level{kind: byFreeMemory})
		case s.Type == Spread && byAttribute:
			out = append(out, level{byTasksInBucket, name})
		case s.Type == Spread:
			out = append(out, level{kind: byTasksOnInstance})
		}
	}
	return out[:min(len(out), maxLevels)]
}

// value is the bucket an instance is in: those without the attribute share one.
func (l level) value(i *ecs.Instance) string {
	v, _ := i.Attribute(l.attribute)
	return v
}

// weigh is the part of an instance's key that depends on the instance alone; buckets count elsewhere.
func (l level) weigh(group string, c candidate) int64 {
	switch l.kind {
	case byTasksOnInstance:
		return int64(c.usage.GroupTasks(group))
	case byFreeCPU:
		return c.freeCPU()
	case byFreeMemory:
		return c.freeMemory()
	}
	return 0
}

// pick chooses among n equals, which have a rank in the order of their names. Each question has the same answer everywhere, every
// rank is as likely as the others over many seeds, and the choices of successive levels do not depend on each other.
func pick(seed uint64, depth, n int) int {
	return int(mix(seed+uint64(depth+1)*0x9e3779b97f4a7c15) % uint64(n))
}

// mix spreads the bits of a number (the finalizer of MurmurHash3).
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// textHash is FNV-1a; what uses it mixes the result, because FNV lets the last characters change low bits only.
func textHash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

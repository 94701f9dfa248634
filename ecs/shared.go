package ecs

import "time"

// Time is milliseconds since the Unix epoch; zero means "not set". ECS never shows a finer precision (semantics.md 1.1).
type Time int64

// TimeOf converts a wall-clock time.
func TimeOf(t time.Time) Time { return Time(t.UnixMilli()) }

// Std converts to a wall-clock time in UTC.
func (t Time) Std() time.Time { return time.UnixMilli(int64(t)).UTC() }

// Add returns the time d later.
func (t Time) Add(d time.Duration) Time { return t + Time(d.Milliseconds()) }

// Tag is a key with an optional value. ECS: at most 50 of a resource's own, features.md A.2.
type Tag struct {
	Key   string `msg:"k"`
	Value string `msg:"v"`
}

// Setting is a named setting of a cluster, such as containerInsights.
type Setting struct {
	Name  string `msg:"n"`
	Value string `msg:"v"`
}

// Attribute is a name with an optional value, on an instance or required by a task definition.
type Attribute struct {
	Name       string `msg:"n"`
	Value      string `msg:"v,omitempty"`
	TargetType string `msg:"t,omitempty"`
	TargetID   string `msg:"i,omitempty"`
}

// KeyValue is an environment variable or another ordered pair.
type KeyValue struct {
	Name  string `msg:"n"`
	Value string `msg:"v"`
}

// Protocol is tcp or udp.
type Protocol string

// The two transport protocols of a port mapping.
const (
	TCP Protocol = "tcp"
	UDP Protocol = "udp"
)

// HostPort is a port of an instance with its protocol: the key under which ECS reserves ports (semantics.md 4.3).
type HostPort struct {
	Port     uint16   `msg:"p"`
	Protocol Protocol `msg:"r"`
}

// Reservation is what a task takes from its instance while it is meant to run: CPU in units (1024 a vCPU), memory in MiB,
// static host ports, whole GPUs.
type Reservation struct {
	CPUUnits  int64      `msg:"c"`
	MemoryMiB int64      `msg:"m"`
	Ports     []HostPort `msg:"p,omitempty"`
	GPUs      int64      `msg:"g,omitempty"`
}

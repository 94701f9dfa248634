package ecs

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestTaskReservation(t *testing.T) {
	container := func(name string, cpu, memory, reservation int32) change {
		return with(name, func(c *ContainerDefinition) {
			c.CPUUnits, c.MemoryMiB, c.MemoryReservationMiB = cpu, memory, reservation
		})
	}
	override := func(o ContainerOverride) *TaskOverride {
		o.Name = "app"
		return &TaskOverride{Containers: []ContainerOverride{o}}
	}
	gpu := app(func(c *ContainerDefinition) { c.ResourceRequirements = []ResourceRequirement{{"GPU", "2"}} })
	for _, c := range []struct {
		name      string
		def       *TaskDefinition
		overrides *TaskOverride
		want      Reservation
	}{
		{"one container", plain(), nil, Reservation{MemoryMiB: 64}},
		{"sum, reservation before memory", plain(container("b", 100, 512, 128), container("c", 28, 0, 32)), nil,
			Reservation{CPUUnits: 128, MemoryMiB: 64 + 128 + 32}},
		{"task size", plain(container("b", 100, 512, 128), size("256", "1024")), nil, Reservation{CPUUnits: 256, MemoryMiB: 1024}},
		{"task memory alone", plain(container("b", 100, 512, 128), size("", "1024")), nil, Reservation{CPUUnits: 100, MemoryMiB: 1024}},
		{"container overrides", plain(), override(ContainerOverride{CPU: p[int32](50), MemoryMiB: p[int32](128)}),
			Reservation{CPUUnits: 50, MemoryMiB: 128}},
		{"reservation override", plain(), override(ContainerOverride{MemoryReservationMiB: p[int32](32)}), Reservation{MemoryMiB: 32}},
		{"task override", plain(size("256", "1024")), &TaskOverride{CPU: "512", Memory: "2048"}, Reservation{CPUUnits: 512, MemoryMiB: 2048}},
		{"fixed ports", plain(ports(PortMapping{ContainerPort: 80, HostPort: 8080}, PortMapping{ContainerPort: 81},
			PortMapping{ContainerPort: 53, HostPort: 53, Protocol: UDP})), nil, Reservation{MemoryMiB: 64, Ports: []HostPort{{8080, TCP}, {53, UDP}}}},
		{"host ports", plain(mode(NetworkHost), ports(PortMapping{ContainerPort: 80})), nil,
			Reservation{MemoryMiB: 64, Ports: []HostPort{{80, TCP}}}},
		{"awsvpc ports", plain(mode(NetworkAWSVPC), ports(PortMapping{ContainerPort: 80})), nil, Reservation{MemoryMiB: 64}},
		{"gpu", plain(gpu), nil, Reservation{MemoryMiB: 64, GPUs: 2}},
		{"gpu override", plain(gpu), override(ContainerOverride{ResourceRequirements: []ResourceRequirement{{"GPU", "1"}}}),
			Reservation{MemoryMiB: 64, GPUs: 1}},
	} {
		if err := CompleteTaskDefinition(c.def); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := ValidateOverrides(c.def, c.overrides); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := TaskReservation(c.def, c.overrides); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestValidateOverrides(t *testing.T) {
	one := func(o ContainerOverride) *TaskOverride { return &TaskOverride{Containers: []ContainerOverride{o}} }
	def := plain(size("", "512"), app(func(c *ContainerDefinition) { c.MemoryReservationMiB = 32 }))
	for _, c := range []struct {
		name    string
		o       *TaskOverride
		message string
	}{
		{"nothing", nil, ""},
		{"empty", &TaskOverride{Containers: []ContainerOverride{}}, ""},
		{"named only", one(ContainerOverride{Name: "app"}), ""},
		{"no name", one(ContainerOverride{Command: []string{"x"}, HasCommand: true}), "Container override is missing the name of the container."},
		{"unknown", one(ContainerOverride{Name: "db"}), "Override for container named db is not a container in the TaskDefinition."},
		{"twice", &TaskOverride{Containers: []ContainerOverride{{Name: "app"}, {Name: "app"}}}, "Container app is overridden more than once."},
		{"memory 5", one(ContainerOverride{Name: "app", MemoryMiB: p[int32](5)}), "Invalid setting for container 'app'. 'memory' must be at least 6 MiB."},
		{"memory below reservation", one(ContainerOverride{Name: "app", MemoryMiB: p[int32](31)}),
			"Invalid setting for container 'app'. 'memory' must be greater than or equal to 'memoryReservation' if both are provided."},
		{"memory above the task's", one(ContainerOverride{Name: "app", MemoryMiB: p[int32](513)}),
			"The 'memory' setting for container 'app' is greater than for the task."},
		{"task memory raised", &TaskOverride{Memory: "1024", Containers: []ContainerOverride{{Name: "app", MemoryMiB: p[int32](513)}}}, ""},
		{"cpu", one(ContainerOverride{Name: "app", CPU: p[int32](-1)}), "Invalid 'cpu' setting for container 'app'."},
		{"gpu", one(ContainerOverride{Name: "app", ResourceRequirements: []ResourceRequirement{{"GPU", "x"}}}),
			"Invalid GPU requirement 'x' for container 'app'."},
		{"file", one(ContainerOverride{Name: "app", EnvironmentFiles: []EnvironmentFile{{"x", "s3"}}}), "Invalid arn syntax"},
		{"task cpu", &TaskOverride{CPU: "64"}, invalidTaskCPU},
		{"task cpu in words", &TaskOverride{CPU: "1 vCPU", Memory: "2 GB"}, ""},
		{"unreadable task cpu", &TaskOverride{CPU: "much"}, invalidTaskCPU},
		{"unreadable task memory", &TaskOverride{Memory: "much"}, "Invalid 'memory' setting for task. " +
			"For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."},
		{"device", &TaskOverride{InferenceAccelerator: []InferenceAcceleratorOverride{{"d", "t"}}}, "Unknown inference accelerator 'd'."},
		{"storage", &TaskOverride{EphemeralStorageGiB: 5}, "EphemeralStorage size should be at least 21"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code := "InvalidParameterException"
			if c.message == "" {
				code = ""
			}
			refused(t, ValidateOverrides(def, c.o), code, c.message)
		})
	}
}

func TestEffectiveEnvironment(t *testing.T) {
	base := []KeyValue{{"A", "1"}, {"B", "2"}}
	c := ContainerDefinition{Environment: base, Command: []string{"run"}}
	e := c.Effective(&ContainerOverride{Environment: []KeyValue{{"C", "3"}, {"A", "9"}}})
	if want := []KeyValue{{"A", "9"}, {"B", "2"}, {"C", "3"}}; !slices.Equal(e.Environment, want) {
		t.Errorf("environment %v, want %v", e.Environment, want)
	}
	if base[0].Value != "1" || !slices.Equal(e.Command, c.Command) {
		t.Errorf("definition changed: %v, command %v", base, e.Command)
	}
	if e = c.Effective(&ContainerOverride{HasCommand: true}); len(e.Command) != 0 {
		t.Errorf("an empty command did not replace: %v", e.Command)
	}
}

// Merging keeps every name once, takes the override's last value, and leaves the definition alone.
func TestMergeEnvironmentProperties(t *testing.T) {
	pair := rapid.Custom(func(t *rapid.T) KeyValue {
		return KeyValue{rapid.SampledFrom([]string{"A", "B", "C", "D", "E"}).Draw(t, "name"), rapid.StringN(0, 3, 3).Draw(t, "value")}
	})
	unique := rapid.SliceOfNDistinct(pair, 0, 5, func(kv KeyValue) string { return kv.Name })
	rapid.Check(t, func(t *rapid.T) {
		base, over := unique.Draw(t, "base"), rapid.SliceOfN(pair, 0, 6).Draw(t, "over")
		before := slices.Clone(base)
		merged := mergeEnvironment(base, over)
		if !slices.Equal(base, before) {
			t.Fatal("base changed")
		}
		want := map[string]string{}
		for _, kv := range append(before, over...) {
			want[kv.Name] = kv.Value
		}
		got := map[string]string{}
		for _, kv := range merged {
			got[kv.Name] = kv.Value
		}
		if len(merged) != len(want) || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v over %v gives %v", over, base, merged)
		}
	})
}

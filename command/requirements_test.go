package command

import (
	"testing"

	"berth/ecs"
)

func TestRequiredAttributes(t *testing.T) {
	for _, tc := range []struct {
		name   string
		define func(*ecs.TaskDefinition)
		run    func(*RunTaskInput)
		needs  ecs.Attribute
	}{
		{"exec", nil, func(in *RunTaskInput) { in.EnableExecuteCommand = true }, ecs.Attribute{Name: "ecs.capability.execute-command"}},
		{"role by override", nil, func(in *RunTaskInput) { in.Overrides = &ecs.TaskOverride{TaskRoleARN: "arn:r"} },
			ecs.Attribute{Name: "com.amazonaws.ecs.capability.task-iam-role"}},
		{"role by override on the host's network", func(d *ecs.TaskDefinition) { d.NetworkMode = ecs.NetworkHost },
			func(in *RunTaskInput) { in.Overrides = &ecs.TaskOverride{TaskRoleARN: "arn:r"} },
			ecs.Attribute{Name: "com.amazonaws.ecs.capability.task-iam-role-network-host"}},
		{"size by override", nil, func(in *RunTaskInput) { in.Overrides = &ecs.TaskOverride{CPU: "256"} },
			ecs.Attribute{Name: "ecs.capability.task-cpu-mem-limit"}},
		{"environment file by override", nil, func(in *RunTaskInput) {
			files := []ecs.EnvironmentFile{{Type: "s3", Value: "arn:aws:s3:::bucket/a.env"}}
			in.Overrides = &ecs.TaskOverride{Containers: []ecs.ContainerOverride{{Name: "app", EnvironmentFiles: files}}}
		}, ecs.Attribute{Name: "ecs.capability.env-files.s3"}},
		{"accelerator", func(d *ecs.TaskDefinition) {
			d.InferenceAccelerators = []ecs.InferenceAccelerator{{DeviceName: "dev", DeviceType: "eia2.medium"}}
			d.Containers[0].ResourceRequirements = []ecs.ResourceRequirement{{Type: ecs.ResourceInferenceAccelerator, Value: "dev"}}
		}, nil, ecs.Attribute{Name: "ecs.capability.task-eia"}},
		{"role", func(d *ecs.TaskDefinition) { d.TaskRoleARN = "arn:r" }, nil, ecs.Attribute{Name: "com.amazonaws.ecs.capability.task-iam-role"}},
		{"ARM", func(d *ecs.TaskDefinition) { d.Platform = &ecs.RuntimePlatform{CPUArchitecture: "ARM64"} }, nil,
			ecs.Attribute{Name: "ecs.cpu-architecture", Value: "arm64"}},
		{"x86", func(d *ecs.TaskDefinition) { d.Platform = &ecs.RuntimePlatform{CPUArchitecture: "X86_64"} }, nil,
			ecs.Attribute{Name: "ecs.cpu-architecture", Value: "x86_64"}},
		{"os", func(d *ecs.TaskDefinition) { d.Platform = &ecs.RuntimePlatform{OperatingSystemFamily: "LINUX"} }, nil,
			ecs.Attribute{Name: "ecs.os-family", Value: "LINUX"}},
	} {
		w := newWorld(t)
		w.define("f", tc.define)
		bare := w.host(func(in *RegisterInstanceInput) { in.Attributes = capabilities(tc.needs) })
		out := w.run("f", tc.run)
		wantFailures(t, out.Failures, string(bare.ID)+" ATTRIBUTE")
		fit := w.host(func(in *RegisterInstanceInput) { in.Attributes = append(capabilities(tc.needs), tc.needs) })
		if got := w.runOne("f", tc.run); got.Instance != fit.ID {
			t.Errorf("%s: placed on %s", tc.name, got.Instance)
		}
	}
}

// Storage for a task cannot be given yet; it is refused instead of being left out.
func TestEphemeralStorageIsRefused(t *testing.T) {
	w := newWorld(t)
	w.define("f", nil)
	w.define("big", func(d *ecs.TaskDefinition) { d.EphemeralStorageGiB = 30 })
	i := w.host(nil)
	const unbuilt = "Tasks with ephemeralStorage are not built in this version of Berth."
	w.refused("UnsupportedFeatureException", unbuilt, fails(runTask("big", nil)))
	w.refused("UnsupportedFeatureException", unbuilt, fails(startTask(func(s *TaskSpec) { s.Family = "big" }, i.ID)))
	w.refused("UnsupportedFeatureException", unbuilt, fails(runTask("f", func(in *RunTaskInput) {
		in.Overrides = &ecs.TaskOverride{EphemeralStorageGiB: 30}
	})))
}

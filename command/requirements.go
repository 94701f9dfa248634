package command

import (
	"slices"

	"berth/ecs"
)

// requiredAttributes are what an instance must have announced: the definition's, those of the request, and the platform.
func requiredAttributes(def *ecs.TaskDefinition, s *TaskSpec) []ecs.Attribute {
	required := append(slices.Clone(def.RequiresAttributes), overrideAttributes(def, s.Overrides)...)
	if s.EnableExecuteCommand {
		required = append(required, ecs.Attribute{Name: "ecs.capability.execute-command"})
	}
	if p := def.Platform; p != nil {
		switch p.CPUArchitecture {
		case "ARM64":
			required = append(required, ecs.Attribute{Name: "ecs.cpu-architecture", Value: "arm64"})
		case "X86_64":
			required = append(required, ecs.Attribute{Name: "ecs.cpu-architecture", Value: "x86_64"})
		}
		if p.OperatingSystemFamily != "" {
			required = append(required, ecs.Attribute{Name: "ecs.os-family", Value: p.OperatingSystemFamily})
		}
	}
	return required
}

// overrideAttributes are what the definition would require, had it been registered with the overrides.
func overrideAttributes(def *ecs.TaskDefinition, o *ecs.TaskOverride) []ecs.Attribute {
	if o == nil {
		return nil
	}
	changed := ecs.TaskDefinition{NetworkMode: def.NetworkMode, CPU: o.CPU, Memory: o.Memory, TaskRoleARN: o.TaskRoleARN}
	for i := range o.Containers {
		changed.Containers = append(changed.Containers, ecs.ContainerDefinition{EnvironmentFiles: o.Containers[i].EnvironmentFiles})
	}
	return ecs.ComputeRequiresAttributes(&changed)
}

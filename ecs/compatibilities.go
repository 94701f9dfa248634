package ecs

// ComputeCompatibilities tells which launch types could run a valid definition, whether it asked for them or not: awsvpc rules
// out EXTERNAL, and FARGATE is left out without a word when a setting or the size does not suit it (semantics.md 3.1, 11.15).
// The order means nothing; it is fixed so that a definition always gives the same answer.
func ComputeCompatibilities(d *TaskDefinition) []string {
	if d.Network() != NetworkAWSVPC {
		return []string{CompatibilityExternal, CompatibilityEC2}
	}
	for _, rule := range []taskRule{fargateSize, fargateSettings} {
		if rule(d) != nil {
			return []string{CompatibilityEC2}
		}
	}
	return []string{CompatibilityEC2, CompatibilityFargate}
}

// Compatible reports whether the definition can be run with a launch type.
func (d *TaskDefinition) Compatible(t LaunchType) bool { return oneOf(string(t), d.Compatibilities...) }

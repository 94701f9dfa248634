package ecs

// validateDependencies checks what a container waits for (features.md B17.3). The stray '+' is ECS's own (semantics.md 11.24).
func validateDependencies(d *TaskDefinition, c *ContainerDefinition) error {
	for i := range c.DependsOn {
		dep := &c.DependsOn[i]
		on := d.Container(dep.Container)
		if on == nil {
			return ClientErrorf("Cannot depend on container + '%s' because it does not exist", dep.Container)
		}
		if err := validateCondition(dep.Condition, on); err != nil {
			return err
		}
	}
	return nil
}

func validateCondition(condition string, on *ContainerDefinition) error {
	switch condition {
	case ConditionStart:
	case ConditionComplete, ConditionSuccess:
		if on.Essential {
			return ClientErrorf("A dependency container with SUCCESS or COMPLETE condition cannot be an essential container")
		}
	case ConditionHealthy:
		if on.HealthCheck == nil {
			return ClientErrorf("A dependency container with HEALTHY condition must have health check configured")
		}
	default:
		return ClientErrorf("Invalid dependency condition '%s'.", condition)
	}
	return nil
}

func validateDependencyCycle(d *TaskDefinition) error {
	if d.hasCycle(func(c *ContainerDefinition) []string {
		names := make([]string, len(c.DependsOn))
		for i := range c.DependsOn {
			names[i] = c.DependsOn[i].Container
		}
		return names
	}) {
		return ClientErrorf("Container dependencies should not have a cycle")
	}
	return nil
}

// hasCycle reports whether following edges from any container leads back to it. Names of no container are ends.
func (d *TaskDefinition) hasCycle(edges func(*ContainerDefinition) []string) bool {
	const walking, done = 1, 2
	state := make(map[string]int, len(d.Containers))
	var walk func(name string) bool
	walk = func(name string) bool {
		c := d.Container(name)
		if c == nil || state[name] == done {
			return false
		}
		if state[name] == walking {
			return true
		}
		state[name] = walking
		for _, next := range edges(c) {
			if walk(next) {
				return true
			}
		}
		state[name] = done
		return false
	}
	for i := range d.Containers {
		if walk(d.Containers[i].Name) {
			return true
		}
	}
	return false
}

// minContainerTimeout is the least start or stop timeout in seconds, on any launch type (semantics.md 11.21).
const minContainerTimeout = 2

func validateTimeouts(_ *TaskDefinition, c *ContainerDefinition) error {
	if c.StartTimeout != nil && *c.StartTimeout < minContainerTimeout {
		return ClientErrorf("Granular start timeout on container '%s' must be at least 2 seconds.", c.Name)
	}
	if c.StopTimeout != nil && *c.StopTimeout < minContainerTimeout {
		return ClientErrorf("Granular stop timeout on container '%s' must be at least 2 seconds.", c.Name)
	}
	return nil
}

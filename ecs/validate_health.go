package ecs

// validateHealthCheck checks the ranges of features.md C42 and that the command says how it is to be run: Docker would ignore
// any other one without a word.
func validateHealthCheck(_ *TaskDefinition, c *ContainerDefinition) error {
	h := c.HealthCheck
	if h == nil {
		return nil
	}
	if len(h.Command) == 0 || !oneOf(h.Command[0], "CMD", "CMD-SHELL", "NONE") {
		return ClientErrorf("Invalid health check command for container '%s'. It must start with CMD or CMD-SHELL.", c.Name)
	}
	for _, r := range []struct {
		name            string
		value, min, max int32
	}{
		{"interval", h.Interval, 5, 300},
		{"timeout", h.Timeout, 2, 60},
		{"retries", h.Retries, 1, 10},
		{"startPeriod", valueOr(h.StartPeriod, 0), 0, 300},
	} {
		if r.value < r.min || r.value > r.max {
			return ClientErrorf("Invalid health check %s for container '%s'. It must be between %d and %d.",
				r.name, c.Name, r.min, r.max)
		}
	}
	return nil
}

// valueOr is what p points to, or def without one.
func valueOr[T any](p *T, def T) T {
	if p == nil {
		return def
	}
	return *p
}

package ecs

// MaxOverridesLength is the greatest length of the overrides' JSON, in characters, as the caller wrote it. ECS: features.md B7.5.
const MaxOverridesLength = 8192

// ValidateOverrides checks the overrides of RunTask or StartTask against the definition they change: every one names a container
// of it, and the result keeps the rules of sizes (features.md B7). o may be nil. Violations are InvalidParameterExceptions.
func ValidateOverrides(def *TaskDefinition, o *TaskOverride) error {
	if o == nil {
		return nil
	}
	if err := validateOverriddenTaskSize(def, o); err != nil {
		return err
	}
	for i := range o.Containers {
		if err := validateContainerOverride(def, o, &o.Containers[i]); err != nil {
			return err
		}
	}
	for _, a := range o.InferenceAccelerator {
		if !def.hasAccelerator(a.DeviceName) {
			return InvalidParameterf("Unknown inference accelerator '%s'.", a.DeviceName)
		}
	}
	if o.EphemeralStorageGiB != 0 {
		return CheckEphemeralStorage(o.EphemeralStorageGiB, InvalidParameterf)
	}
	return nil
}

func validateOverriddenTaskSize(def *TaskDefinition, o *TaskOverride) error {
	if o.Memory != "" {
		if _, err := ParseTaskMemory(o.Memory); err != nil {
			return err
		}
	}
	if o.CPU == "" {
		return nil
	}
	units, err := ParseTaskCPU(o.CPU)
	if err == nil && !def.windows() && (units < minTaskCPUUnits || units > maxTaskCPUUnits) {
		return InvalidParameterf("%s", invalidTaskCPU)
	}
	return err
}

func validateContainerOverride(def *TaskDefinition, task *TaskOverride, o *ContainerOverride) error {
	if o.Name == "" {
		return InvalidParameterf("Container override is missing the name of the container.")
	}
	c := def.Container(o.Name)
	if c == nil {
		return InvalidParameterf("Override for container named %s is not a container in the TaskDefinition.", o.Name)
	}
	if task.Container(o.Name) != o {
		return InvalidParameterf("Container %s is overridden more than once.", o.Name)
	}
	if err := checkEnvironmentFiles(o.EnvironmentFiles, InvalidParameterf); err != nil {
		return err
	}
	if err := checkResources(def, o.Name, o.ResourceRequirements, InvalidParameterf); err != nil {
		return err
	}
	return validateOverriddenSizes(def, task, c.Effective(o), o)
}

// validateOverriddenSizes looks at the numbers the container would run with. A number that was not overridden has been checked at
// registration, but may no longer fit its neighbour.
func validateOverriddenSizes(def *TaskDefinition, task *TaskOverride, e ContainerDefinition, o *ContainerOverride) error {
	switch {
	case o.CPU != nil && (*o.CPU < 0 || *o.CPU > maxCPUShares):
		return InvalidParameterf("Invalid 'cpu' setting for container '%s'.", o.Name)
	case o.MemoryMiB != nil && *o.MemoryMiB < MinContainerMemoryMiB:
		return InvalidParameterf("Invalid setting for container '%s'. 'memory' must be at least %d MiB.",
			o.Name, MinContainerMemoryMiB)
	case o.MemoryReservationMiB != nil && *o.MemoryReservationMiB < MinContainerMemoryMiB:
		return InvalidParameterf("Invalid setting for container '%s'. 'memoryReservation' must be at least %d MiB.",
			o.Name, MinContainerMemoryMiB)
	case e.MemoryMiB != 0 && e.MemoryMiB < e.MemoryReservationMiB:
		return InvalidParameterf("Invalid setting for container '%s'. "+
			"'memory' must be greater than or equal to 'memoryReservation' if both are provided.", o.Name)
	}
	if memory := def.taskMemory(task); memory > 0 && int64(max(e.MemoryMiB, e.MemoryReservationMiB)) > memory {
		return InvalidParameterf("The 'memory' setting for container '%s' is greater than for the task.", o.Name)
	}
	return nil
}

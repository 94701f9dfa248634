package ecs

// MinContainerMemoryMiB is the least memory or reservation Docker 20.10 accepts. ECS: features.md C46.
const MinContainerMemoryMiB = 6

// The bounds of task-level cpu on instances (semantics.md 3.1), and of Docker's cpu shares.
const (
	minTaskCPUUnits = 128
	maxTaskCPUUnits = 196608
	maxCPUShares    = 262144
)

// validateMemoryGiven: without task memory every container needs a limit or a reservation.
func validateMemoryGiven(d *TaskDefinition, c *ContainerDefinition) error {
	if d.Memory == "" && c.MemoryMiB == 0 && c.MemoryReservationMiB == 0 {
		return ClientErrorf("Invalid setting for container '%s'. "+
			"At least one of 'memory' or 'memoryReservation' must be specified.", c.Name)
	}
	return nil
}

func validateMemoryMinimum(_ *TaskDefinition, c *ContainerDefinition) error {
	if c.MemoryMiB != 0 && c.MemoryMiB < MinContainerMemoryMiB {
		return ClientErrorf("Invalid setting for container '%s'. 'memory' must be at least %d MiB.",
			c.Name, MinContainerMemoryMiB)
	}
	if c.MemoryReservationMiB != 0 && c.MemoryReservationMiB < MinContainerMemoryMiB {
		return ClientErrorf("Invalid setting for container '%s'. 'memoryReservation' must be at least %d MiB.",
			c.Name, MinContainerMemoryMiB)
	}
	return nil
}

// validateReservation: both equal is accepted, whatever the documentation says (semantics.md 1.3).
func validateReservation(_ *TaskDefinition, c *ContainerDefinition) error {
	if c.MemoryMiB != 0 && c.MemoryMiB < c.MemoryReservationMiB {
		return ClientErrorf("Invalid setting for container '%s'. "+
			"'memory' must be greater than or equal to 'memoryReservation' if both are provided.", c.Name)
	}
	return nil
}

func validateContainerCPU(_ *TaskDefinition, c *ContainerDefinition) error {
	if c.CPUUnits < 0 || c.CPUUnits > maxCPUShares {
		return ClientErrorf("Invalid 'cpu' setting for container '%s'.", c.Name)
	}
	return nil
}

// validateTaskCPU does not apply to Windows, where the task size means nothing, nor to Fargate, which has a table.
func validateTaskCPU(d *TaskDefinition) error {
	if d.CPU == "" || d.windows() || d.requires(CompatibilityFargate) {
		return nil
	}
	if units := d.CPUUnits(); units < minTaskCPUUnits || units > maxTaskCPUUnits {
		return ClientErrorf("%s", invalidTaskCPU)
	}
	return nil
}

func validateMemoryInTask(d *TaskDefinition, c *ContainerDefinition) error {
	if d.Memory != "" && int64(max(c.MemoryMiB, c.MemoryReservationMiB)) > d.MemoryMiB() {
		return ClientErrorf("The 'memory' setting for container '%s' is greater than for the task.", c.Name)
	}
	return nil
}

// validateMemorySum adds up what each container is sure to get: its reservation, else its limit.
func validateMemorySum(d *TaskDefinition) error {
	if d.Memory == "" {
		return nil
	}
	var sum int64
	for i := range d.Containers {
		sum += reservedMemory(d.Containers[i].MemoryReservationMiB, d.Containers[i].MemoryMiB)
	}
	if sum > d.MemoryMiB() {
		return ClientErrorf("The sum of all container 'memoryReservation' values cannot be greater than " +
			"the value of the task 'memory'.")
	}
	return nil
}

func validateCPUSum(d *TaskDefinition) error {
	if d.CPU == "" || d.windows() {
		return nil
	}
	var sum int64
	for i := range d.Containers {
		sum += int64(d.Containers[i].CPUUnits)
	}
	if sum > d.CPUUnits() {
		return ClientErrorf("The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.")
	}
	return nil
}

// validateEphemeralStorage: 0 means the default size.
func validateEphemeralStorage(d *TaskDefinition) error {
	if d.EphemeralStorageGiB == 0 {
		return nil
	}
	return CheckEphemeralStorage(d.EphemeralStorageGiB, ClientErrorf)
}

// CheckEphemeralStorage checks a size in GiB that was given, and raises the kind of exception its caller uses. ECS: 21 to 200,
// features.md C50.
func CheckEphemeralStorage(gib int32, raise func(string, ...any) *Error) error {
	switch {
	case gib < 21:
		return raise("EphemeralStorage size should be at least 21")
	case gib > 200:
		return raise("EphemeralStorage size should be at most 200")
	}
	return nil
}

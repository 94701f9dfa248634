package ecs

// ifFargate applies a rule only to definitions that ask for Fargate.
func ifFargate(rule taskRule) taskRule {
	return func(d *TaskDefinition) error {
		if !d.requires(CompatibilityFargate) {
			return nil
		}
		return rule(d)
	}
}

// fargateNetwork: the quotes are ECS's own (semantics.md 11.24).
func fargateNetwork(d *TaskDefinition) error {
	if d.Network() != NetworkAWSVPC {
		return ClientErrorf("Fargate only supports network mode ‘awsvpc’.")
	}
	return nil
}

// fargateMemory lists, by CPU units, the least and the greatest memory and the step between, in MiB. ECS: features.md B3.3,
// semantics.md 3.1.
var fargateMemory = map[int64]struct{ min, max, step int64 }{
	512:   {1024, 4096, 1024},
	1024:  {2048, 8192, 1024},
	2048:  {4096, 16384, 1024},
	4096:  {8192, 30720, 1024},
	8192:  {16384, 61440, 4096},
	16384: {32768, 122880, 8192},
}

func fargateSizeExists(cpu, memory int64) bool {
	switch cpu {
	case 256:
		return memory == 512 || memory == 1024 || memory == 2048
	case 32768:
		return memory == 61440 || memory == 122880 || memory == 249856
	}
	r, ok := fargateMemory[cpu]
	return ok && memory >= r.min && memory <= r.max && (memory-r.min)%r.step == 0
}

func fargateSize(d *TaskDefinition) error {
	switch {
	case d.CPU == "":
		return ClientErrorf("Fargate requires that 'cpu' be defined at the task level.")
	case d.Memory == "":
		return ClientErrorf("Fargate requires that 'memory' be defined at the task level.")
	case !fargateSizeExists(d.CPUUnits(), d.MemoryMiB()) || d.windows() && d.CPUUnits() < UnitsPerVCPU:
		return ClientErrorf("No Fargate configuration exists for given values: %s CPU, %s memory. "+
			"See the Amazon ECS documentation for the valid values.", d.CPU, d.Memory)
	}
	return nil
}

func fargateRefuses(setting string) error {
	return ClientErrorf("Fargate compatible task definitions do not support %s", setting)
}

// fargateSettings is what Fargate refuses of an otherwise right definition (features.md B3.8, semantics.md 1.3).
func fargateSettings(d *TaskDefinition) error {
	switch {
	case d.PIDMode == "host":
		return ClientErrorf("Tasks using the Fargate launch type do not support pidMode 'host'. " +
			"The supported value for pidMode is 'task'.")
	case d.IPCMode != "":
		return fargateRefuses("ipcMode")
	case len(d.PlacementConstraints) > 0:
		return fargateRefuses("constraints")
	case len(d.InferenceAccelerators) > 0:
		return fargateRefuses("inferenceAccelerators")
	}
	for i := range d.Volumes {
		if err := fargateVolume(&d.Volumes[i]); err != nil {
			return err
		}
	}
	return eachContainer(fargateContainer, fargateLinux, fargateStopTimeout, fargateLogging, fargateImage)(d)
}

// fargateVolume: a host volume without a path is allowed (features.md G30).
func fargateVolume(v *Volume) error {
	switch {
	case v.Host != nil && v.Host.SourcePath != "":
		return fargateRefuses("sourcePath")
	case v.Docker != nil:
		return fargateRefuses("dockerVolumeConfiguration")
	case v.FSx != nil:
		return fargateRefuses("fsxWindowsFileServerVolumeConfiguration")
	}
	return nil
}

func fargateContainer(_ *TaskDefinition, c *ContainerDefinition) error {
	switch {
	case valueOr(c.Privileged, false):
		return ClientErrorf("Fargate requires that the 'privileged' setting be 'false'.")
	case len(c.DockerSecurityOptions) > 0:
		return fargateRefuses("dockerSecurityOptions")
	case len(c.ResourceRequirements) > 0:
		return fargateRefuses("resourceRequirements")
	}
	return nil
}

func fargateLinux(_ *TaskDefinition, c *ContainerDefinition) error {
	l := c.Linux
	if l == nil {
		return nil
	}
	for _, name := range l.CapabilitiesAdd {
		if name != "SYS_PTRACE" {
			return fargateRefuses("adding the capability " + name)
		}
	}
	switch {
	case len(l.Devices) > 0:
		return fargateRefuses("devices")
	case l.SharedMemorySizeMiB != nil:
		return fargateRefuses("sharedMemorySize")
	case len(l.Tmpfs) > 0:
		return fargateRefuses("tmpfs")
	case l.MaxSwapMiB != nil:
		return fargateRefuses("maxSwap")
	case l.Swappiness != nil:
		return fargateRefuses("swappiness")
	}
	return nil
}

// fargateStopTimeout: the text says less than 120, and 120 passes (semantics.md 11.21).
func fargateStopTimeout(_ *TaskDefinition, c *ContainerDefinition) error {
	if valueOr(c.StopTimeout, 0) > 120 {
		return ClientErrorf("Tasks using the Fargate launch type must have a container stop timeout of less than 120 seconds.")
	}
	return nil
}

func fargateLogging(d *TaskDefinition, c *ContainerDefinition) error {
	if c.Firelens != nil && c.Firelens.Options["config-file-type"] == "s3" {
		return ClientErrorf("Fargate launch type does not support FirelensConfiguration config file from 's3'")
	}
	switch {
	case c.Log == nil:
		return nil
	case !oneOf(c.Log.Driver, "awslogs", "splunk", "awsfirelens"):
		return ClientErrorf("%s is not a valid log driver. Must be one of [awslogs,splunk,awsfirelens]", c.Log.Driver)
	case c.Log.Driver != LogDriverAWSLogs:
		return nil
	case c.Log.Options["awslogs-stream-prefix"] == "":
		return ClientErrorf("Fargate requires log configuration options to include awslogs-stream-prefix " +
			"to support log driver awslogs.")
	case d.ExecutionRoleARN == "":
		return ClientErrorf("Fargate requires task definition to have execution role ARN to support log driver awslogs.")
	}
	return nil
}

func fargateImage(d *TaskDefinition, c *ContainerDefinition) error {
	if isECRImage(c.Image) && d.ExecutionRoleARN == "" {
		return ClientErrorf("Fargate requires task definition to have execution role ARN to support ECR images.")
	}
	return nil
}

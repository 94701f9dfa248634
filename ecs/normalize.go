package ecs

// The values ECS writes into a health check for what was not given, in seconds (features.md C42). They are filled in where a
// request is decoded, because there alone "not given" and 0 can be told apart.
const (
	DefaultHealthCheckInterval = 30
	DefaultHealthCheckTimeout  = 5
	DefaultHealthCheckRetries  = 3
)

// CompleteTaskDefinition does everything ECS does to a definition at registration that depends on nothing but the definition: it
// normalizes it, checks it, and computes its compatibilities and required attributes. def must be the caller's own copy.
func CompleteTaskDefinition(def *TaskDefinition) error {
	if err := NormalizeTaskDefinition(def); err != nil {
		return err
	}
	if err := ValidateTaskDefinition(def); err != nil {
		return err
	}
	def.Compatibilities = ComputeCompatibilities(def)
	def.RequiresAttributes = ComputeRequiresAttributes(def)
	return nil
}

// NormalizeTaskDefinition writes into def what ECS would echo for it: sizes as unit strings, protocol tcp, and host ports equal
// to container ports where the network mode leaves no choice (semantics.md 1.7). It changes def and its port mappings in place,
// and doing it twice changes nothing more. An unreadable size is an InvalidParameterException, before every other check
// (semantics.md 11.17).
func NormalizeTaskDefinition(def *TaskDefinition) error {
	var err error
	if def.CPU, err = NormalizeTaskCPU(def.CPU); err != nil {
		return err
	}
	if def.Memory, err = NormalizeTaskMemory(def.Memory); err != nil {
		return err
	}
	fixed := def.Network() == NetworkAWSVPC || def.Network() == NetworkHost
	for i := range def.Containers {
		for k := range def.Containers[i].PortMappings {
			normalizePort(&def.Containers[i].PortMappings[k], fixed)
		}
	}
	return nil
}

func normalizePort(p *PortMapping, fixed bool) {
	if p.Protocol == "" {
		p.Protocol = TCP
	}
	if fixed && p.HostPort == 0 {
		p.HostPort = p.ContainerPort
	}
}

package supervisor

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"berth/agent/runtime"
	"berth/api/acs"
)

// nameHex is the length of the random-looking end of engine names.
const nameHex = 20

// engineName is ecs-FAMILY-VERSION-PART-HEX. The hex comes from the task and the part, so that a repeated create finds
// what an earlier one made.
func engineName(task acs.Task, kind, part string) string {
	sum := sha256.Sum256([]byte(task.ARN + "\x00" + kind + "\x00" + part))
	return fmt.Sprintf("ecs-%s-%s-%s-%s", task.Family, task.Version, part, hex.EncodeToString(sum[:])[:nameHex])
}

// taskID is the last part of a task's ARN.
func taskID(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// spec describes the container to the engine.
func (m *machine) spec(c *container, own Identity, cgroupParent, payload string) (runtime.Spec, error) {
	cmd, err := command(c.def)
	if err != nil {
		return runtime.Spec{}, runtime.NewError(runtime.CannotCreateContainer, err)
	}
	s := runtime.Spec{
		Name:         engineName(m.task, "container", c.def.Name),
		Image:        c.def.Image,
		Labels:       labels(m.task, c.def.Name, own, payload),
		Env:          environment(m.task, c.def),
		EntryPoint:   c.def.EntryPoint,
		Command:      cmd,
		CPUShares:    c.def.CPU,
		MemoryMiB:    c.def.Memory,
		NetworkMode:  networkMode(m.task, c.def),
		PIDMode:      m.task.PIDMode,
		IPCMode:      m.task.IPCMode,
		Privileged:   c.def.Privileged,
		Ports:        ports(c.def),
		Binds:        binds(m.task, c.def),
		CgroupParent: cgroupParent,
		HealthCheck:  c.checked(),
	}
	if c.def.DockerConfig != nil {
		s.Config, s.HostConfig = c.def.DockerConfig.Config, c.def.DockerConfig.HostConfig
	}
	for _, from := range c.def.VolumesFrom {
		s.VolumesFrom = append(s.VolumesFrom, m.byName[from.SourceContainer].id+access(from.ReadOnly))
	}
	for _, link := range c.def.Links {
		name, alias, ok := strings.Cut(link, ":")
		if !ok {
			alias = name
		}
		s.Links = append(s.Links, engineName(m.task, "container", name)+":"+alias)
	}
	return s, nil
}

func labels(task acs.Task, container string, own Identity, payload string) map[string]string {
	return map[string]string{
		runtime.LabelCluster:       own.Cluster,
		runtime.LabelContainerName: container,
		runtime.LabelTaskARN:       task.ARN,
		runtime.LabelFamily:        task.Family,
		runtime.LabelVersion:       task.Version,
		runtime.LabelInstance:      own.InstanceARN,
		runtime.LabelTask:          payload,
	}
}

// environment is sorted, so that equal payloads make equal containers. AWS_EXECUTION_ENV names the launch type unless
// the task sets it (semantics.md 7.1).
func environment(task acs.Task, c acs.Container) []string {
	env := maps.Clone(c.Environment)
	if env == nil {
		env = map[string]string{}
	}
	const execution = "AWS_EXECUTION_ENV"
	if _, set := env[execution]; !set && (task.LaunchType == "EC2" || task.LaunchType == "EXTERNAL") {
		env[execution] = "AWS_ECS_" + task.LaunchType
	}
	list := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// networkMode is the task's; bridge without one.
func networkMode(task acs.Task, _ acs.Container) string {
	if task.NetworkMode == "" {
		return "bridge"
	}
	return task.NetworkMode
}

func access(readOnly bool) string {
	if readOnly {
		return ":ro"
	}
	return ":rw"
}

// binds mount the task's volumes: a host path, or a volume of the engine.
func binds(task acs.Task, c acs.Container) []string {
	var list []string
	for _, m := range c.MountPoints {
		for _, v := range task.Volumes {
			if v.Name == m.SourceVolume {
				list = append(list, volumeSource(task, v)+":"+m.ContainerPath+access(m.ReadOnly))
			}
		}
	}
	return list
}

// volumeSource is a path of the host or the name of the engine's volume.
func volumeSource(task acs.Task, v acs.Volume) string {
	switch {
	case v.Docker != nil && v.Docker.Scope == "shared":
		return v.Name
	case v.Docker == nil && v.Host != nil && v.Host.SourcePath != "":
		return v.Host.SourcePath
	default:
		return engineName(task, "volume", v.Name)
	}
}

// ports of a checked container.
func ports(c acs.Container) []runtime.Port {
	var list []runtime.Port
	for _, mapping := range c.PortMappings {
		if p, err := port(mapping); err == nil {
			list = append(list, p)
		}
	}
	return list
}

// port reads one mapping.
func port(m acs.PortMapping) (runtime.Port, error) {
	p := runtime.Port{Protocol: strings.ToLower(m.Protocol)}
	if p.Protocol == "" {
		p.Protocol = "tcp"
	}
	if p.Protocol != "tcp" && p.Protocol != "udp" {
		return p, fmt.Errorf("port mapping has the unknown protocol %q", m.Protocol)
	}
	if m.ContainerPortRange == "" {
		if m.ContainerPort < 1 || m.ContainerPort > 65535 || m.HostPort < 0 || m.HostPort > 65535 {
			return p, fmt.Errorf("port mapping %d:%d is outside 1-65535", m.HostPort, m.ContainerPort)
		}
		p.First, p.Last, p.Host = uint16(m.ContainerPort), uint16(m.ContainerPort), uint16(m.HostPort)
		return p, nil
	}
	first, last, ok := strings.Cut(m.ContainerPortRange, "-")
	low, err1 := strconv.ParseUint(first, 10, 16)
	high, err2 := strconv.ParseUint(last, 10, 16)
	if !ok || err1 != nil || err2 != nil || low == 0 || high < low {
		return p, fmt.Errorf("%q is not a port range", m.ContainerPortRange)
	}
	p.First, p.Last, p.Range = uint16(low), uint16(high), true
	return p, nil
}

// hostBindings: in host mode the container's ports are the host's.
func hostBindings(c acs.Container) []runtime.Binding {
	var list []runtime.Binding
	for _, p := range ports(c) {
		if p.Range {
			text := fmt.Sprintf("%d-%d", p.First, p.Last)
			list = append(list, runtime.Binding{HostIP: "0.0.0.0", ContainerPortRange: text, HostPortRange: text, Protocol: p.Protocol})
			continue
		}
		list = append(list, runtime.Binding{HostIP: "0.0.0.0", ContainerPort: p.First, HostPort: p.First, Protocol: p.Protocol})
	}
	return list
}

package ecs

import (
	"berth/api/ecs/wire"
	"berth/ecs"
)

func containerDefinitionFromWire(in *wire.ContainerDefinition) (ecs.ContainerDefinition, error) {
	c := ecs.ContainerDefinition{
		Name: value(in.Name), Image: value(in.Image), CPUUnits: value(in.Cpu),
		MemoryMiB: value(in.Memory), MemoryReservationMiB: value(in.MemoryReservation),
		Essential: in.Essential == nil || *in.Essential,
		Links:     in.Links, EntryPoint: in.EntryPoint, Command: in.Command,
		Environment:      convert(in.Environment, pairFromWire),
		EnvironmentFiles: convert(in.EnvironmentFiles, environmentFileFromWire),
		MountPoints:      convert(in.MountPoints, mountPointFromWire),
		VolumesFrom:      convert(in.VolumesFrom, volumeFromFromWire),
		Linux:            linuxFromWire(in.LinuxParameters),
		Secrets:          convert(in.Secrets, secretFromWire),
		DependsOn:        convert(in.DependsOn, dependencyFromWire),
		StartTimeout:     in.StartTimeout, StopTimeout: in.StopTimeout,
		Hostname: value(in.Hostname), User: value(in.User), WorkingDirectory: value(in.WorkingDirectory),
		DisableNetworking: in.DisableNetworking, Privileged: in.Privileged, ReadonlyRootFilesystem: in.ReadonlyRootFilesystem,
		DNSServers: in.DnsServers, DNSSearchDomains: in.DnsSearchDomains,
		ExtraHosts:            convert(in.ExtraHosts, hostEntryFromWire),
		DockerSecurityOptions: in.DockerSecurityOptions,
		Interactive:           in.Interactive, PseudoTerminal: in.PseudoTerminal, DockerLabels: in.DockerLabels,
		Ulimits:              convert(in.Ulimits, ulimitFromWire),
		Log:                  logConfigurationFromWire(in.LogConfiguration),
		HealthCheck:          healthCheckFromWire(in.HealthCheck),
		SystemControls:       convert(in.SystemControls, systemControlFromWire),
		ResourceRequirements: convert(in.ResourceRequirements, resourceRequirementFromWire),
	}
	if in.RepositoryCredentials != nil {
		c.RepositoryCredentials = value(in.RepositoryCredentials.CredentialsParameter)
	}
	if in.FirelensConfiguration != nil {
		c.Firelens = &ecs.Firelens{Type: value(in.FirelensConfiguration.Type), Options: in.FirelensConfiguration.Options}
	}
	for i := range in.PortMappings {
		p, err := portMappingFromWire(c.Name, &in.PortMappings[i])
		if err != nil {
			return c, err
		}
		c.PortMappings = append(c.PortMappings, p)
	}
	return c, nil
}

// containerDefinitionToWire always shows cpu, essential and five lists (semantics.md 1.7).
func containerDefinitionToWire(c *ecs.ContainerDefinition) wire.ContainerDefinition {
	out := wire.ContainerDefinition{
		Name: &c.Name, Image: &c.Image, Cpu: &c.CPUUnits, Memory: given(c.MemoryMiB), MemoryReservation: given(c.MemoryReservationMiB),
		Essential: &c.Essential, Links: c.Links, EntryPoint: c.EntryPoint, Command: c.Command,
		PortMappings:     listed(c.PortMappings, portMappingToWire),
		Environment:      listed(c.Environment, pairToWire),
		EnvironmentFiles: convert(c.EnvironmentFiles, environmentFileToWire),
		MountPoints:      listed(c.MountPoints, mountPointToWire),
		VolumesFrom:      listed(c.VolumesFrom, volumeFromToWire),
		LinuxParameters:  linuxToWire(c.Linux),
		Secrets:          convert(c.Secrets, secretToWire),
		DependsOn:        convert(c.DependsOn, dependencyToWire),
		StartTimeout:     c.StartTimeout, StopTimeout: c.StopTimeout,
		Hostname: given(c.Hostname), User: given(c.User), WorkingDirectory: given(c.WorkingDirectory),
		DisableNetworking: c.DisableNetworking, Privileged: c.Privileged, ReadonlyRootFilesystem: c.ReadonlyRootFilesystem,
		DnsServers: c.DNSServers, DnsSearchDomains: c.DNSSearchDomains,
		ExtraHosts:            convert(c.ExtraHosts, hostEntryToWire),
		DockerSecurityOptions: c.DockerSecurityOptions,
		Interactive:           c.Interactive, PseudoTerminal: c.PseudoTerminal, DockerLabels: c.DockerLabels,
		Ulimits:              convert(c.Ulimits, ulimitToWire),
		LogConfiguration:     logConfigurationToWire(c.Log),
		HealthCheck:          healthCheckToWire(c.HealthCheck),
		SystemControls:       listed(c.SystemControls, systemControlToWire),
		ResourceRequirements: convert(c.ResourceRequirements, resourceRequirementToWire),
	}
	if c.RepositoryCredentials != "" {
		out.RepositoryCredentials = &wire.RepositoryCredentials{CredentialsParameter: &c.RepositoryCredentials}
	}
	if c.Firelens != nil {
		out.FirelensConfiguration = &wire.FirelensConfiguration{Type: &c.Firelens.Type, Options: c.Firelens.Options}
	}
	return out
}

func portMappingFromWire(container string, in *wire.PortMapping) (ecs.PortMapping, error) {
	p := ecs.PortMapping{
		ContainerPort: uint16(value(in.ContainerPort)), HostPort: uint16(value(in.HostPort)), Protocol: ecs.Protocol(value(in.Protocol)),
		Name: value(in.Name), AppProtocol: value(in.AppProtocol), ContainerPortRange: value(in.ContainerPortRange),
	}
	if int32(p.ContainerPort) != value(in.ContainerPort) {
		return p, ecs.ClientErrorf("Invalid 'containerPort' setting for container '%s'.", container)
	}
	if int32(p.HostPort) != value(in.HostPort) {
		return p, ecs.ClientErrorf("Invalid 'hostPort' setting for container '%s'.", container)
	}
	return p, nil
}

// portMappingToWire shows a host port of 0 where the agent will choose one; a range has no host port of its own.
func portMappingToWire(p *ecs.PortMapping) wire.PortMapping {
	out := wire.PortMapping{
		Protocol: new(string(p.Protocol)), Name: given(p.Name), AppProtocol: given(p.AppProtocol),
		ContainerPortRange: given(p.ContainerPortRange),
	}
	if p.ContainerPortRange == "" {
		out.ContainerPort, out.HostPort = new(int32(p.ContainerPort)), new(int32(p.HostPort))
	}
	return out
}

// healthCheckFromWire fills in what was not given; a 0 that was given stays, to be refused.
func healthCheckFromWire(in *wire.HealthCheck) *ecs.HealthCheck {
	if in == nil {
		return nil
	}
	return &ecs.HealthCheck{
		Command:     in.Command,
		Interval:    override(ecs.DefaultHealthCheckInterval, in.Interval),
		Timeout:     override(ecs.DefaultHealthCheckTimeout, in.Timeout),
		Retries:     override(ecs.DefaultHealthCheckRetries, in.Retries),
		StartPeriod: in.StartPeriod,
	}
}

func healthCheckToWire(h *ecs.HealthCheck) *wire.HealthCheck {
	if h == nil {
		return nil
	}
	return &wire.HealthCheck{
		Command: h.Command, Interval: &h.Interval, Timeout: &h.Timeout, Retries: &h.Retries, StartPeriod: h.StartPeriod,
	}
}

func logConfigurationFromWire(in *wire.LogConfiguration) *ecs.LogConfiguration {
	if in == nil {
		return nil
	}
	return &ecs.LogConfiguration{
		Driver: value(in.LogDriver), Options: in.Options, SecretOptions: convert(in.SecretOptions, secretFromWire),
	}
}

func logConfigurationToWire(l *ecs.LogConfiguration) *wire.LogConfiguration {
	if l == nil {
		return nil
	}
	return &wire.LogConfiguration{
		LogDriver: &l.Driver, Options: l.Options, SecretOptions: convert(l.SecretOptions, secretToWire),
	}
}

package dispatch

import (
	"strconv"
	"strings"

	"berth/api/acs"
	"berth/ecs"
)

// taskPayload is everything an agent must know to run a task (agent-protocol.md 9): overrides are merged in, sizes are in the
// agent's units, and what the message has no member for stands in the two JSON texts of dockerConfig. Credentials travel along when
// they are given. Equal arguments give equal payloads.
func taskPayload(realm ecs.Realm, t *ecs.Task, def *ecs.TaskDefinition, role, execution *acs.RoleCredentials) acs.Task {
	p := acs.Task{
		ARN: realm.TaskARN(t.Cluster, t.ID), TaskClusterARN: realm.ClusterARN(t.Cluster), DesiredStatus: acs.StatusRunning,
		TaskDefinitionAccount: realm.Account, Family: t.Family, Version: strconv.Itoa(int(t.Revision)),
		CPU: vcpus(t.CPU), Memory: mebibytes(t.Memory),
		NetworkMode: string(def.Network()), PIDMode: def.PIDMode, IPCMode: def.IPCMode,
		RoleCredentials: role, ExecutionRoleCredentials: execution,
		LaunchType: string(t.LaunchType), Group: t.Group, Overrides: "{}",
		ProxyConfiguration: proxyPayload(def.Proxy),
	}
	p.ServiceName, _ = strings.CutPrefix(t.Group, "service:")
	if p.ServiceName == t.Group {
		p.ServiceName = ""
	}
	for i := range def.Volumes {
		p.Volumes = append(p.Volumes, volumePayload(&def.Volumes[i]))
	}
	b := containerBuilder{realm: realm, task: t, def: def, executionRole: execution != nil}
	for i := range def.Containers {
		p.Containers = append(p.Containers, b.container(&def.Containers[i]))
	}
	p.Associations = gpuAssociations(t)
	return p
}

// vcpus is a task's size in the agent's unit: 0.25, not 256. No size is 0.
func vcpus(size string) float64 {
	units, err := ecs.ParseTaskCPU(size)
	if err != nil {
		return 0
	}
	return float64(units) / ecs.UnitsPerVCPU
}

func mebibytes(size string) int64 {
	mib, err := ecs.ParseTaskMemory(size)
	if err != nil {
		return 0
	}
	return mib
}

// gpuAssociations give each container the GPUs the task was placed on.
func gpuAssociations(t *ecs.Task) []acs.Association {
	var out []acs.Association
	for i := range t.Containers {
		for _, id := range t.Containers[i].GPUIDs {
			out = append(out, acs.Association{Type: "gpu", Name: id, Containers: []string{t.Containers[i].Name}})
		}
	}
	return out
}

func proxyPayload(p *ecs.ProxyConfiguration) *acs.ProxyConfiguration {
	if p == nil {
		return nil
	}
	out := &acs.ProxyConfiguration{Type: p.Type, ContainerName: p.ContainerName, Properties: map[string]string{}}
	if out.Type == "" {
		out.Type = "APPMESH"
	}
	for _, property := range p.Properties {
		out.Properties[property.Name] = property.Value
	}
	return out
}

// volumePayload: a volume of no kind is an empty host volume, which lives as long as the task (features.md B15.2).
func volumePayload(v *ecs.Volume) acs.Volume {
	switch {
	case v.Docker != nil:
		return acs.Volume{Name: v.Name, Type: "docker", Docker: dockerVolumePayload(v.Docker)}
	case v.EFS != nil:
		return acs.Volume{Name: v.Name, Type: "efs", EFS: efsPayload(v.EFS)}
	case v.FSx != nil:
		return acs.Volume{Name: v.Name, Type: "fsxWindowsFileServer", FSxWindowsFileServer: &acs.FSxWindowsFileServerVolume{
			FileSystemID: v.FSx.FileSystemID, RootDirectory: v.FSx.RootDirectory,
			AuthorizationConfig: &acs.FSxAuthorizationConfig{
				CredentialsParameter: v.FSx.CredentialsParameter, Domain: v.FSx.Domain,
			},
		}}
	}
	host := &acs.HostVolume{}
	if v.Host != nil {
		host.SourcePath = v.Host.SourcePath
	}
	return acs.Volume{Name: v.Name, Type: "host", Host: host}
}

// dockerVolumePayload: the scope is the task's unless another was given (features.md B15.3).
func dockerVolumePayload(v *ecs.DockerVolume) *acs.DockerVolume {
	out := &acs.DockerVolume{
		Scope: orElse(v.Scope, "task"), Autoprovision: isTrue(v.Autoprovision), Driver: orElse(v.Driver, "local"),
		DriverOpts: v.DriverOpts, Labels: v.Labels,
	}
	return out
}

func efsPayload(v *ecs.EFSVolume) *acs.EFSVolume {
	out := &acs.EFSVolume{
		FileSystemID: v.FileSystemID, RootDirectory: orElse(v.RootDirectory, "/"), TransitEncryption: v.TransitEncryption,
	}
	if v.TransitEncryptionPort != nil {
		out.TransitEncryptionPort = int64(*v.TransitEncryptionPort)
	}
	if v.HasAuthorization {
		out.AuthorizationConfig = &acs.EFSAuthorizationConfig{AccessPointID: v.AccessPointID, IAM: v.IAM}
	}
	return out
}

func isTrue(p *bool) bool { return p != nil && *p }

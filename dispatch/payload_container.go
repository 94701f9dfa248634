package dispatch

import (
	"berth/api/acs"
	"berth/ecs"
)

// dockerAPIVersion is what the texts of dockerConfig are written for: the one Amazon's agent is known to take (agent-protocol.md 9).
const dockerAPIVersion = "1.17"

// containerBuilder makes the containers of one task's payload.
type containerBuilder struct {
	realm ecs.Realm
	task  *ecs.Task
	def   *ecs.TaskDefinition
	// executionRole is whether credentials of the execution role travel along.
	executionRole bool
}

// container merges the override into the definition. The member `overrides` stays empty: an agent accepts nothing but a command
// there (agent-protocol.md 9).
func (b *containerBuilder) container(d *ecs.ContainerDefinition) acs.Container {
	e := d.Effective(b.task.Overrides.Container(d.Name))
	out := acs.Container{
		Name: e.Name, ContainerARN: b.arn(e.Name), Image: e.Image, CPU: int64(e.CPUUnits), Memory: int64(e.MemoryMiB),
		Essential: e.Essential, EntryPoint: e.EntryPoint, Command: e.Command,
		Environment: environmentPayload(e.Environment), Links: e.Links,
		StartTimeout: seconds(e.StartTimeout), StopTimeout: seconds(e.StopTimeout),
		DockerConfig: &acs.DockerConfig{Version: dockerAPIVersion, Config: b.config(&e), HostConfig: b.hostConfig(&e)},
		Overrides:    "{}", Secrets: b.secrets(&e), RegistryAuthentication: b.registry(&e),
	}
	if checksHealth(&e) {
		out.HealthCheckType = "docker"
	}
	if b.executionRole && e.Log != nil && e.Log.Driver == ecs.LogDriverAWSLogs {
		out.LogsAuthStrategy = "ExecutionRole"
	}
	if e.Firelens != nil {
		out.FirelensConfiguration = &acs.FirelensConfiguration{Type: e.Firelens.Type, Options: e.Firelens.Options}
	}
	addMounts(&out, &e)
	return out
}

// addMounts fills the lists that are the same in a definition and in a payload.
func addMounts(out *acs.Container, e *ecs.ContainerDefinition) {
	for _, p := range e.PortMappings {
		out.PortMappings = append(out.PortMappings, acs.PortMapping{
			ContainerPort: int64(p.ContainerPort), HostPort: int64(p.HostPort), Protocol: string(p.Protocol),
			ContainerPortRange: p.ContainerPortRange,
		})
	}
	for _, m := range e.MountPoints {
		out.MountPoints = append(out.MountPoints, acs.MountPoint{
			SourceVolume: m.SourceVolume, ContainerPath: m.ContainerPath, ReadOnly: isTrue(m.ReadOnly),
		})
	}
	for _, v := range e.VolumesFrom {
		out.VolumesFrom = append(out.VolumesFrom, acs.VolumeFrom{SourceContainer: v.SourceContainer, ReadOnly: isTrue(v.ReadOnly)})
	}
	for _, d := range e.DependsOn {
		out.DependsOn = append(out.DependsOn, acs.Dependency{ContainerName: d.Container, Condition: d.Condition})
	}
	for _, f := range e.EnvironmentFiles {
		out.EnvironmentFiles = append(out.EnvironmentFiles, acs.EnvironmentFile{Value: f.Value, Type: f.Type})
	}
}

func (b *containerBuilder) arn(name string) string {
	i := b.task.ContainerIndex(name)
	if i < 0 {
		return ""
	}
	return b.realm.ContainerARN(b.task.Cluster, b.task.ID, b.task.Containers[i].ID)
}

// environmentPayload: of a name given twice the last value counts, as in Docker.
func environmentPayload(list []ecs.KeyValue) map[string]string {
	if len(list) == 0 {
		return nil
	}
	out := make(map[string]string, len(list))
	for _, kv := range list {
		out[kv.Name] = kv.Value
	}
	return out
}

func seconds(p *int32) int64 {
	if p == nil {
		return 0
	}
	return int64(*p)
}

// secrets are fetched by the agent, those of the container first, then those of its log driver.
func (b *containerBuilder) secrets(e *ecs.ContainerDefinition) []acs.Secret {
	var out []acs.Secret
	for i := range e.Secrets {
		out = append(out, b.secret(&e.Secrets[i], "CONTAINER"))
	}
	if e.Log != nil {
		for i := range e.Log.SecretOptions {
			out = append(out, b.secret(&e.Log.SecretOptions[i], "LOG_DRIVER"))
		}
	}
	return out
}

func (b *containerBuilder) secret(s *ecs.Secret, target string) acs.Secret {
	return acs.Secret{
		Name: s.Name, ValueFrom: s.ValueFrom, Provider: s.Provider(), Region: ecs.ARNRegion(s.ValueFrom, b.realm.Region),
		Type: "ENVIRONMENT_VARIABLE", Target: target,
	}
}

// registry says how to log in: with a secret where one is named, with the role at Amazon's private registries.
func (b *containerBuilder) registry(e *ecs.ContainerDefinition) *acs.RegistryAuthentication {
	if e.RepositoryCredentials != "" {
		return &acs.RegistryAuthentication{Type: "asm", ASM: &acs.ASMAuthData{
			CredentialsParameter: e.RepositoryCredentials, Region: ecs.ARNRegion(e.RepositoryCredentials, b.realm.Region),
		}}
	}
	if at, ok := ecs.ParseECRImage(e.Image); ok {
		return &acs.RegistryAuthentication{Type: "ecr", ECR: &acs.ECRAuthData{
			Region: at.Region, RegistryID: at.Account, UseExecutionRole: b.executionRole,
		}}
	}
	return nil
}

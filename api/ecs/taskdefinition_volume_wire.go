package ecs

import (
	"berth/api/ecs/wire"
	"berth/ecs"
)

func volumeFromWire(in *wire.Volume) ecs.Volume {
	v := ecs.Volume{Name: value(in.Name)}
	if in.Host != nil {
		v.Host = &ecs.HostVolume{SourcePath: value(in.Host.SourcePath)}
	}
	if c := in.DockerVolumeConfiguration; c != nil {
		v.Docker = &ecs.DockerVolume{
			Scope: value(c.Scope), Autoprovision: c.Autoprovision, Driver: value(c.Driver), DriverOpts: c.DriverOpts, Labels: c.Labels,
		}
	}
	if c := in.EfsVolumeConfiguration; c != nil {
		v.EFS = efsFromWire(c)
	}
	if c := in.FsxWindowsFileServerVolumeConfiguration; c != nil {
		v.FSx = &ecs.FSxWindowsVolume{FileSystemID: value(c.FileSystemId), RootDirectory: value(c.RootDirectory)}
		if c.AuthorizationConfig != nil {
			v.FSx.CredentialsParameter = value(c.AuthorizationConfig.CredentialsParameter)
			v.FSx.Domain = value(c.AuthorizationConfig.Domain)
		}
	}
	return v
}

func volumeToWire(v *ecs.Volume) wire.Volume {
	out := wire.Volume{Name: given(v.Name)}
	if v.Host != nil {
		out.Host = &wire.HostVolumeProperties{SourcePath: given(v.Host.SourcePath)}
	}
	if c := v.Docker; c != nil {
		out.DockerVolumeConfiguration = &wire.DockerVolumeConfiguration{
			Scope: given(c.Scope), Autoprovision: c.Autoprovision, Driver: given(c.Driver), DriverOpts: c.DriverOpts, Labels: c.Labels,
		}
	}
	if v.EFS != nil {
		out.EfsVolumeConfiguration = efsToWire(v.EFS)
	}
	if c := v.FSx; c != nil {
		out.FsxWindowsFileServerVolumeConfiguration = &wire.FSxWindowsFileServerVolumeConfiguration{
			FileSystemId: &c.FileSystemID, RootDirectory: &c.RootDirectory,
			AuthorizationConfig: &wire.FSxWindowsFileServerAuthorizationConfig{
				CredentialsParameter: &c.CredentialsParameter, Domain: &c.Domain,
			},
		}
	}
	return out
}

func efsFromWire(c *wire.EFSVolumeConfiguration) *ecs.EFSVolume {
	e := &ecs.EFSVolume{
		FileSystemID: value(c.FileSystemId), RootDirectory: value(c.RootDirectory),
		TransitEncryption: value(c.TransitEncryption), TransitEncryptionPort: c.TransitEncryptionPort,
	}
	if c.AuthorizationConfig != nil {
		e.HasAuthorization = true
		e.AccessPointID, e.IAM = value(c.AuthorizationConfig.AccessPointId), value(c.AuthorizationConfig.Iam)
	}
	return e
}

func efsToWire(e *ecs.EFSVolume) *wire.EFSVolumeConfiguration {
	out := &wire.EFSVolumeConfiguration{
		FileSystemId: &e.FileSystemID, RootDirectory: given(e.RootDirectory),
		TransitEncryption: given(e.TransitEncryption), TransitEncryptionPort: e.TransitEncryptionPort,
	}
	if e.HasAuthorization {
		out.AuthorizationConfig = &wire.EFSAuthorizationConfig{AccessPointId: given(e.AccessPointID), Iam: given(e.IAM)}
	}
	return out
}

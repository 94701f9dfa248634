package ecs

// Volume is a named volume of a task definition. At most one of the kinds is set; none means an empty host volume.
type Volume struct {
	Name   string            `msg:"n"`
	Host   *HostVolume       `msg:"h,omitempty"`
	Docker *DockerVolume     `msg:"d,omitempty"`
	EFS    *EFSVolume        `msg:"e,omitempty"`
	FSx    *FSxWindowsVolume `msg:"x,omitempty"`
}

// HostVolume is a path of the instance; an empty path lets Docker choose one for the task's life (features.md B15).
type HostVolume struct {
	SourcePath string `msg:"p,omitempty"`
}

// DockerVolume is a volume of the Docker daemon.
type DockerVolume struct {
	Scope         string            `msg:"s,omitempty"`
	Autoprovision *bool             `msg:"a,omitempty"`
	Driver        string            `msg:"d,omitempty"`
	DriverOpts    map[string]string `msg:"o,omitempty"`
	Labels        map[string]string `msg:"l,omitempty"`
}

// EFSVolume is an NFS file system.
type EFSVolume struct {
	FileSystemID          string `msg:"f"`
	RootDirectory         string `msg:"r,omitempty"`
	TransitEncryption     string `msg:"t,omitempty"`
	TransitEncryptionPort *int32 `msg:"p,omitempty"`
	HasAuthorization      bool   `msg:"h,omitempty"`
	AccessPointID         string `msg:"a,omitempty"`
	IAM                   string `msg:"i,omitempty"`
}

// FSxWindowsVolume is a Windows file share; it cannot be mounted on Linux and is never placed there.
type FSxWindowsVolume struct {
	FileSystemID         string `msg:"f"`
	RootDirectory        string `msg:"r"`
	CredentialsParameter string `msg:"c"`
	Domain               string `msg:"d"`
}

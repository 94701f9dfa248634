package ecs

func validateVolumes(d *TaskDefinition) error {
	seen := map[string]bool{}
	for i := range d.Volumes {
		v := &d.Volumes[i]
		switch {
		case !ValidName(v.Name):
			return ClientErrorf("Volume name contains invalid characters: '%s'.", v.Name)
		case seen[v.Name]:
			return ClientErrorf("Volume names must be unique within a Task Definition: '%s'.", v.Name)
		}
		seen[v.Name] = true
		if err := v.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (v *Volume) validate() error {
	kinds := 0
	for _, given := range []bool{v.Host != nil, v.Docker != nil, v.EFS != nil, v.FSx != nil} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		return ClientErrorf("When the volume parameter is specified, only one volume configuration type should be used.")
	case v.Docker != nil:
		return v.validateDocker()
	case v.EFS != nil:
		return v.EFS.validate()
	case v.FSx != nil:
		return v.FSx.validate()
	}
	return nil
}

// validateDocker: only a shared volume can be made on demand (features.md B15.3).
func (v *Volume) validateDocker() error {
	if !oneOf(v.Docker.Scope, "", "task", "shared") {
		return ClientErrorf("Invalid 'scope' setting for volume '%s'.", v.Name)
	}
	if valueOr(v.Docker.Autoprovision, false) && v.Docker.Scope != "shared" {
		return ClientErrorf("Invalid 'autoprovision' setting for volume '%s'. It needs the scope 'shared'.", v.Name)
	}
	return nil
}

// validate: access points and IAM need encryption in transit, and an access point has its own root (features.md B15.5).
func (e *EFSVolume) validate() error {
	encrypted := e.TransitEncryption == "ENABLED"
	rooted := e.RootDirectory != "" && e.RootDirectory != "/"
	switch {
	case e.FileSystemID == "":
		return ClientErrorf("EFS fileSystemId should not be null or empty.")
	case e.IAM == "ENABLED" && !encrypted:
		return ClientErrorf("EFS IAM authorization requires transit encryption to be enabled.")
	case e.AccessPointID != "" && !encrypted:
		return ClientErrorf("When using an EFS access point, transit encryption must be enabled.")
	case e.AccessPointID != "" && rooted:
		return ClientErrorf("When using an EFS access point, the root directory must be omitted or set to '/'.")
	case e.TransitEncryptionPort != nil && !validPort(*e.TransitEncryptionPort):
		return ClientErrorf("Invalid 'transitEncryptionPort' setting for EFS volume.")
	}
	return nil
}

func validPort(n int32) bool { return n >= 1 && n <= 65535 }

// validate: all four are required (features.md B15.6).
func (f *FSxWindowsVolume) validate() error {
	if f.FileSystemID == "" || f.RootDirectory == "" || f.CredentialsParameter == "" || f.Domain == "" {
		return ClientErrorf("An FSx for Windows File Server volume requires fileSystemId, rootDirectory, " +
			"credentialsParameter and domain.")
	}
	return nil
}

func (d *TaskDefinition) volume(name string) *Volume {
	for i := range d.Volumes {
		if d.Volumes[i].Name == name {
			return &d.Volumes[i]
		}
	}
	return nil
}

func validateMountPoints(d *TaskDefinition, c *ContainerDefinition) error {
	for _, m := range c.MountPoints {
		if d.volume(m.SourceVolume) == nil {
			return ClientErrorf("Unknown volume '%s'.", m.SourceVolume)
		}
		if m.ContainerPath == "" {
			return ClientErrorf("Invalid 'mountPoints' setting for container '%s'. containerPath should not be null or empty.",
				c.Name)
		}
	}
	return nil
}

func validateVolumesFrom(d *TaskDefinition, c *ContainerDefinition) error {
	for _, v := range c.VolumesFrom {
		if v.SourceContainer == c.Name || d.Container(v.SourceContainer) == nil {
			return ClientErrorf("Invalid 'volumesFrom' setting. Unknown container: '%s'", v.SourceContainer)
		}
	}
	return nil
}

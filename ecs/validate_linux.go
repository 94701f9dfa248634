package ecs

import "strings"

// The names ECS knows (features.md C55).
var (
	ulimitNames = words(`core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack`)

	capabilityNames = words(`ALL AUDIT_CONTROL AUDIT_WRITE BLOCK_SUSPEND CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID
		IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST
		NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO
		SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM`)

	tmpfsOptions = words(`defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand nomand atime noatime
		diratime nodiratime bind rbind unbindable runbindable private rprivate shared rshared slave rslave relatime norelatime
		strictatime nostrictatime mode uid gid nr_inodes nr_blocks mpol`)
)

func words(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(s) {
		set[w] = true
	}
	return set
}

func validateUlimits(_ *TaskDefinition, c *ContainerDefinition) error {
	for _, u := range c.Ulimits {
		if !ulimitNames[u.Name] {
			return ClientErrorf("Invalid ulimit name '%s' for container '%s'.", u.Name, c.Name)
		}
		if u.Hard >= 0 && u.Soft > u.Hard {
			return ClientErrorf("Invalid 'ulimits' setting for container '%s'. "+
				"The soft limit of '%s' cannot be greater than the hard limit.", c.Name, u.Name)
		}
	}
	return nil
}

func validateCapabilities(_ *TaskDefinition, c *ContainerDefinition) error {
	if c.Linux == nil {
		return nil
	}
	for _, list := range [][]string{c.Linux.CapabilitiesAdd, c.Linux.CapabilitiesDrop} {
		for _, name := range list {
			if !capabilityNames[name] {
				return ClientErrorf("Invalid capability '%s' for container '%s'.", name, c.Name)
			}
		}
	}
	return nil
}

// validateTmpfs: an option may carry a value, such as mode=1777.
func validateTmpfs(_ *TaskDefinition, c *ContainerDefinition) error {
	if c.Linux == nil {
		return nil
	}
	for _, t := range c.Linux.Tmpfs {
		if t.ContainerPath == "" || t.SizeMiB <= 0 {
			return ClientErrorf("Invalid 'tmpfs' setting for container '%s'. containerPath and a positive size are required.", c.Name)
		}
		for _, option := range t.MountOptions {
			if name, _, _ := strings.Cut(option, "="); !tmpfsOptions[name] {
				return ClientErrorf("Invalid tmpfs mount option '%s' for container '%s'.", option, c.Name)
			}
		}
	}
	return nil
}

// validateSwap also covers the size of /dev/shm (features.md C52, C53).
func validateSwap(_ *TaskDefinition, c *ContainerDefinition) error {
	if c.Linux == nil {
		return nil
	}
	if n := valueOr(c.Linux.Swappiness, 0); n < 0 || n > 100 {
		return ClientErrorf("Invalid 'swappiness' setting for container '%s'. It must be between 0 and 100.", c.Name)
	}
	if valueOr(c.Linux.MaxSwapMiB, 0) < 0 {
		return ClientErrorf("Invalid 'maxSwap' setting for container '%s'. It must be 0 or greater.", c.Name)
	}
	if valueOr(c.Linux.SharedMemorySizeMiB, 1) <= 0 {
		return ClientErrorf("Invalid 'sharedMemorySize' setting for container '%s'. It must be greater than 0.", c.Name)
	}
	return nil
}

// validateSystemControls: kernel parameters of a namespace the container shares with its host are not its own to set
// (semantics.md 3.3).
func validateSystemControls(d *TaskDefinition, c *ContainerDefinition) error {
	for _, s := range c.SystemControls {
		switch {
		case s.Name == "":
			return ClientErrorf("Invalid 'systemControls' setting for container '%s'. namespace should not be null or empty.", c.Name)
		case strings.HasPrefix(s.Name, "net.") && d.Network() == NetworkHost:
			return ClientErrorf("The system control '%s' is not supported when networkMode=host.", s.Name)
		case ipcControl(s.Name) && d.IPCMode == "host":
			return ClientErrorf("The system control '%s' is not supported when ipcMode=host.", s.Name)
		}
	}
	return nil
}

func ipcControl(name string) bool {
	return strings.HasPrefix(name, "kernel.msg") || strings.HasPrefix(name, "kernel.sem") ||
		strings.HasPrefix(name, "kernel.shm") || strings.HasPrefix(name, "fs.mqueue.")
}

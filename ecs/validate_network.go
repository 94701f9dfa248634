package ecs

import "strings"

// Values of RequiresCompatibilities and Compatibilities.
const (
	CompatibilityEC2      = "EC2"
	CompatibilityFargate  = "FARGATE"
	CompatibilityExternal = "EXTERNAL"
)

func (d *TaskDefinition) requires(compatibility string) bool {
	return oneOf(compatibility, d.RequiresCompatibilities...)
}

func (d *TaskDefinition) windows() bool {
	return d.Platform != nil && strings.HasPrefix(d.Platform.OperatingSystemFamily, "WINDOWS")
}

// validateModes repeats the API's enums for callers that did not come over the wire.
func validateModes(d *TaskDefinition) error {
	switch {
	case !oneOf(string(d.NetworkMode), "", "bridge", "host", "awsvpc", "none"):
		return ClientErrorf("Invalid 'networkMode' setting for task: '%s'.", d.NetworkMode)
	case !oneOf(d.PIDMode, "", "host", "task"):
		return ClientErrorf("Invalid 'pidMode' setting for task: '%s'.", d.PIDMode)
	case !oneOf(d.IPCMode, "", "host", "task", "none"):
		return ClientErrorf("Invalid 'ipcMode' setting for task: '%s'.", d.IPCMode)
	}
	return nil
}

// validateExternalNetwork: instances outside EC2 have no network interface to give a task (semantics.md 3.1).
func validateExternalNetwork(d *TaskDefinition) error {
	if d.requires(CompatibilityExternal) && d.Network() == NetworkAWSVPC {
		return ClientErrorf("The network mode 'awsvpc' is not supported by the EXTERNAL launch type.")
	}
	return nil
}

// validateNetworkSettings: what a container of an awsvpc task cannot have of its own (semantics.md 1.3).
func validateNetworkSettings(d *TaskDefinition, c *ContainerDefinition) error {
	if d.Network() != NetworkAWSVPC {
		return nil
	}
	switch {
	case len(c.Links) > 0:
		return ClientErrorf("Links are not supported when networkMode=awsvpc.")
	case c.Hostname != "":
		return ClientErrorf("hostname is not supported on container when networkMode=awsvpc.")
	case len(c.DNSServers) > 0 || len(c.DNSSearchDomains) > 0:
		return ClientErrorf("DNS servers are not supported on container when networkMode=awsvpc.")
	case len(c.ExtraHosts) > 0:
		return ClientErrorf("Extra hosts are not supported on container when networkMode=awsvpc.")
	case c.DisableNetworking != nil && *c.DisableNetworking:
		return ClientErrorf("Disable Networking is not supported on container when networkMode=awsvpc.")
	}
	return nil
}

// validateLinks: links exist on the bridge alone, to containers of the same task.
func validateLinks(d *TaskDefinition, c *ContainerDefinition) error {
	if len(c.Links) > 0 && d.Network() != NetworkBridge {
		return ClientErrorf("Links are not supported when networkMode=%s.", d.Network())
	}
	for _, link := range c.Links {
		name, alias, found := strings.Cut(link, ":")
		if !ValidName(name) || found && !ValidName(alias) {
			return ClientErrorf("Invalid 'links' setting for container '%s': '%s'.", c.Name, link)
		}
		if d.Container(name) == nil {
			return ClientErrorf("Invalid 'links' setting. Unknown container: '%s'", name)
		}
	}
	return nil
}

func validateLinkCycle(d *TaskDefinition) error {
	if d.hasCycle(func(c *ContainerDefinition) []string {
		names := make([]string, len(c.Links))
		for i, link := range c.Links {
			names[i], _, _ = strings.Cut(link, ":")
		}
		return names
	}) {
		return ClientErrorf("Container links should not have a cycle")
	}
	return nil
}

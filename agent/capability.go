package agent

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"berth/agent/runtime"
	"berth/agent/session"
)

// Prefixes of capability names.
const (
	oldCapability = "com.amazonaws.ecs.capability."
	newCapability = "ecs.capability."
)

// remoteAPIs are the minor versions of the Docker API that the amazon-ecs-agent announces (semantics.md 3.4).
var remoteAPIs = []int{17, 18, 19, 20, 21, 22, 23, 24, 25, 28, 29, 30, 32}

// attributes are what the host can do, what it is, and what its owner says about it. Only what works here is announced:
// a task that needs anything else is not placed here.
func attributes(config Config, info runtime.Info) []session.Attribute {
	names := []string{
		newCapability + "container-ordering", newCapability + "container-health-check", newCapability + "full-sync",
		newCapability + "network.container-port-range", newCapability + "docker-plugin.local",
	}
	names = append(names, apiCapabilities(info.APIVersion)...)
	for _, driver := range logDrivers(config.Settings.LogDrivers, info.LogDrivers) {
		names = append(names, oldCapability+"logging-driver."+driver)
	}
	if !config.Settings.DisablePrivileged {
		names = append(names, oldCapability+"privileged-container")
	}
	if info.TaskLimits {
		names = append(names, newCapability+"task-cpu-mem-limit", newCapability+"increased-task-cpu-limit")
	}
	if config.Settings.SELinux && slices.Contains(info.SecurityOptions, "selinux") {
		names = append(names, oldCapability+"selinux")
	}
	if config.Settings.AppArmor && slices.Contains(info.SecurityOptions, "apparmor") {
		names = append(names, oldCapability+"apparmor")
	}
	values := map[string]string{}
	for _, name := range names {
		values[name] = ""
	}
	maps.Copy(values, config.Settings.Attributes)
	maps.Copy(values, config.Attributes)
	values["ecs.os-type"] = cmp.Or(info.OSType, "linux")
	values["ecs.os-family"] = strings.ToUpper(cmp.Or(info.OSType, "linux"))
	values["ecs.cpu-architecture"] = architecture(info.Architecture)
	if config.AvailabilityZone != "" {
		values["ecs.availability-zone"] = config.AvailabilityZone
	}
	list := make([]session.Attribute, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, session.Attribute{Name: name, Value: values[name]})
	}
	return list
}

// apiCapabilities are those up to the engine's own version.
func apiCapabilities(version string) []string {
	major, minor, _ := strings.Cut(version, ".")
	highest, err := strconv.Atoi(minor)
	if major != "1" || err != nil {
		return nil
	}
	var names []string
	for _, m := range remoteAPIs {
		if m <= highest {
			names = append(names, oldCapability+"docker-remote-api.1."+strconv.Itoa(m))
		}
	}
	return names
}

// logDrivers are the configured ones the engine has. It does not list "none", which it always has.
func logDrivers(configured, engine []string) []string {
	if configured == nil {
		configured = []string{"json-file", "none"}
	}
	return slices.DeleteFunc(slices.Clone(configured), func(name string) bool {
		return name != "none" && !slices.Contains(engine, name)
	})
}

func architecture(machine string) string {
	if machine == "aarch64" {
		return "arm64"
	}
	return machine
}

// portTexts are ports as the registration wants them.
func portTexts(ports []uint16) []string {
	list := make([]string, 0, len(ports))
	for _, p := range ports {
		list = append(list, strconv.Itoa(int(p)))
	}
	return list
}

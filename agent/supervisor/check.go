package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"berth/agent/runtime"
	"berth/api/acs"
)

// check refuses a task this agent cannot run as it was asked for. Running it with a part left out would be worse.
func check(task acs.Task) error {
	if len(task.Containers) == 0 {
		return errors.New("the task has no containers")
	}
	if task.NetworkMode == "awsvpc" {
		return unsupported("network mode awsvpc")
	}
	if task.PIDMode == "task" {
		return unsupported("pidMode task")
	}
	if task.IPCMode == "task" {
		return unsupported("ipcMode task")
	}
	volumes := map[string]bool{}
	for _, v := range task.Volumes {
		if v.EFS != nil || v.FSxWindowsFileServer != nil || v.Type == "efs" || v.Type == "fsxWindowsFileServer" {
			return unsupported("volume " + v.Name + " of type " + v.Type)
		}
		volumes[v.Name] = true
	}
	seen := map[string]bool{}
	for _, c := range task.Containers {
		if seen[c.Name] {
			return fmt.Errorf("two containers are called %q", c.Name)
		}
		seen[c.Name] = true
		if err := checkContainer(c, volumes); err != nil {
			return fmt.Errorf("container %s: %w", c.Name, err)
		}
	}
	return nil
}

func unsupported(what string) error {
	return runtime.NewError(runtime.ResourceInitialization, fmt.Errorf("%s is not supported by this agent", what))
}

func checkContainer(c acs.Container, volumes map[string]bool) error {
	switch {
	case c.Name == "" || c.Image == "":
		return errors.New("name and image are required")
	case len(c.Secrets) > 0:
		return unsupported("secrets")
	case len(c.EnvironmentFiles) > 0:
		return unsupported("environmentFiles")
	case c.RegistryAuthentication != nil:
		return unsupported("registry authentication")
	case c.FirelensConfiguration != nil:
		return unsupported("firelensConfiguration")
	case c.RestartPolicy != nil && c.RestartPolicy.Enabled:
		return unsupported("restartPolicy")
	case len(c.ManagedAgents) > 0:
		return unsupported("execute command")
	case len(c.CredentialSpecs) > 0:
		return unsupported("credentialSpecs")
	}
	for _, m := range c.MountPoints {
		if !volumes[m.SourceVolume] {
			return fmt.Errorf("mount point names volume %q, which the task does not have", m.SourceVolume)
		}
	}
	for _, p := range c.PortMappings {
		if _, err := port(p); err != nil {
			return err
		}
	}
	_, err := command(c)
	return err
}

// command is the container's command with an override applied. Of the overrides text only the key "command" is
// allowed, as Amazon's agent has it: everything else the server merges in before.
func command(c acs.Container) ([]string, error) {
	if c.Overrides == "" {
		return c.Command, nil
	}
	var keys map[string]jsontext.Value
	if err := json.Unmarshal([]byte(c.Overrides), &keys); err != nil {
		return nil, fmt.Errorf("overrides: %w", err)
	}
	result := c.Command
	for _, key := range slices.Sorted(mapKeys(keys)) {
		if key != "command" {
			return nil, fmt.Errorf("overrides: Unrecognized key: %s", key)
		}
		if err := json.Unmarshal(keys[key], &result); err != nil {
			return nil, fmt.Errorf("overrides: command: %w", err)
		}
	}
	return result, nil
}

func mapKeys(m map[string]jsontext.Value) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// referenced are the containers that must exist before this one is created.
func referenced(c acs.Container) []string {
	var names []string
	for _, link := range c.Links {
		name, _, _ := strings.Cut(link, ":")
		names = append(names, name)
	}
	for _, from := range c.VolumesFrom {
		names = append(names, from.SourceContainer)
	}
	return names
}

// link connects containers with what they depend on. links and volumesFrom imply START (semantics.md 2.5).
func (m *machine) link() error {
	for _, c := range m.containers {
		wanted := slices.Clone(c.def.DependsOn)
		for _, name := range referenced(c.def) {
			wanted = append(wanted, acs.Dependency{ContainerName: name, Condition: acs.ConditionStart})
		}
		for _, d := range wanted {
			p := m.byName[d.ContainerName]
			if p == nil {
				return fmt.Errorf("%s: container %s depends on %q, which the task does not have", runtime.TaskDependency, c.def.Name, d.ContainerName)
			}
			switch d.Condition {
			case acs.ConditionStart, acs.ConditionComplete, acs.ConditionSuccess:
			case acs.ConditionHealthy:
				if !p.checked() {
					return fmt.Errorf("%s: container %s waits for %s to be HEALTHY, which has no health check", runtime.TaskDependency, c.def.Name, p.def.Name)
				}
			default:
				return fmt.Errorf("%s: container %s has the unknown condition %q", runtime.TaskDependency, c.def.Name, d.Condition)
			}
			c.providers = append(c.providers, provider{p, d.Condition})
			p.dependents = append(p.dependents, c)
		}
	}
	return m.acyclic()
}

// acyclic finds circles by walking depth first.
func (m *machine) acyclic() error {
	const onPath, done = 1, 2
	mark := map[*container]int{}
	var visit func(c *container) error
	visit = func(c *container) error {
		switch mark[c] {
		case onPath:
			return fmt.Errorf("%s: the dependencies of container %s go in a circle", runtime.TaskDependency, c.def.Name)
		case done:
			return nil
		}
		mark[c] = onPath
		for _, p := range c.providers {
			if err := visit(p.c); err != nil {
				return err
			}
		}
		mark[c] = done
		return nil
	}
	for _, c := range m.containers {
		if err := visit(c); err != nil {
			return err
		}
	}
	return nil
}

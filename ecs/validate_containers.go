package ecs

import (
	"regexp"
	"strings"
)

// MaxContainers of a definition. ECS: semantics.md 9.
const MaxContainers = 10

func validateContainerCount(d *TaskDefinition) error {
	if len(d.Containers) == 0 {
		return ClientErrorf("Container list cannot be empty.")
	}
	if len(d.Containers) > MaxContainers {
		return ClientErrorf("Too many containers.")
	}
	return nil
}

func validateImagePresent(_ *TaskDefinition, c *ContainerDefinition) error {
	if c.Image == "" {
		return ClientErrorf("Container.image should not be null or empty.")
	}
	return nil
}

func validateNamePresent(_ *TaskDefinition, c *ContainerDefinition) error {
	if c.Name == "" {
		return ClientErrorf("Container.name should not be null or empty.")
	}
	return nil
}

func validateContainerName(_ *TaskDefinition, c *ContainerDefinition) error {
	if !ValidName(c.Name) {
		return ClientErrorf("Container.name contains invalid characters.")
	}
	return nil
}

func validateNamesUnique(d *TaskDefinition) error {
	for i := range d.Containers {
		if d.Container(d.Containers[i].Name) != &d.Containers[i] {
			return ClientErrorf("Container names must be unique within a Task Definition.")
		}
	}
	return nil
}

func validateEssential(d *TaskDefinition) error {
	for i := range d.Containers {
		if d.Containers[i].Essential {
			return nil
		}
	}
	return ClientErrorf("Task definition doesn't have any essential container.")
}

var (
	imageName   = regexp.MustCompile(`^[A-Za-z0-9_.:/#-]{1,255}$`)
	imageDigest = regexp.MustCompile(`^[A-Za-z0-9+._-]+:[A-Fa-f0-9]+$`)
)

// validateImage: up to 255 characters before an optional digest (semantics.md 1.9).
func validateImage(_ *TaskDefinition, c *ContainerDefinition) error {
	name, digest, found := strings.Cut(c.Image, "@")
	if !imageName.MatchString(name) || found && !imageDigest.MatchString(digest) {
		return ClientErrorf("Container.image contains invalid characters.")
	}
	return nil
}

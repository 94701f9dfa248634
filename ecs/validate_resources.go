package ecs

import (
	"strconv"
	"unicode/utf8"
)

// Types of a ResourceRequirement.
const (
	ResourceGPU                  = "GPU"
	ResourceInferenceAccelerator = "InferenceAccelerator"
)

// The limits of placement constraints. ECS: features.md C18, C20.
const (
	MaxPlacementConstraints = 10
	MaxExpressionLength     = 2000
)

func validateResourceRequirements(d *TaskDefinition, c *ContainerDefinition) error {
	return checkResources(d, c.Name, c.ResourceRequirements, ClientErrorf)
}

// checkResources raises the kind of exception its caller uses: GPUs are a positive whole number, an accelerator is one the
// definition declares (features.md B17.9, B17.10).
func checkResources(d *TaskDefinition, container string, list []ResourceRequirement, raise func(string, ...any) *Error) error {
	for _, r := range list {
		switch r.Type {
		case ResourceGPU:
			if gpuCount(r.Value) <= 0 {
				return raise("Invalid GPU requirement '%s' for container '%s'.", r.Value, container)
			}
		case ResourceInferenceAccelerator:
			if !d.hasAccelerator(r.Value) {
				return raise("Unknown inference accelerator '%s' for container '%s'.", r.Value, container)
			}
		default:
			return raise("Invalid resource requirement type '%s' for container '%s'.", r.Type, container)
		}
	}
	return nil
}

func gpuCount(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0
	}
	return n
}

func (d *TaskDefinition) hasAccelerator(name string) bool {
	for i := range d.InferenceAccelerators {
		if d.InferenceAccelerators[i].DeviceName == name {
			return true
		}
	}
	return false
}

// validateAcceleratorsUsed: a declared device must be asked for by a container.
func validateAcceleratorsUsed(d *TaskDefinition) error {
	used := map[string]bool{}
	for i := range d.Containers {
		for _, r := range d.Containers[i].ResourceRequirements {
			if r.Type == ResourceInferenceAccelerator {
				used[r.Value] = true
			}
		}
	}
	for _, a := range d.InferenceAccelerators {
		if !used[a.DeviceName] {
			return ClientErrorf("The inference accelerator '%s' must be referenced by a container.", a.DeviceName)
		}
	}
	return nil
}

// validatePlacementConstraints: the expression itself is first read at placement (semantics.md 3.3).
func validatePlacementConstraints(d *TaskDefinition) error {
	if len(d.PlacementConstraints) > MaxPlacementConstraints {
		return ClientErrorf("placementConstraints can have at most %d items.", MaxPlacementConstraints)
	}
	for _, c := range d.PlacementConstraints {
		if c.Type != "memberOf" {
			return ClientErrorf("constraint.type '%s' is not supported.", c.Type)
		}
		if utf8.RuneCountInString(c.Expression) > MaxExpressionLength {
			return ClientErrorf("constraint.expression longer than %d.", MaxExpressionLength)
		}
	}
	return nil
}

// validateProxy: an App Mesh proxy needs the task's own interface, its container, and a port to send traffic to.
func validateProxy(d *TaskDefinition) error {
	p := d.Proxy
	if p == nil {
		return nil
	}
	if d.Network() != NetworkAWSVPC {
		return ClientErrorf("APPMESH proxy configuration is only supported in networkMode=awsvpc")
	}
	if d.Container(p.ContainerName) == nil {
		return ClientErrorf("Proxy container [%s] does not exist", p.ContainerName)
	}
	for _, property := range p.Properties {
		if property.Name == "ProxyIngressPort" && property.Value != "" {
			return nil
		}
	}
	return ClientErrorf("Ingress port not found")
}

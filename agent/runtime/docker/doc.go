// Package docker is the runtime over the Docker Engine API (1.40 and later, negotiated).
//
// It adds no policy: it turns a runtime.Spec into what the engine wants, names every failure as ECS does, and bounds
// every call in time. It keeps nothing but the host ports it handed out for ranges; everything else is in the engine.
//
// Images. A host that builds its own images must not wait for a registry it does not need, so with the default policy
// an image that is on the host and never came from a registry (no repository digest: built, imported or loaded) is used
// at once. An image that did come from one is looked up there first, bounded by Config.ManifestTimeout; when its
// digest is the local one nothing is pulled, and when the registry does not answer the local image is used.
//
// Task limits need the cgroupfs driver and a writable cgroup tree of the same machine; otherwise Info.TaskLimits is
// false. With the systemd driver the engine wants slices that systemd owns, which is not built.
package docker

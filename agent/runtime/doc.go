// Package runtime is what a supervisor needs from a container engine: images, containers, volumes, task-wide limits,
// events and usage. The types are the engine-neutral form of what a payload says about a container.
//
// Implementations: runtime/docker (the Docker Engine) and runtime/fake (in memory). runtime/runtimetest is the suite both
// must pass. Nothing here knows the agent protocol's sessions or decides when to start or stop anything.
//
// Contract of every implementation:
//
//   - the engine is the only database: what Spec.Labels says comes back from List after an agent restart;
//   - CreateContainer is idempotent by Spec.Name, StartContainer, StopContainer and the Remove calls are idempotent;
//   - every error is an *Error with an ECS name; an engine that cannot be reached is ErrUnavailable and nothing else is;
//   - Watch reports a Resync before it relies on events and again after every gap in the stream.
package runtime

package ecs

import (
	"errors"
	"testing"
)

// change edits a definition before it is registered.
type change func(*TaskDefinition)

// plain is the smallest definition ECS takes, changed.
func plain(changes ...change) *TaskDefinition {
	d := &TaskDefinition{
		Family:     "web",
		Containers: []ContainerDefinition{{Name: "app", Image: "busybox", MemoryMiB: 64, Essential: true}},
	}
	for _, c := range changes {
		c(d)
	}
	return d
}

// app edits the container every plain definition has.
func app(edit func(*ContainerDefinition)) change {
	return func(d *TaskDefinition) { edit(&d.Containers[0]) }
}

// with adds a container that is not essential.
func with(name string, edits ...func(*ContainerDefinition)) change {
	return func(d *TaskDefinition) {
		c := ContainerDefinition{Name: name, Image: "busybox", MemoryMiB: 64}
		for _, edit := range edits {
			edit(&c)
		}
		d.Containers = append(d.Containers, c)
	}
}

func mode(m NetworkMode) change { return func(d *TaskDefinition) { d.NetworkMode = m } }

func size(cpu, memory string) change {
	return func(d *TaskDefinition) { d.CPU, d.Memory = cpu, memory }
}

func ports(p ...PortMapping) change {
	return app(func(c *ContainerDefinition) { c.PortMappings = p })
}

func dependsOn(name, condition string) change {
	return app(func(c *ContainerDefinition) { c.DependsOn = append(c.DependsOn, Dependency{name, condition}) })
}

func linux(l LinuxParameters) change {
	return app(func(c *ContainerDefinition) { c.Linux = &l })
}

func healthy(edit func(*HealthCheck)) change {
	return app(func(c *ContainerDefinition) {
		c.HealthCheck = &HealthCheck{Command: []string{"CMD-SHELL", "true"}, Interval: 30, Timeout: 5, Retries: 3}
		if edit != nil {
			edit(c.HealthCheck)
		}
	})
}

func volume(v Volume) change { return func(d *TaskDefinition) { d.Volumes = append(d.Volumes, v) } }

// fargate is a valid definition that requires Fargate, changed.
func fargate(changes ...change) *TaskDefinition {
	base := []change{mode(NetworkAWSVPC), size("256", "512"), func(d *TaskDefinition) {
		d.RequiresCompatibilities = []string{"FARGATE"}
	}}
	return plain(append(base, changes...)...)
}

func p[T any](v T) *T { return &v }

// refused asserts code and message of the refusal, or, with an empty code, that there is none.
func refused(t *testing.T, err error, code, message string) {
	t.Helper()
	var e *Error
	switch {
	case code == "" && err == nil:
	case code == "":
		t.Errorf("refused: %v", err)
	case !errors.As(err, &e):
		t.Errorf("got %v, want %s: %s", err, code, message)
	case e.Code != code || e.Message != message:
		t.Errorf("got  %s: %s\nwant %s: %s", e.Code, e.Message, code, message)
	}
}

type refusal struct {
	name    string
	def     *TaskDefinition
	message string // of a ClientException; "" when the definition is good
}

func checkRefusals(t *testing.T, cases []refusal) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			code := "ClientException"
			if c.message == "" {
				code = ""
			}
			refused(t, CompleteTaskDefinition(c.def), code, c.message)
		})
	}
}

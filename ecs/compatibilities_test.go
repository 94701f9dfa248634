package ecs

import (
	"slices"
	"testing"
)

func TestCompatibilities(t *testing.T) {
	onHosts, onEC2, everywhere := []string{"EXTERNAL", "EC2"}, []string{"EC2"}, []string{"EC2", "FARGATE"}
	for _, c := range []struct {
		name string
		def  *TaskDefinition
		want []string
	}{
		{"bridge", plain(), onHosts},
		{"host", plain(mode(NetworkHost)), onHosts},
		{"none", plain(mode(NetworkNone)), onHosts},
		{"bridge with a Fargate size", plain(size("256", "512")), onHosts},
		{"awsvpc", plain(mode(NetworkAWSVPC)), onEC2},
		{"awsvpc with another size", plain(mode(NetworkAWSVPC), size("300", "512")), onEC2},
		{"awsvpc with a Fargate size", plain(mode(NetworkAWSVPC), size("256", "512")), everywhere},
		{"Fargate required", fargate(), everywhere},
		{"a setting Fargate has not", plain(mode(NetworkAWSVPC), size("256", "512"),
			app(func(c *ContainerDefinition) { c.StopTimeout = p[int32](121) })), onEC2},
	} {
		if err := CompleteTaskDefinition(c.def); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !slices.Equal(c.def.Compatibilities, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.def.Compatibilities, c.want)
		}
	}
}

func TestRequiresAttributes(t *testing.T) {
	role := func(d *TaskDefinition) { d.ExecutionRoleARN = "arn:aws:iam::1:role/x" }
	taskRole := func(d *TaskDefinition) { d.TaskRoleARN = "arn:aws:iam::1:role/y" }
	image := func(s string) change { return app(func(c *ContainerDefinition) { c.Image = s }) }
	ecr := image("123456789012.dkr.ecr.eu-west-1.amazonaws.com/a")
	awslogs := app(func(c *ContainerDefinition) {
		c.Log = &LogConfiguration{Driver: "awslogs", Options: map[string]string{"awslogs-region": "r", "awslogs-group": "g"}}
	})
	const docker, plainly = "com.amazonaws.ecs.capability.", "ecs.capability."
	for _, c := range []struct {
		name string
		def  *TaskDefinition
		want []string
	}{
		{"plain", plain(), nil},
		{"gpu", plain(app(func(c *ContainerDefinition) { c.ResourceRequirements = []ResourceRequirement{{"GPU", "1"}} })), nil},
		{"digest", plain(image("a@sha256:00")), []string{docker + "docker-remote-api.1.21"}},
		{"ecr", plain(ecr), []string{docker + "docker-remote-api.1.19", docker + "ecr-auth"}},
		{"ecr with role", plain(ecr, role), []string{docker + "docker-remote-api.1.19", docker + "ecr-auth", plainly + "execution-role-ecr-pull"}},
		{"awslogs", plain(awslogs), []string{docker + "docker-remote-api.1.19", docker + "logging-driver.awslogs"}},
		{"awslogs with role", plain(awslogs, role),
			[]string{docker + "docker-remote-api.1.19", docker + "logging-driver.awslogs", plainly + "execution-role-awslogs"}},
		{"json-file", plain(app(func(c *ContainerDefinition) { c.Log = &LogConfiguration{Driver: "json-file"} })),
			[]string{docker + "docker-remote-api.1.18", docker + "logging-driver.json-file"}},
		{"task role", plain(taskRole), []string{docker + "docker-remote-api.1.17", docker + "task-iam-role"}},
		{"task role on host", plain(taskRole, mode(NetworkHost)),
			[]string{docker + "docker-remote-api.1.17", docker + "task-iam-role-network-host"}},
		{"awsvpc", plain(mode(NetworkAWSVPC)), []string{docker + "docker-remote-api.1.18", plainly + "task-eni"}},
		{"stop timeout", plain(app(func(c *ContainerDefinition) { c.StopTimeout = p[int32](5) })), []string{plainly + "container-ordering"}},
		{"depends on", plain(dependsOn("b", ConditionStart), with("b")), []string{plainly + "container-ordering"}},
		{"health check", plain(healthy(nil)), []string{docker + "docker-remote-api.1.24", plainly + "container-health-check"}},
		{"task size", plain(size("", "512")), []string{plainly + "task-cpu-mem-limit"}},
		{"big task", plain(size("10241", "")), []string{plainly + "increased-task-cpu-limit", plainly + "task-cpu-mem-limit"}},
		{"secrets", plain(role, app(func(c *ContainerDefinition) {
			c.Secrets = []Secret{{"A", "a"}, {"B", "arn:aws:secretsmanager:r:1:secret:b"}, {"C", "arn:aws:ssm:r:1:parameter/c"}}
		})), []string{plainly + "secrets.asm.environment-variables", plainly + "secrets.ssm.environment-variables"}},
		{"docker volume", plain(volume(Volume{Name: "v", Docker: &DockerVolume{Driver: "rexray"}})),
			[]string{docker + "docker-remote-api.1.25", plainly + "docker-plugin.rexray"}},
		{"efs", plain(volume(Volume{Name: "v", EFS: &EFSVolume{FileSystemID: "f", TransitEncryption: "ENABLED", IAM: "ENABLED"}})),
			[]string{plainly + "efs", plainly + "efsAuth"}},
		{"firelens", plain(with("r", func(c *ContainerDefinition) {
			c.Firelens = &Firelens{Type: "fluentbit", Options: map[string]string{"config-file-type": "file", "config-file-value": "/x"}}
		})), []string{plainly + "firelens.fluentbit", plainly + "firelens.options.config.file"}},
		{"privileged", plain(app(func(c *ContainerDefinition) { c.Privileged = p(true) })), []string{docker + "privileged-container"}},
		{"init", plain(linux(LinuxParameters{InitProcessEnabled: p(true)})), []string{docker + "docker-remote-api.1.25"}},
		{"accelerator", plain(func(d *TaskDefinition) {
			d.InferenceAccelerators = []InferenceAccelerator{{"dev", "eia2.medium"}}
			d.Containers[0].ResourceRequirements = []ResourceRequirement{{ResourceInferenceAccelerator, "dev"}}
		}), []string{plainly + "task-eia"}},
		{"pid", plain(func(d *TaskDefinition) { d.PIDMode = "task" }), []string{plainly + "pid-ipc-namespace-sharing"}},
		{"range", plain(ports(PortMapping{ContainerPortRange: "80-90"})), []string{plainly + "network.container-port-range"}},
	} {
		if err := CompleteTaskDefinition(c.def); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var got []string
		for _, a := range c.def.RequiresAttributes {
			got = append(got, a.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

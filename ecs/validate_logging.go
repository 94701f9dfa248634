package ecs

import "strings"

// Log drivers that mean something to ECS itself.
const (
	LogDriverAWSLogs  = "awslogs"
	LogDriverFirelens = "awsfirelens"
)

// validateLogDriver: awslogs cannot do without a group and a region; the error names only what is missing.
func validateLogDriver(_ *TaskDefinition, c *ContainerDefinition) error {
	if c.Log == nil || c.Log.Driver != LogDriverAWSLogs {
		return nil
	}
	var missing []string
	for _, option := range []string{"awslogs-region", "awslogs-group"} {
		if c.Log.Options[option] == "" && !hasSecret(c.Log.SecretOptions, option) {
			missing = append(missing, option)
		}
	}
	if len(missing) > 0 {
		return ClientErrorf("Log driver awslogs requires options: %s", strings.Join(missing, ", "))
	}
	return nil
}

func hasSecret(secrets []Secret, name string) bool {
	for i := range secrets {
		if secrets[i].Name == name {
			return true
		}
	}
	return false
}

// validateFirelensRouter: logs sent to FireLens need a container that routes them.
func validateFirelensRouter(d *TaskDefinition, c *ContainerDefinition) error {
	if c.Log == nil || c.Log.Driver != LogDriverFirelens {
		return nil
	}
	for i := range d.Containers {
		if d.Containers[i].Firelens != nil {
			return nil
		}
	}
	return ClientErrorf("When awsfirelens log driver is specified in log configuration, " +
		"a firelens configuration object must be specified in one of the containers.")
}

func validateFirelensOptions(_ *TaskDefinition, c *ContainerDefinition) error {
	if c.Firelens == nil {
		return nil
	}
	if !oneOf(c.Firelens.Type, "fluentd", "fluentbit") {
		return ClientErrorf("Invalid firelens configuration type '%s' for container '%s'.", c.Firelens.Type, c.Name)
	}
	kind, given := c.Firelens.Options["config-file-type"]
	value := c.Firelens.Options["config-file-value"]
	switch {
	case !given:
		return nil
	case kind != "s3" && kind != "file":
		return ClientErrorf("Invalid firelens config-file-type '%s' for container '%s'.", kind, c.Name)
	case value == "":
		return ClientErrorf("The firelens option config-file-value is required for container '%s'.", c.Name)
	case kind == "s3" && !isS3ObjectARN(value):
		return ClientErrorf("Invalid arn syntax")
	}
	return nil
}

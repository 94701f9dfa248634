package ecs

import "strings"

// maxEnvironmentFiles of one container. ECS: features.md C51.
const maxEnvironmentFiles = 10

func validateEnvironment(_ *TaskDefinition, c *ContainerDefinition) error {
	for _, e := range c.Environment {
		if e.Name == "" {
			return ClientErrorf("Invalid 'environment' setting for container '%s'. name should not be null or empty.", c.Name)
		}
	}
	return nil
}

// validateSecretsRole: even an empty list of secrets asks for the role (semantics.md 1.3).
func validateSecretsRole(d *TaskDefinition, c *ContainerDefinition) error {
	if c.Secrets != nil && d.ExecutionRoleARN == "" {
		return ClientErrorf("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.")
	}
	return nil
}

func validateSecretNames(_ *TaskDefinition, c *ContainerDefinition) error {
	used := map[string]bool{}
	for _, e := range c.Environment {
		used[e.Name] = true
	}
	for _, s := range c.Secrets {
		if s.Name == "" || s.ValueFrom == "" {
			return ClientErrorf("Invalid 'secrets' setting for container '%s'. name and valueFrom should not be null or empty.", c.Name)
		}
		if used[s.Name] {
			return ClientErrorf("The secret name must be unique and not shared with any new or existing "+
				"environment variables set on the container, such as '%s'.", s.Name)
		}
		used[s.Name] = true
	}
	return nil
}

func validateEnvironmentFiles(_ *TaskDefinition, c *ContainerDefinition) error {
	return checkEnvironmentFiles(c.EnvironmentFiles, ClientErrorf)
}

// checkEnvironmentFiles raises the kind of exception its caller uses.
func checkEnvironmentFiles(files []EnvironmentFile, raise func(string, ...any) *Error) error {
	if len(files) > maxEnvironmentFiles {
		return raise("The maximum number of environment files was exceeded. Specify ten or less and try again")
	}
	for _, f := range files {
		if f.Type != "s3" {
			return raise("environmentFiles type should be one of [s3]")
		}
		if !isS3ObjectARN(f.Value) {
			return raise("Invalid arn syntax")
		}
	}
	return nil
}

// isS3ObjectARN reports whether s is arn:<partition>:s3:::<bucket>/<key>.
func isS3ObjectARN(s string) bool {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "s3" {
		return false
	}
	bucket, key, _ := strings.Cut(parts[5], "/")
	return bucket != "" && key != ""
}

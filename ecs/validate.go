package ecs

import "regexp"

// taskRule checks one thing about a whole definition, containerRule about one of its containers.
type (
	taskRule      func(*TaskDefinition) error
	containerRule func(*TaskDefinition, *ContainerDefinition) error
)

// registrationRules in the order ECS is known to check: containers there at all, then the essential one, then the network mode,
// then the containers' memory, and Fargate's own sizes after it (semantics.md 11.17 to 11.19). What ECS's order is among the
// rest is not known.
var registrationRules = []taskRule{
	validateFamily,
	validateContainerCount,
	eachContainer(validateImagePresent, validateNamePresent, validateContainerName),
	validateNamesUnique,
	validateEssential,
	validateModes,
	validateExternalNetwork,
	ifFargate(fargateNetwork),
	eachContainer(validateMemoryGiven, validateMemoryMinimum, validateReservation, validateContainerCPU),
	ifFargate(fargateSize),
	validateTaskCPU,
	eachContainer(validateMemoryInTask),
	validateMemorySum,
	validateCPUSum,
	eachContainer(validateImage),
	eachContainer(validateNetworkSettings, validateLinks),
	validateLinkCycle,
	eachContainer(validatePortShape, validatePortRanges, validatePortsOfMode, validateContainerPortOnce),
	validateHostPortsOnce,
	validatePortNames,
	validateVolumes,
	eachContainer(validateMountPoints, validateVolumesFrom),
	eachContainer(validateDependencies),
	validateDependencyCycle,
	eachContainer(validateTimeouts, validateHealthCheck),
	eachContainer(validateUlimits, validateCapabilities, validateTmpfs, validateSwap, validateSystemControls),
	eachContainer(validateEnvironment, validateSecretsRole, validateSecretNames, validateEnvironmentFiles),
	eachContainer(validateLogDriver, validateFirelensRouter, validateFirelensOptions),
	eachContainer(validateResourceRequirements),
	validateAcceleratorsUsed,
	validatePlacementConstraints,
	validateProxy,
	validateEphemeralStorage,
	ifFargate(fargateSettings),
}

// ValidateTaskDefinition checks everything ECS checks at registration that needs no other record, and returns the first violation
// as ECS's exception with ECS's words where they are known (semantics.md 1.3 and 3, features.md A.5). def must be normalized.
func ValidateTaskDefinition(def *TaskDefinition) error {
	for _, rule := range registrationRules {
		if err := rule(def); err != nil {
			return err
		}
	}
	return nil
}

// eachContainer applies rules to every container, rule by rule.
func eachContainer(rules ...containerRule) taskRule {
	return func(d *TaskDefinition) error {
		for _, rule := range rules {
			for i := range d.Containers {
				if err := rule(d, &d.Containers[i]); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// ValidName reports whether s is 1 to 255 letters, digits, '_' or '-': the rule of names of clusters, families, containers and
// volumes. ECS: features.md C08.
func ValidName(s string) bool { return namePattern.MatchString(s) }

func validateFamily(d *TaskDefinition) error {
	if d.Family == "" {
		return ClientErrorf("Family should not be null or empty.")
	}
	if !ValidName(d.Family) {
		return ClientErrorf("Family contains invalid characters.")
	}
	return nil
}

// oneOf reports whether s is among the allowed words.
func oneOf(s string, allowed ...string) bool {
	for _, a := range allowed {
		if s == a {
			return true
		}
	}
	return false
}

package wire

const (
	codeInvalidParameter = "InvalidParameterException"
	codeClient           = "ClientException"
)

// rule changes what the generated checks do about one member of one operation. The zero rule changes nothing.
type rule struct {
	skip     bool     // let every violation pass: the handler checks, at the moment ECS does
	code     string   // exception instead of InvalidParameterException
	message  string   // text instead of the default one
	allowed  []string // enum values this operation takes, when fewer than the enum has; own members only
	nonEmpty bool     // an empty list counts as missing; required own members only
}

const (
	textLaunchType = "launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]"
	textStrategy   = "Scheduling strategy should be one of [REPLICA,DAEMON]"
)

// rules holds, by operation and member path without indexes, what is known of ECS beyond its model
// (texts: semantics.md 1.3; the moment of the include and settings checks: semantics.md 11.6 and 11.8).
var rules = map[string]map[string]rule{
	"CreateCluster": {
		"settings.name": {message: "Invalid setting 'name'"},
	},
	"CreateService": {
		"launchType":         {message: textLaunchType},
		"schedulingStrategy": {message: textStrategy},
	},
	"CreateTaskSet": {
		"launchType": {message: textLaunchType},
	},
	"DescribeClusters": {
		"include": {skip: true},
	},
	"DescribeContainerInstances": {
		"containerInstances": {code: codeClient, message: "Container Instances cannot be empty.", nonEmpty: true},
	},
	"DescribeServices": {
		"services": {message: "Services cannot be empty.", nonEmpty: true},
	},
	"DescribeTaskDefinition": {
		"include": {message: "include should be one of [[TAGS]]"},
	},
	"DescribeTasks": {
		"tasks": {message: "Tasks cannot be empty.", nonEmpty: true},
	},
	"ListServices": {
		"launchType":         {message: textLaunchType},
		"schedulingStrategy": {message: textStrategy},
	},
	"ListTasks": {
		"launchType": {message: textLaunchType},
	},
	"RegisterTaskDefinition": {
		"placementConstraints.type": {skip: true},
	},
	"RunTask": {
		"launchType": {message: textLaunchType},
	},
	"StartTask": {
		"containerInstances": {code: codeClient, message: "Container Instances cannot be empty.", nonEmpty: true},
	},
	"UpdateCluster": {
		"settings.name": {skip: true},
	},
	"UpdateClusterSettings": {
		"settings.name": {skip: true},
	},
	"UpdateContainerInstancesState": {
		"containerInstances": {code: codeClient, message: "Container Instances cannot be empty.", nonEmpty: true},
		"status": {
			message: "Container instance status should be one of [ACTIVE, DRAINING]",
			allowed: []string{ContainerInstanceStatusActive, ContainerInstanceStatusDraining},
		},
	},
}

package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"berth/api/awsjson"
	"berth/api/ecs/wire/internal/facts"
)

func validate(t *testing.T, operation, body string) error {
	t.Helper()
	in := Operations[operation].Input()
	if err := awsjson.Decode([]byte(body), in); err != nil {
		t.Fatalf("%s %s: %v", operation, body, err)
	}
	return in.(Input).Validate()
}

func TestValidate(t *testing.T) {
	tags := strings.TrimSuffix(strings.Repeat(`{"key":"k","value":"v"},`, 51), ",")
	for _, tt := range []struct{ operation, body, member, want string }{
		{"RunTask", `{}`, "taskDefinition", "InvalidParameterException: taskDefinition is missing"},
		{"RunTask", `{"taskDefinition":"a","launchType":"MOON"}`, "launchType",
			"InvalidParameterException: launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]"},
		{"RunTask", `{"taskDefinition":"a","launchType":"MANAGED_INSTANCES","propagateTags":"NONE"}`, "", ""},
		{"RunTask", `{"taskDefinition":"a","launchType":""}`, "launchType",
			"InvalidParameterException: launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]"},
		{"RunTask", `{"taskDefinition":"a","propagateTags":"x"}`, "propagateTags",
			"InvalidParameterException: propagateTags should be one of [TASK_DEFINITION,SERVICE,NONE]"},
		{"RunTask", `{"taskDefinition":"a","clientToken":"` + strings.Repeat("ä", 64) + `"}`, "", ""},
		{"RunTask", `{"taskDefinition":"a","clientToken":"` + strings.Repeat("a", 65) + `"}`, "clientToken",
			"InvalidParameterException: clientToken longer than 64."},
		{"RunTask", `{"taskDefinition":"a","networkConfiguration":{"awsvpcConfiguration":{}}}`, "networkConfiguration.awsvpcConfiguration.subnets",
			"InvalidParameterException: networkConfiguration.awsvpcConfiguration.subnets is missing"},
		{"RunTask", `{"taskDefinition":"a","capacityProviderStrategy":[{"capacityProvider":"x"},{"capacityProvider":"y","weight":1001}]}`,
			"capacityProviderStrategy[1].weight", "InvalidParameterException: capacityProviderStrategy[1].weight must be at most 1000"},
		{"RunTask", `{"taskDefinition":"a","capacityProviderStrategy":[{"capacityProvider":"x","base":-1}]}`,
			"capacityProviderStrategy[0].base", "InvalidParameterException: capacityProviderStrategy[0].base must be at least 0"},
		{"RunTask", `{"taskDefinition":"a","tags":[` + tags + `]}`, "tags", "InvalidParameterException: tags can have at most 50 items."},
		{"RunTask", `{"taskDefinition":"a","tags":[{"key":"","value":""}]}`, "tags[0].key", "InvalidParameterException: tags[0].key shorter than 1."},
		{"RunTask", `{"taskDefinition":"a","tags":[{"key":"k"}]}`, "", ""}, // whose text depends on the target
		{"UntagResource", `{"resourceArn":"a","tagKeys":["k","` + strings.Repeat("k", 129) + `"]}`, "tagKeys",
			"InvalidParameterException: tagKeys longer than 128."},
		{"RegisterTaskDefinition", `{"family":"f","containerDefinitions":[{"name":"a"},{"portMappings":[{"containerPort":80},{"protocol":"sctp"}]}]}`,
			"containerDefinitions[1].portMappings[1].protocol",
			"InvalidParameterException: containerDefinitions[1].portMappings[1].protocol should be one of [tcp,udp]"},
		{"RegisterTaskDefinition", `{"family":"f","containerDefinitions":[],"requiresCompatibilities":["EC2","MOON"]}`, "requiresCompatibilities",
			"InvalidParameterException: requiresCompatibilities should be one of [EC2,FARGATE,EXTERNAL,MANAGED_INSTANCES]"},
		{"DescribeTasks", `{}`, "tasks", "InvalidParameterException: Tasks cannot be empty."},
		{"DescribeTasks", `{"tasks":[]}`, "tasks", "InvalidParameterException: Tasks cannot be empty."},
		{"DescribeTasks", `{"tasks":["a"],"include":["TAG"]}`, "include", "InvalidParameterException: include should be one of [TAGS]"},
		{"DescribeServices", `{"services":[]}`, "services", "InvalidParameterException: Services cannot be empty."},
		{"DescribeContainerInstances", `{"containerInstances":[]}`, "containerInstances", "ClientException: Container Instances cannot be empty."},
		{"StartTask", `{"taskDefinition":"a"}`, "containerInstances", "ClientException: Container Instances cannot be empty."},
		{"DescribeTaskDefinition", `{"taskDefinition":"a","include":["x"]}`, "include", "InvalidParameterException: include should be one of [[TAGS]]"},
		{"DescribeClusters", `{"include":["x"]}`, "", ""},
		{"CreateCluster", `{"settings":[{"name":"x"}]}`, "settings[0].name", "InvalidParameterException: Invalid setting 'name'"},
		{"UpdateClusterSettings", `{"cluster":"a","settings":[{"name":"x"}]}`, "", ""},
		{"UpdateClusterSettings", `{"cluster":"a"}`, "settings", "InvalidParameterException: settings is missing"},
		{"UpdateContainerInstancesState", `{"containerInstances":["a"],"status":"REGISTERING"}`, "status",
			"InvalidParameterException: Container instance status should be one of [ACTIVE, DRAINING]"},
		{"UpdateContainerInstancesState", `{"containerInstances":["a"],"status":"DRAINING"}`, "", ""},
		{"ListClusters", `{}`, "", ""},
	} {
		err := validate(t, tt.operation, tt.body)
		var bad *ValidationError
		switch {
		case tt.want == "" && err == nil:
		case tt.want == "" || !errors.As(err, &bad):
			t.Errorf("%s %.80s: got %v", tt.operation, tt.body, err)
		case bad.Error() != tt.want || bad.Member != tt.member:
			t.Errorf("%s %.80s:\n got %v at %s\nwant %s at %s", tt.operation, tt.body, err, bad.Member, tt.want, tt.member)
		}
		var coded awsjson.CodedError
		if err != nil && !errors.As(err, &coded) {
			t.Errorf("%v is nothing awsjson can map", err)
		}
	}
}

// TestEveryRequiredMember leaves out each required member of each input in turn.
func TestEveryRequiredMember(t *testing.T) {
	model := loadFacts(t)
	checked := 0
	for name, op := range model.Operations {
		for _, member := range model.Structures[op.Input] {
			in := Operations[name].Input()
			if !member.Required || rules[name][member.Name].skip {
				continue
			}
			fillRequired(model, op.Input, member.Name, reflect.ValueOf(in).Elem())
			var bad *ValidationError
			if err := in.(Input).Validate(); !errors.As(err, &bad) || bad.Member != member.Name {
				t.Errorf("%s without %s: %v", name, member.Name, err)
			}
			checked++
		}
	}
	if checked < 50 {
		t.Errorf("only %d members checked", checked)
	}
}

// fillRequired makes every required member of a structure but one present.
func fillRequired(model *facts.Model, structure, except string, v reflect.Value) {
	for _, member := range model.Structures[structure] {
		if !member.Required || member.Name == except {
			continue
		}
		field := v.FieldByName(strings.ToUpper(member.Name[:1]) + member.Name[1:])
		switch field.Kind() {
		case reflect.Slice:
			field.Set(reflect.MakeSlice(field.Type(), 0, 0))
			if field.Type().Elem().Kind() == reflect.String && model.Kind(model.Lists[member.Type].Element) == facts.String {
				field.Set(reflect.Append(field, reflect.ValueOf("x")))
			}
		case reflect.Pointer:
			field.Set(reflect.New(field.Type().Elem()))
			if values := model.Enums[member.Type]; values != nil {
				field.Elem().SetString(values[0])
			}
			if model.Kind(member.Type) == facts.Structure {
				fillRequired(model, member.Type, "", field.Elem())
			}
		}
	}
}

// TestRulesAreAboutSomething refuses a rule whose operation or member does not exist, or that can never apply.
func TestRulesAreAboutSomething(t *testing.T) {
	model := loadFacts(t)
	for operation, members := range rules {
		for path, r := range members {
			structure, own := model.Operations[operation].Input, true
			steps := strings.Split(path, ".")
			for i, step := range steps {
				member, ok := findMember(model, structure, step)
				if !ok {
					t.Errorf("rule for %s.%s: no such member", operation, path)
					break
				}
				if i < len(steps)-1 {
					structure, own = model.Lists[member.Type].Element, false
					continue
				}
				if (r.nonEmpty && !(own && member.Required)) || (r.allowed != nil && !(own && model.Kind(member.Type) == facts.Enum)) {
					t.Errorf("rule for %s.%s never applies", operation, path)
				}
			}
		}
	}
}

func findMember(model *facts.Model, structure, name string) (facts.Member, bool) {
	for _, member := range model.Structures[structure] {
		if member.Name == name {
			return member, true
		}
	}
	return facts.Member{}, false
}

func TestValidRequestAllocatesNothing(t *testing.T) {
	var in RunTaskInput
	if err := awsjson.Decode([]byte(runTaskBody), &in); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _ = in.Validate() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

package auth

import "testing"

func TestAuthorize(t *testing.T) {
	root := Principal{Role: RoleOperator, Root: true}
	operator := Principal{Role: RoleOperator}
	agent := Principal{Role: RoleAgent}
	task := Principal{Role: RoleTask, RoleType: RoleTypeApplication}
	execution := Principal{Role: RoleTask, RoleType: RoleTypeExecution}
	everyone := []Principal{root, operator, agent, task, execution, {}, {Role: "other"}, {Root: true}}

	operators := []Principal{root, operator}
	agents := []Principal{root, operator, agent}
	tasks := []Principal{root, operator, task}
	for _, tt := range []struct {
		service, operation string
		may                []Principal
	}{
		{"ecs", "RegisterContainerInstance", agents},
		{"ecs", "DeregisterContainerInstance", agents},
		{"ecs", "DiscoverPollEndpoint", agents},
		{"ecs", "SubmitTaskStateChange", agents},
		{"ecs", "SubmitContainerStateChange", agents},
		{"ecs", "SubmitAttachmentStateChanges", agents},
		{"ecs", "UpdateContainerInstancesState", agents},
		{"ecs", "CreateCluster", agents},
		{"ecs", "ListTagsForResource", agents},
		{"ecs", "Poll", agents},
		{"ecs", "StartTelemetrySession", agents},
		{"ecs", "GetTaskProtection", tasks},
		{"ecs", "UpdateTaskProtection", tasks},
		{"ecs", "RunTask", operators},
		{"ecs", "StopTask", operators},
		{"ecs", "DeleteCluster", operators},
		{"ecs", "DescribeTasks", operators},
		{"ecs", "poll", operators},
		{"ecs", "", operators},
		{"berth", "CreateKey", operators},
		{"other", "Poll", operators},
		{"other", "GetTaskProtection", operators},
	} {
		for _, p := range everyone {
			want := false
			for _, m := range tt.may {
				want = want || m == p
			}
			err := Authorize(p, tt.service, tt.operation)
			if (err == nil) != want {
				t.Errorf("%+v, %s:%s: got %v, want allowed = %v", p, tt.service, tt.operation, err, want)
			}
			if err != nil && codeOf(err) != CodeAccessDenied {
				t.Errorf("%+v, %s:%s: %v", p, tt.service, tt.operation, err)
			}
		}
	}
}

func TestDeniedSpeaksAsECS(t *testing.T) {
	p := Principal{Role: RoleAgent, ARN: "arn:aws:iam::123456789012:user/node-1"}
	err, ok := Authorize(p, "ecs", "RunTask").(*Error)
	const want = "User: arn:aws:iam::123456789012:user/node-1 is not authorized to perform: ecs:RunTask on resource: *"
	if !ok || err.ErrorMessage() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

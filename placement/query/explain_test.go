package query

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Each case: the text, and what is said of web and of bare; "" where they match.
var explainCases = []struct{ text, web, bare string }{
	{"attribute:stack == test", `attribute:stack is "prod", not "test"`, "attribute stack is missing"},
	{"attribute:stack != prod", `attribute:stack is "prod"`, ""},
	{"attribute:stack in [a]", `attribute:stack is "prod", not "a"`, "attribute stack is missing"},
	{"attribute:stack in [a, b, c, d, e, f, g]", `attribute:stack is "prod", not one of "a", "b", "c", "d", "e", 2 more`, "attribute stack is missing"},
	{"attribute:stack not_in [prod, test]", `attribute:stack is "prod"`, ""},
	{"attribute:slots > 10", `attribute:slots is "10", not more than "10"`, "attribute slots is missing"},
	{"not attribute:slots <= 10", `attribute:slots is "10", which is at most "10"`, ""},
	{"attribute:stack =~ t.*", `attribute:stack is "prod", not of the pattern "t.*"`, "attribute stack is missing"},
	{"attribute:stack !~ p.*", `attribute:stack is "prod", which is of the pattern "p.*"`, ""},
	{"attribute:stack exists", "", "attribute stack is missing"},
	{"attribute:stack not_exists", "attribute stack exists", ""},
	{"attribute:gpu == x", `attribute:gpu is "", not "x"`, "attribute gpu is missing"},
	{"agentConnected == true", "", "agentConnected is false, not true"},
	{"agentVersion >= 1.90.0", "agentVersion is 1.89.2, not at least 1.90.0", "agentVersion is missing"},
	{"ec2InstanceId == i-1", `ec2InstanceId is "i-0abc", not "i-1"`, "ec2InstanceId is missing"},
	{"registeredAt < 2018-01-01", "registeredAt is 2018-06-18T22:28:28Z, not less than 2018-01-01", "registeredAt is missing"},
	{"runningTasksCount < 3", "runningTasksCount is 3, not less than 3", ""},
	{"runningTasksCount != 3 and runningTasksCount > 0", "runningTasksCount is 3", "runningTasksCount is 0, not more than 0"},
	{"task:group == service:api", "no task of group service:api runs there", "no task of group service:api runs there"},
	{"task:group != service:web", "a task of group service:web runs there", ""},
	{"not (task:group == service:web)", "a task of group service:web runs there", ""},
	{"task:group in [a, b]", "no task of one of the groups a, b runs there", "no task of one of the groups a, b runs there"},
	{"task:group !~ .*:web", `a task of a group of the pattern ".*:web" runs there`, ""},
	{"task:group exists", "", "no task runs there"},

	// The first part of an "and" that fails; every alternative of an "or", the same reason once.
	{"attribute:stack == prod and attribute:slots == 9 and attribute:x exists", `attribute:slots is "10", not "9"`, "attribute stack is missing"},
	{"attribute:stack == a or attribute:slots == 9", `attribute:stack is "prod", not "a"; attribute:slots is "10", not "9"`,
		"attribute stack is missing; attribute slots is missing"},
	{"attribute:x == a or attribute:x == b", "attribute x is missing", "attribute x is missing"},
	{"attribute:p exists or attribute:q exists or attribute:r exists or attribute:s exists or attribute:t exists",
		"attribute p is missing; attribute q is missing; attribute r is missing; 2 more",
		"attribute p is missing; attribute q is missing; attribute r is missing; 2 more"},
	{"not (attribute:x exists or attribute:stack exists)", "attribute stack exists", ""},
	{"not (attribute:slots exists and attribute:stack exists)", "attribute slots exists; attribute stack exists", ""},
}

func TestExplain(t *testing.T) {
	for _, c := range explainCases {
		e := mustParse(t, c.text)
		if got := e.Explain(web); got != c.web {
			t.Errorf("%s: of web %q, want %q", c.text, got, c.web)
		}
		if got := e.Explain(bare); got != c.bare {
			t.Errorf("%s: of bare %q, want %q", c.text, got, c.bare)
		}
	}
}

// Explanations stand in answers and events: they stay short whatever the expression and the values are.
func TestExplainIsShort(t *testing.T) {
	long := strings.Repeat("é", 150)
	texts := []string{"attribute:stack == " + long, "attribute:stack in [" + strings.Repeat(long+",", 9) + long + "]"}
	texts = append(texts, strings.Join([]string{
		"ec2InstanceId == " + long, "attribute:stack == " + long, "attribute:slots == " + long, "task:group == " + long,
		"attribute:gpu == " + long, "attribute:ecs.instance-type == " + long, "attribute:ecs.availability-zone == " + long,
	}, " or "))
	for _, text := range texts {
		got := mustParse(t, text).Explain(web)
		if n := utf8.RuneCountInString(got); n > maxExplanation+1 || !strings.Contains(got, "…") {
			t.Errorf("%d characters: %s", n, got)
		}
	}
}

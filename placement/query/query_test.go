package query

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Each case: the text, and whether web and bare match.
var evalCases = []struct {
	text      string
	web, bare bool
}{
	// Every operator in every spelling; a value that is missing makes the negated ones true.
	{"attribute:stack == prod", true, false},
	{"attribute:stack equals prod", true, false},
	{"attribute:stack == Prod", false, false},
	{"attribute:stack != prod", false, true},
	{"attribute:stack not_equals prod", false, true},
	{"attribute:stack != test", true, true},
	{"attribute:slots > 9", true, false},
	{"attribute:slots greater_than 10", false, false},
	{"attribute:slots >= 10", true, false},
	{"attribute:slots greater_than_equal 11", false, false},
	{"attribute:slots < 100", true, false},
	{"attribute:slots less_than 10", false, false},
	{"attribute:slots <= 10", true, false},
	{"attribute:slots less_than_equal 9.5", false, false},
	{"attribute:stack exists", true, false},
	{"attribute:stack !exists", false, true},
	{"attribute:stack ! exists", false, true},
	{"attribute:stack not_exists", false, true},
	{"attribute:stack in [test, prod]", true, false},
	{"attribute:stack in [test]", false, false},
	{"attribute:stack !in [test, prod]", false, true},
	{"attribute:stack not_in [test, prod]", false, true},
	{"attribute:stack =~ pr.*", true, false},
	{"attribute:stack matches pr", false, false},
	{`attribute:stack =~ "pro|x"`, false, false},
	{`attribute:stack =~ "x|rod"`, false, false},
	{`attribute:stack =~ "x|prod"`, true, false},
	{"attribute:stack !~ pr.*", false, true},
	{"attribute:stack not_matches pr", true, true},

	// An attribute without a value exists and is the empty text.
	{"attribute:gpu exists", true, false},
	{"attribute:gpu == ''", true, false},
	{"attribute:gpu != x", true, true},
	{`attribute:gpu =~ ""`, true, false},

	// Numbers as numbers when both are, else text; equality is of texts.
	{"attribute:slots > 9x", false, false},
	{"attribute:slots < 9x", true, false},
	{"attribute:slots == 10.0", false, false},
	{"attribute:slots >= 10.0", true, false},
	{"attribute:slots > -10", true, false},
	{"attribute:negative < -1.25", true, false},
	{"attribute:negative > -1.251", false, false},
	{"attribute:negative <= -1.50", true, false},
	{"attribute:negative < -0", true, false},
	{"attribute:slots > 1.x", true, false},
	{"attribute:slots > +9.99999999999999999999", true, false},
	{"attribute:slots < 100000000000000000000000000000001", true, false},
	{"attribute:stack > prefix", true, false},
	{"attribute:stack < q", true, false},

	// Values in quotes, with escapes; lists with both.
	{`attribute:odd/na-me_\x.y == "it's \"so\"\\"`, true, false},
	{`attribute:odd/na-me_\x.y == 'it\'s "so"\\'`, true, false},
	{`attribute:odd/na-me_\x.y in [a, 'it\'s "so"\\', "b"]`, true, false},
	{"attribute:ecs.availability-zone in ['us-east-1a','us-east-1b']", true, false},
	{"attribute:stack==prod&&attribute:slots>=10", true, false},

	{"agentConnected == true", true, false},
	{"agentConnected != true", false, true},
	{"agentConnected in [true, false]", true, true},
	{"agentConnected exists", true, true},
	{"agentConnected =~ f.*", false, true},

	// Versions part by part.
	{"agentVersion > 1.9", true, false},
	{"agentVersion < 1.100.0", true, false},
	{"agentVersion == 1.89.2", true, false},
	{"agentVersion == 01.89.2.0", true, false},
	{"agentVersion == v1.89.2+build", true, false},
	{"agentVersion > 1.89.2-rc1", true, false},
	{"agentVersion >= 1.89.3-rc1", false, false},
	{"agentVersion >= 1.90.0", false, false},
	{"agentVersion <= 1.89", false, false},
	{"agentVersion != 1.89.2", false, true},
	{"agentVersion in [1.0, 1.89.2]", true, false},
	{`agentVersion =~ "1[.]89[.].*"`, true, false},
	{"agentVersion exists", true, false},

	{"ec2InstanceId == i-0abc", true, false},
	{"ec2InstanceId in ['i-0abc', 'i-1']", true, false},
	{"ec2InstanceId !in ['i-0abc', 'i-1']", false, true},
	{"ec2InstanceId =~ i-.*", true, false},
	{"ec2InstanceId exists", true, false},

	// The four forms of times; whole seconds; a date is its first second.
	{"registeredAt == 2018-06-18T22:28:28+00:00", true, false},
	{"registeredAt == 2018-06-18T22:28:28Z", true, false},
	{"registeredAt == 2018-06-18T22:28:28", true, false},
	{"registeredAt == 2018-06-19T00:28:28+02:00", true, false},
	{"registeredAt > 2018-06-18", true, false},
	{"registeredAt < 2018-06-19", true, false},
	{"registeredAt == 2018-06-18", false, false},
	{"registeredAt > 2018-06-18T22:28:28Z", false, false},
	{"registeredAt >= 2018-06-18T22:28:28Z", true, false},
	{"registeredAt <= 2018-06-18T22:28:27Z", false, false},
	{"registeredAt != 2018-06-18", true, true},
	{"registeredAt exists", true, false},

	{"runningTasksCount == 3", true, false},
	{"runningTasksCount < 1", false, true},
	{"runningTasksCount >= -1", true, true},
	{"runningTasksCount in [0, 3]", true, true},

	{"task:group == service:web", true, false},
	{"task:group == service:w", false, false},
	{"task:group != service:web", false, true},
	{"task:group in [service:api, family:cron]", true, false},
	{"task:group not_in [service:api, family:cron]", false, true},
	{"task:group =~ family:.*", true, false},
	{"task:group !~ family:.*", false, true},
	{"task:group exists", true, false},
	{"task:group !exists", false, true},

	// Structure.
	{"attribute:stack == prod and attribute:slots == 10", true, false},
	{"attribute:stack == prod and attribute:slots == 11", false, false},
	{"attribute:stack == test or runningTasksCount == 0", false, true},
	{"agentConnected == false or attribute:slots == 10 and attribute:stack == prod", true, true},
	{"(agentConnected == false or attribute:slots == 10) and attribute:stack == prod", true, false},
	{"attribute:stack == prod and attribute:slots == 10 or agentConnected == false", true, true},
	{"not attribute:stack == prod and agentConnected == true", false, false},
	{"not (attribute:stack == prod and agentConnected == true)", false, true},
	{"!!(attribute:stack == prod)", true, false},
	{"not(task:group == service:web)", false, true},
	{" ((\tattribute:stack\n==prod ) ) ", true, false},
}

func TestEval(t *testing.T) {
	for _, c := range evalCases {
		e := mustParse(t, c.text)
		if got := e.Eval(web); got != c.web {
			t.Errorf("%s: web %v, want %v", c.text, got, c.web)
		}
		if got := e.Eval(bare); got != c.bare {
			t.Errorf("%s: bare %v, want %v", c.text, got, c.bare)
		}
	}
}

// Each case: the text and its canonical form.
var canonicalCases = []struct{ text, want string }{
	{"attribute:a equals b", "attribute:a == b"},
	{"attribute:a not_exists", "attribute:a !exists"},
	{"attribute:a ! in ['b','c d' ]", `attribute:a !in [b, "c d"]`},
	{`attribute:a == 'x'`, "attribute:a == x"},
	{`attribute:a == ''`, `attribute:a == ""`},
	{`attribute:a == "it's"`, `attribute:a == "it's"`},
	{`attribute:a == 'say "hi"'`, `attribute:a == 'say "hi"'`},
	{`attribute:a =~ "\d+(a|b)"`, `attribute:a =~ "\d+(a|b)"`},
	{`attribute:a == "(\\"`, `attribute:a == "(\\"`},
	{"(attribute:a == b) and (attribute:c == d and attribute:e == f)", "attribute:a == b && attribute:c == d && attribute:e == f"},
	{"attribute:a == b or (attribute:c == d or attribute:e == f)", "attribute:a == b || attribute:c == d || attribute:e == f"},
	{"(attribute:a == b or attribute:c == d) and attribute:e == f", "(attribute:a == b || attribute:c == d) && attribute:e == f"},
	{"attribute:a == b or (attribute:c == d and attribute:e == f)", "attribute:a == b || attribute:c == d && attribute:e == f"},
	{"not not (attribute:a exists)", "!!attribute:a exists"},
	{"not (attribute:a exists and attribute:b exists)", "!(attribute:a exists && attribute:b exists)"},
	{"registeredAt > '2018-06-18T22:28:28+00:00'", "registeredAt > 2018-06-18T22:28:28+00:00"},
}

func TestString(t *testing.T) {
	for _, c := range canonicalCases {
		if got := mustParse(t, c.text).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
}

// An expression of the greatest length without spaces keeps a canonical form that is legal.
func TestStringOfTheLongest(t *testing.T) {
	text := strings.TrimSuffix(strings.Repeat("attribute:a==b&&", MaxLength/16), "&&")
	e := mustParse(t, text)
	if e.String() != text {
		t.Errorf("the compact form is %q", e.String())
	}
	mustParse(t, e.String())
}

// Each case: the text, the column, and what the message says.
var errorCases = []struct {
	text string
	pos  int
	msg  string
}{
	{"", 1, "expected a subject such as attribute:stack, found the end"},
	{"   ", 4, "found the end"},
	{"attribute:stack", 16, "expected an operator such as ==, found the end"},
	{"attribute:stack prod", 17, "expected an operator such as ==, found prod"},
	{"attribute:stack ==", 19, "expected a value, found the end"},
	{"attribute:stack == ==", 20, "expected a value, found =="},
	{"attribute:stack = prod", 17, "= does not stand alone: == is meant"},
	{"attribute:a == b & attribute:c == d", 18, "& does not stand alone"},
	{"attribute:a =~ b|c", 17, "| does not stand alone"},
	{"attribute:stack == prod attribute:a exists", 25, "expected && or || or the end, found attribute:a"},
	{"attribute:stack == prod)", 24, "expected && or || or the end, found )"},
	{"(attribute:stack == prod", 25, "expected && or || or ), found the end"},
	{"(attribute:stack == prod]", 25, "expected && or || or ) (a text with special characters needs quotes), found ]"},
	{"attribute:a =~ t[23].*", 17, "needs quotes"},
	{"attribute:a == (b)", 16, "expected a value, found ("},
	{"attribute:a == b AND attribute:c == d", 18, "expected && or ||"},
	{"attribute:a == b and", 21, "expected a subject"},
	{"and attribute:a == b", 1, "expected a subject (attribute:NAME, agentConnected,"},
	{"stack == prod", 1, "found stack"},
	{"attribute == prod", 1, "found attribute"},
	{"attribute: == prod", 11, "expected the attribute's name"},
	{"attribute:a:b == prod", 12, "letters, digits and"},
	{"attribute:é == prod", 11, "letters, digits and"},
	{"attribute:" + strings.Repeat("n", 129) + " exists", 11, "at most 128 characters"},
	{"'attribute:a' == b", 1, "expected a subject"},
	{"attribute:a !like b", 14, "expected exists or in after !, found like"},
	{"attribute:a in b", 16, "expected a list such as [a, b], found b"},
	{"attribute:a in []", 17, "expected a value of the list, found ]"},
	{"attribute:a in [b,]", 19, "expected a value of the list, found ]"},
	{"attribute:a in [b c]", 19, "expected , or ], found c"},
	{"attribute:a in [b", 18, "expected , or ], found the end"},
	{"attribute:a == [b]", 16, "expected a value, found ["},
	{"attribute:a exists b", 20, "expected && or ||"},
	{"attribute:a == 'b", 16, "no closing '"},
	{`attribute:a == "b\"`, 16, `no closing "`},
	{"é attribute:a = b", 1, "found é"},
	{"attribute:a == é = b", 18, "= does not stand alone"},
	{"agentConnected == yes", 19, "expected true or false, found yes"},
	{"agentConnected > true", 16, "agentConnected has no operator >"},
	{"agentVersion > latest", 16, "expected a version such as 1.89.2, found latest"},
	{"agentVersion > 1..2", 16, "expected a version"},
	{"ec2InstanceId >= i-1", 15, "ec2InstanceId has no operator >="},
	{"registeredAt > yesterday", 16, "expected a time such as"},
	{"registeredAt > 2018-06-18T22:28:28.5Z", 16, "expected a time such as"},
	{"registeredAt > 2018-02-30", 16, "expected a time such as"},
	{"registeredAt =~ 2018.*", 14, "registeredAt has no operator =~"},
	{"runningTasksCount == 1.5", 22, "expected a whole number, found 1.5"},
	{"runningTasksCount not_matches 1", 19, "runningTasksCount has no operator !~"},
	{"task:group < service:a", 12, "task:group has no operator <"},
	{"attribute:a in [b] in [c]", 20, "expected && or ||"},
	{"attribute:a == b\xff", 17, "not a character of UTF-8"},
	{strings.Repeat("é", MaxLength+1), MaxLength + 1, "at most 2000 characters, this one has 2001"},
	{strings.Repeat("(", 101), 101, "nest at most 100 deep"},
	{strings.Repeat("!", 101), 101, "nest at most 100 deep"},

	// Patterns.
	{`attribute:a =~ "("`, 16, "the pattern cannot be read: missing closing )"},
	{`attribute:a =~ 'x(?=y)'`, 18, "look-around"},
	{`attribute:a =~ '(?<!y)x'`, 16, "look-around"},
	{`attribute:a =~ '(?>y)x'`, 16, "atomic"},
	{`attribute:a =~ "(a)\1"`, 20, "references back"},
	{`attribute:a =~ '(?<n>a)\k<n>'`, 24, "references back"},
	{`attribute:a =~ "\"\"(?!x)"`, 21, "look-around"},
	{`attribute:a =~ "[a-z&&[^b]]"`, 21, "intersections"},
	{`attribute:a =~ "[a[bc]]"`, 19, "a class within a class"},
	{`attribute:a =~ "[]&&]"`, 19, "intersections"},
	{`attribute:a =~ "a\Qb"`, 18, `\Q has no \E`},
	{`attribute:a =~ x**`, 17, "the pattern cannot be read: invalid nested repetition operator"},
	{`attribute:a =~ "[["`, 18, "a class within a class"},
	{"attribute:a == b and 'x", 22, "no closing '"},
	{"(attribute:a == b or &", 22, "& does not stand alone"},
	{"attribute:a !=", 15, "expected a value"},
	{"attribute:a ! =", 15, "= does not stand alone"},
	{"attribute:a in [=", 17, "= does not stand alone"},
	{`attribute:a =~ ab*+`, 18, "invalid nested repetition operator"},
	{`attribute:a =~ "((a{100}){100}){100}"`, 20, "invalid repeat count"},
	{`attribute:a =~ "(b{9}a{1000}){1}a{1000}a{1000}a{1000}a"`, 16, "too large"},
	{`attribute:a =~ \p{Alpha}`, 16, "invalid character class range"},
}

func TestErrors(t *testing.T) {
	for _, c := range errorCases {
		_, err := Parse(c.text)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v, want an error at %d", c.text, err, c.pos)
			continue
		}
		if e.Pos != c.pos || !strings.Contains(e.Msg, c.msg) || e.Error() != fmt.Sprintf("column %d: %s", e.Pos, e.Msg) {
			t.Errorf("%s: %v, want column %d: %s", c.text, e, c.pos, c.msg)
		}
	}
}

// Hosts may report anything as their version: what is none compares as if it were missing.
func TestUnknownVersion(t *testing.T) {
	i := *web.Instance.Instance
	i.VersionInfo.AgentVersion = "latest"
	h := newHost(&i)
	for text, want := range map[string]bool{
		"agentVersion > 0": false, "agentVersion != 1": true, "agentVersion exists": true, "agentVersion =~ lat.*": true,
	} {
		if mustParse(t, text).Eval(h) != want {
			t.Errorf("%s: not %v", text, want)
		}
	}
	want := "agentVersion is latest, not more than 0"
	if got := mustParse(t, "agentVersion > 0").Explain(h); got != want {
		t.Errorf("explained as %q, want %q", got, want)
	}
}

// Patterns that look like what is refused, and are not.
func TestPatternsOfGo(t *testing.T) {
	for pattern, value := range map[string]string{
		`(?i)WEB`: "web", `(?:a|b)c`: "bc", `(?<n>a)b`: "ab", `\(\?=x\)`: "(?=x)", `[(?=x)]+`: "?(", `[\[\&]+`: "&[", `[^]]`: "a",
		`\Q(?=[[\E.`: "(?=[[x", `a&&b`: "a&&b", `[\d&]+`: "1&2", `a|b`: "b", `x{0,1000}`: "xx",
	} {
		e := mustParse(t, "attribute:a =~ "+literal(pattern))
		h := newHost(web.Instance.Instance)
		one := *h.Instance.Instance
		one.Attributes = attributes("a", value)
		h.Instance.Instance = &one
		if !e.Eval(h) {
			t.Errorf("%s does not match %q", e, value)
		}
		one.Attributes = attributes("a", value+"\n")
		if e.Eval(h) {
			t.Errorf("%s matches %q with a line end", e, value)
		}
	}
}

func TestDynamic(t *testing.T) {
	for text, want := range map[string]bool{
		"attribute:a == b": false, "agentVersion > 1 or ec2InstanceId exists and agentConnected == true": false,
		"registeredAt > 2018-06-18": false, "runningTasksCount == 0": true, "task:group != a": true,
		"attribute:a == b or not (attribute:b == c and !(task:group == x))": true, "not (attribute:a == b)": false,
	} {
		if got := mustParse(t, text).Dynamic(); got != want {
			t.Errorf("%s: dynamic %v", text, got)
		}
	}
}

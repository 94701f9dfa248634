package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// explain: the first part that is not true; when none should have been, all were, and the first stands for them.
func (n all) explain(s Subject, want bool) string {
	if !want {
		return each(n, s, false)
	}
	for _, part := range n {
		if !part.eval(s) {
			return part.explain(s, true)
		}
	}
	return ""
}

// explain: no alternative holds, so each has its reason; when none should hold, the first that does.
func (n some) explain(s Subject, want bool) string {
	if want {
		return each(n, s, true)
	}
	for _, part := range n {
		if part.eval(s) {
			return part.explain(s, false)
		}
	}
	return ""
}

func (n not) explain(s Subject, want bool) string { return n.of.explain(s, !want) }

// maxExplanation bounds the characters of the whole text: it ends in a failure's detail and in events.
const maxExplanation = 400

// maxReasons bounds how many parts are explained in one text.
const maxReasons = 3

// each joins the different reasons of parts that must be changed one or the other.
func each(parts []node, s Subject, want bool) string {
	var reasons []string
	for _, part := range parts {
		if r := part.explain(s, want); !slices.Contains(reasons, r) {
			reasons = append(reasons, r)
		}
	}
	if n := len(reasons) - maxReasons; n > 0 {
		reasons = append(reasons[:maxReasons], fmt.Sprintf("%d more", n))
	}
	return strings.Join(reasons, "; ")
}

// explain says what the subject has and, when the comparison should hold, what it should have.
func (l *leaf) explain(s Subject, want bool) string {
	should := want != l.negated // the comparison itself should hold
	if l.subject == taskGroup {
		return l.explainGroup(should)
	}
	value, ok := l.value(s)
	switch {
	case !ok:
		return l.noun() + " is missing"
	case l.op == exists:
		return l.noun() + " exists"
	case should:
		return fmt.Sprintf("%s is %s, not %s", l.label(), value, l.wanted())
	case l.op == equals || l.op == in:
		return fmt.Sprintf("%s is %s", l.label(), value)
	}
	return fmt.Sprintf("%s is %s, which is %s", l.label(), value, l.wanted())
}

func (l *leaf) label() string {
	if l.subject == attribute {
		return "attribute:" + l.name
	}
	return l.subject.String()
}

// noun names the subject in a sentence about whether it is there at all.
func (l *leaf) noun() string {
	if l.subject == attribute {
		return "attribute " + l.name
	}
	return l.subject.String()
}

// value is what the subject has, as it is shown; ok is false when it has none.
func (l *leaf) value(s Subject) (text string, ok bool) {
	switch l.subject {
	case attribute:
		text, ok = s.Attribute(l.name)
		return quote(text), ok
	case agentConnected:
		return boolText(s.AgentConnected()), true
	case agentVersion:
		return clip(s.AgentVersion()), s.AgentVersion() != ""
	case ec2InstanceID:
		return quote(s.EC2InstanceID()), s.EC2InstanceID() != ""
	case registeredAt:
		return s.RegisteredAt().Std().Format(timeForms[0]), s.RegisteredAt() != 0
	}
	return strconv.Itoa(s.RunningTasksCount()), true
}

var comparisons = map[operator]string{
	greater: "more than ", greaterEqual: "at least ", less: "less than ", lessEqual: "at most ", matches: "of the pattern ",
}

// wanted says what the comparison asks for.
func (l *leaf) wanted() string {
	if l.op == in && len(l.args) > 1 {
		return "one of " + l.listed()
	}
	return comparisons[l.op] + l.shown(l.args[0])
}

// shown is an argument, in quotes where it is a text.
func (l *leaf) shown(arg string) string {
	if l.op == matches || l.subject == attribute || l.subject == ec2InstanceID {
		return quote(arg)
	}
	return clip(arg)
}

// maxListed bounds how many values of a list are shown.
const maxListed = 5

func (l *leaf) listed() string {
	var shown []string
	for _, arg := range l.args[:min(len(l.args), maxListed)] {
		shown = append(shown, l.shown(arg))
	}
	if n := len(l.args) - maxListed; n > 0 {
		shown = append(shown, fmt.Sprintf("%d more", n))
	}
	return strings.Join(shown, ", ")
}

func (l *leaf) explainGroup(should bool) string {
	task := "a task"
	if should {
		task = "no task"
	}
	switch {
	case l.op == exists:
	case l.op == matches:
		task += " of a group of the pattern " + l.listed()
	case len(l.args) > 1:
		task += " of one of the groups " + l.listed()
	default:
		task += " of group " + l.listed()
	}
	return task + " runs there"
}

// maxShown bounds the characters of a value that is shown.
const maxShown = 80

func quote(text string) string { return strconv.Quote(clip(text)) }

func clip(text string) string { return cut(text, maxShown) }

// cut shortens a text to n characters and a mark that there was more.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n]) + "…"
}

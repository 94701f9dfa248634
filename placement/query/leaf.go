package query

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// leaf is "subject operator [argument]". What the argument means is worked out when it is parsed.
type leaf struct {
	subject subject
	name    string // of the attribute
	op      operator
	negated bool
	// args are the arguments as texts, at least one unless op is exists.
	args []string
	// numbers are the arguments of runningTasksCount, and of registeredAt in seconds since the epoch.
	numbers []int64
	// pattern is the argument of matches; match is its method, made once because Eval must not allocate.
	pattern *regexp.Regexp
	match   func(string) bool
}

func (l *leaf) dynamic() bool { return l.subject == runningTasksCount || l.subject == taskGroup }

// attributeChars are the characters of an attribute's name besides letters and digits (semantics.md 1.9).
const attributeChars = `-_/\.`

func inAttributeName(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(attributeChars, r)
}

const maxAttributeName = 128

func (l *leaf) setSubject(t token) *Error {
	name, ok := strings.CutPrefix(t.text, "attribute:")
	if !ok {
		if k := slices.Index(subjects, t.text); k > int(attribute) {
			l.subject = subject(k)
			return nil
		}
		return errorf(t.pos, "expected a subject (attribute:NAME, %s), found %s", strings.Join(subjects[1:], ", "), t)
	}
	if name == "" {
		return errorf(t.column(len(t.text)), "expected the attribute's name")
	}
	if len(name) > maxAttributeName {
		return errorf(t.column(len("attribute:")), "an attribute's name has at most %d characters", maxAttributeName)
	}
	if bad := strings.IndexFunc(name, func(r rune) bool { return !inAttributeName(r) }); bad >= 0 {
		return errorf(t.column(len("attribute:")+bad), "an attribute's name has letters, digits and %s only", attributeChars)
	}
	l.subject, l.name = attribute, name
	return nil
}

// compile takes the arguments and works out what they mean to the subject.
func (l *leaf) compile(args []token) error {
	for _, t := range args {
		if err := l.add(t); err != nil {
			return err
		}
	}
	return nil
}

func (l *leaf) add(t token) *Error {
	l.args = append(l.args, t.text)
	if l.op == matches {
		var err *Error
		if l.pattern, err = compilePattern(t); err != nil {
			return err
		}
		l.match = l.pattern.MatchString
		return nil
	}
	switch l.subject {
	case agentConnected:
		if t.text != "true" && t.text != "false" {
			return errorf(t.pos, "expected true or false, found %s", t)
		}
	case agentVersion:
		if _, ok := parseVersion(t.text); !ok {
			return errorf(t.pos, "expected a version such as 1.89.2, found %s", t)
		}
	case runningTasksCount:
		n, err := strconv.ParseInt(t.text, 10, 64)
		if err != nil {
			return errorf(t.pos, "expected a whole number, found %s", t)
		}
		l.numbers = append(l.numbers, n)
	case registeredAt:
		at, ok := parseTime(t.text)
		if !ok {
			return errorf(t.pos, "expected a time such as 2018-06-18T22:28:28Z or a date, found %s", t)
		}
		l.numbers = append(l.numbers, at)
	}
	return nil
}

// timeForms are the four ECS takes. Without a zone UTC is meant; a date is its first second.
var timeForms = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", time.DateOnly}

// parseTime returns seconds since the epoch. Fractions, which Go's parser would take, are none of the forms.
func parseTime(text string) (seconds int64, ok bool) {
	if strings.ContainsAny(text, ".,") {
		return 0, false
	}
	for _, form := range timeForms {
		if at, err := time.Parse(form, text); err == nil {
			return at.Unix(), true
		}
	}
	return 0, false
}

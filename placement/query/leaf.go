package query

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"berth/ecs"
)

// subject is what a leaf looks at.
type subject int

const (
	attribute subject = iota
	agentConnected
	agentVersion
	ec2InstanceID
	registeredAt
	runningTasksCount
	taskGroup
)

var subjects = []string{
	"attribute", "agentConnected", "agentVersion", "ec2InstanceId", "registeredAt", "runningTasksCount", "task:group",
}

func (s subject) String() string { return subjects[s] }

// permits reports whether the subject has the operator. ECS lists fewer; here each has every operator that can mean something.
func (s subject) permits(op operator) bool {
	switch op {
	case matches:
		return s != registeredAt && s != runningTasksCount
	case greater, greaterEqual, less, lessEqual:
		return s != agentConnected && s != ec2InstanceID && s != taskGroup
	}
	return true
}

// operator is a comparison, without its negation.
type operator int

const (
	equals operator = iota
	greater
	greaterEqual
	less
	lessEqual
	exists
	in
	matches
)

// spellings are the ways to write an operator. ! before exists and in is read by the parser.
var spellings = []struct {
	mark, name string
	op         operator
	negated    bool
}{
	{"==", "equals", equals, false},
	{"!=", "not_equals", equals, true},
	{">", "greater_than", greater, false},
	{">=", "greater_than_equal", greaterEqual, false},
	{"<", "less_than", less, false},
	{"<=", "less_than_equal", lessEqual, false},
	{"exists", "exists", exists, false},
	{"!exists", "not_exists", exists, true},
	{"in", "in", in, false},
	{"!in", "not_in", in, true},
	{"=~", "matches", matches, false},
	{"!~", "not_matches", matches, true},
}

// spelled is the shortest spelling of an operator.
func spelled(op operator, negated bool) string {
	for _, s := range spellings {
		if s.op == op && s.negated == negated {
			return s.mark
		}
	}
	panic("query: an operator without a spelling")
}

// holds reports whether an order satisfies the operator: -1, 0, +1 for less, equal, more.
func (op operator) holds(order int) bool {
	switch op {
	case greater:
		return order > 0
	case greaterEqual:
		return order >= 0
	case less:
		return order < 0
	case lessEqual:
		return order <= 0
	}
	return order == 0
}

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

func (l *leaf) eval(s Subject) bool { return l.holds(s) != l.negated }

// holds is the outcome of the operator without its negation: false when the subject has no such value (semantics.md 4.1).
func (l *leaf) holds(s Subject) bool {
	switch l.subject {
	case attribute:
		v, ok := s.Attribute(l.name)
		return ok && l.holdsText(v)
	case agentConnected:
		return l.holdsText(boolText(s.AgentConnected()))
	case agentVersion:
		v := s.AgentVersion()
		return v != "" && l.holdsVersion(v)
	case ec2InstanceID:
		v := s.EC2InstanceID()
		return v != "" && l.holdsText(v)
	case registeredAt:
		v := s.RegisteredAt()
		return v != 0 && l.holdsNumber(inSeconds(v))
	case runningTasksCount:
		return l.holdsNumber(int64(s.RunningTasksCount()))
	}
	return l.holdsGroup(s)
}

// inSeconds drops the fraction that the arguments of registeredAt cannot have: == is of use, and >= agrees with > and ==.
func inSeconds(t ecs.Time) int64 { return t.Std().Unix() }

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func (l *leaf) holdsText(v string) bool {
	switch l.op {
	case exists:
		return true
	case equals, in:
		return slices.Contains(l.args, v)
	case matches:
		return l.pattern.MatchString(v)
	}
	return l.op.holds(compareValues(v, l.args[0]))
}

func (l *leaf) holdsVersion(v string) bool {
	switch l.op {
	case exists:
		return true
	case matches:
		return l.pattern.MatchString(v)
	}
	have, ok := parseVersion(v)
	if !ok {
		return false
	}
	for _, arg := range l.args {
		want, _ := parseVersion(arg)
		if l.op.holds(have.compare(want)) {
			return true
		}
	}
	return false
}

func (l *leaf) holdsNumber(v int64) bool {
	switch l.op {
	case exists:
		return true
	case equals, in:
		return slices.Contains(l.numbers, v)
	}
	return l.op.holds(compareInts(v, l.numbers[0]))
}

func (l *leaf) holdsGroup(s Subject) bool {
	switch l.op {
	case exists:
		return s.AnyGroup(anything)
	case matches:
		return s.AnyGroup(l.match)
	}
	for _, group := range l.args {
		if s.HasGroup(group) {
			return true
		}
	}
	return false
}

func anything(string) bool { return true }

package query

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

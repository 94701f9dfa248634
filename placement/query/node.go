package query

import "slices"

// node is a part of an expression.
type node interface {
	eval(s Subject) bool
	dynamic() bool
	// explain says why the node is not what it is wanted to be. It is asked only when eval differs from want.
	explain(s Subject, want bool) string
	print(p *printer)
}

type (
	// all is && over two or more, none of them an all.
	all []node
	// some is || over two or more, none of them a some.
	some []node
	// not is a negated part.
	not struct{ of node }
)

func (n all) eval(s Subject) bool {
	for _, part := range n {
		if !part.eval(s) {
			return false
		}
	}
	return true
}

func (n some) eval(s Subject) bool {
	for _, part := range n {
		if part.eval(s) {
			return true
		}
	}
	return false
}

func (n not) eval(s Subject) bool { return !n.of.eval(s) }

func (n all) dynamic() bool  { return slices.ContainsFunc(n, node.dynamic) }
func (n some) dynamic() bool { return slices.ContainsFunc(n, node.dynamic) }
func (n not) dynamic() bool  { return n.of.dynamic() }

// allOf and someOf join what was parsed; a part of the same kind is taken apart, which changes no outcome.

func allOf(parts []node) node {
	if len(parts) == 1 {
		return parts[0]
	}
	var n all
	for _, part := range parts {
		if same, ok := part.(all); ok {
			n = append(n, same...)
			continue
		}
		n = append(n, part)
	}
	return n
}

func someOf(parts []node) node {
	if len(parts) == 1 {
		return parts[0]
	}
	var n some
	for _, part := range parts {
		if same, ok := part.(some); ok {
			n = append(n, same...)
			continue
		}
		n = append(n, part)
	}
	return n
}

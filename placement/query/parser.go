package query

import (
	"unicode/utf8"
)

// maxDepth bounds how deep brackets and negations nest. Nobody writes ten; the bound keeps the stack small.
const maxDepth = 100

// parser reads by recursive descent, one token ahead:
//
//	or   := and { ("||" | "or") and }
//	and  := unit { ("&&" | "and") unit }
//	unit := ("!" | "not") unit | "(" or ")" | leaf
type parser struct {
	lexer lexer
	token token
	depth int
}

func newParser(text string) (*parser, error) {
	if !utf8.ValidString(text) {
		valid := 0
		for text[valid:] != "" {
			r, n := utf8.DecodeRuneInString(text[valid:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			valid += n
		}
		return nil, errorf(utf8.RuneCountInString(text[:valid])+1, "this is not a character of UTF-8")
	}
	if n := utf8.RuneCountInString(text); n > MaxLength {
		return nil, errorf(MaxLength+1, "an expression has at most %d characters, this one has %d", MaxLength, n)
	}
	p := &parser{lexer: lexer{text: text, pos: 1}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return p, nil
}

// advance goes to the next token. It returns an error that is nil as an interface too.
func (p *parser) advance() error {
	t, err := p.lexer.next()
	if err != nil {
		return err
	}
	p.token = t
	return nil
}

// expected is the error that something else should stand here.
func (p *parser) expected(what string) error {
	return errorf(p.token.pos, "expected %s, found %s", what, p.token)
}

func (p *parser) whole() (node, error) {
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.token.kind != end {
		return nil, p.expected(p.afterLeaf())
	}
	return n, nil
}

// afterLeaf names what may follow a complete part, with a hint where a text without quotes seems to go on.
func (p *parser) afterLeaf() string {
	what := "&& or || or the end"
	if p.depth > 0 {
		what = "&& or || or )"
	}
	if p.token.kind == symbol && p.token.text != ")" {
		what += " (a text with special characters needs quotes)"
	}
	return what
}

func (p *parser) or() (node, error)  { return p.chain("||", "or", p.and, someOf) }
func (p *parser) and() (node, error) { return p.chain("&&", "and", p.unit, allOf) }

// chain reads parts with an operator between them.
func (p *parser) chain(mark, name string, part func() (node, error), join func([]node) node) (node, error) {
	var parts []node
	for {
		n, err := part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, n)
		if !p.token.is(mark, name) {
			return join(parts), nil
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) unit() (node, error) {
	switch {
	case p.token.is("!", "not"):
		return p.nested(func() (node, error) {
			n, err := p.unit()
			return not{n}, err
		})
	case p.token.is("(", ""):
		return p.nested(p.bracketed)
	}
	return p.leaf()
}

// nested reads what comes after a token that opens one more level.
func (p *parser) nested(read func() (node, error)) (node, error) {
	if p.depth == maxDepth {
		return nil, errorf(p.token.pos, "brackets and negations nest at most %d deep", maxDepth)
	}
	p.depth++
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	return read()
}

func (p *parser) bracketed() (node, error) {
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.token.is(")", "") {
		return nil, p.expected(p.afterLeaf())
	}
	return n, p.advance()
}

// leaf reads "subject operator [argument]".
func (p *parser) leaf() (node, error) {
	l := &leaf{}
	if err := p.subject(l); err != nil {
		return nil, err
	}
	if err := p.operator(l); err != nil {
		return nil, err
	}
	args, err := p.arguments(l)
	if err != nil {
		return nil, err
	}
	if err := l.compile(args); err != nil {
		return nil, err
	}
	return l, nil
}

func (p *parser) subject(l *leaf) error {
	if p.token.kind != word {
		return p.expected("a subject such as attribute:stack")
	}
	if err := l.setSubject(p.token); err != nil {
		return err
	}
	return p.advance()
}

// operator reads an operator in any of its spellings. "!" belongs to "exists" or "in" after it.
func (p *parser) operator(l *leaf) error {
	at := p.token
	if at.is("!", "") {
		if err := p.advance(); err != nil {
			return err
		}
		switch {
		case p.token.kind == word && p.token.text == "exists":
			l.op, l.negated = exists, true
		case p.token.kind == word && p.token.text == "in":
			l.op, l.negated = in, true
		default:
			return p.expected("exists or in after !")
		}
		return p.accepted(l, at)
	}
	for _, s := range spellings {
		if at.is(s.mark, s.name) {
			l.op, l.negated = s.op, s.negated
			return p.accepted(l, at)
		}
	}
	return p.expected("an operator such as ==")
}

// accepted goes on after the operator, if the subject has it.
func (p *parser) accepted(l *leaf, at token) error {
	if !l.subject.permits(l.op) {
		return errorf(at.pos, "%s has no operator %s", l.subject, spelled(l.op, l.negated))
	}
	return p.advance()
}

// arguments reads as many as the operator takes.
func (p *parser) arguments(l *leaf) ([]token, error) {
	switch l.op {
	case exists:
		return nil, nil
	case in:
		return p.list()
	}
	t, err := p.argument("a value")
	return []token{t}, err
}

func (p *parser) argument(what string) (token, error) {
	t := p.token
	if t.kind != word && t.kind != quoted {
		return t, p.expected(what)
	}
	return t, p.advance()
}

func (p *parser) list() ([]token, error) {
	if !p.token.is("[", "") {
		return nil, p.expected("a list such as [a, b]")
	}
	var args []token
	for {
		if err := p.advance(); err != nil {
			return nil, err
		}
		t, err := p.argument("a value of the list")
		if err != nil {
			return nil, err
		}
		args = append(args, t)
		if p.token.is("]", "") {
			return args, p.advance()
		}
		if !p.token.is(",", "") {
			return nil, p.expected(", or ]")
		}
	}
}

package query

import (
	"strings"
	"unicode/utf8"
)

// printer writes the canonical form.
type printer struct {
	strings.Builder
	// compact leaves out every space that is not needed.
	compact bool
}

// canonical prints with spaces, or without where they would make a legal expression longer than is legal: no text means the same in
// fewer characters than the compact form.
func canonical(root node) string {
	for _, compact := range []bool{false, true} {
		p := &printer{compact: compact}
		root.print(p)
		if text := p.String(); compact || utf8.RuneCountInString(text) <= MaxLength {
			return text
		}
	}
	panic("unreachable")
}

// space writes a space that only readers need.
func (p *printer) space() {
	if !p.compact {
		p.WriteByte(' ')
	}
}

func (n all) print(p *printer) {
	for i, part := range n {
		if i > 0 {
			p.space()
			p.WriteString("&&")
			p.space()
		}
		_, or := part.(some)
		p.part(part, or)
	}
}

func (n some) print(p *printer) {
	for i, part := range n {
		if i > 0 {
			p.space()
			p.WriteString("||")
			p.space()
		}
		part.print(p)
	}
}

func (n not) print(p *printer) {
	p.WriteByte('!')
	switch n.of.(type) {
	case all, some:
		p.part(n.of, true)
	default:
		n.of.print(p)
	}
}

// part prints a part, in brackets or without.
func (p *printer) part(n node, brackets bool) {
	if !brackets {
		n.print(p)
		return
	}
	p.WriteByte('(')
	n.print(p)
	p.WriteByte(')')
}

func (l *leaf) print(p *printer) {
	p.WriteString(l.subject.String())
	if l.subject == attribute {
		p.WriteString(":" + l.name)
	}
	op := spelled(l.op, l.negated)
	if !p.compact || inWord(rune(op[0])) {
		p.WriteByte(' ')
	}
	p.WriteString(op)
	switch l.op {
	case exists:
	case in:
		p.space()
		p.WriteByte('[')
		for i, arg := range l.args {
			if i > 0 {
				p.WriteByte(',')
				p.space()
			}
			p.WriteString(literal(arg))
		}
		p.WriteByte(']')
	default:
		p.space()
		p.WriteString(literal(l.args[0]))
	}
}

// literal writes an argument in the fewest characters: bare where it can be, else in the kind of quotes it contains less of.
func literal(text string) string {
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !inWord(r) }) < 0 {
		return text
	}
	quote := byte('"')
	if strings.Count(text, `"`) > strings.Count(text, `'`) {
		quote = '\''
	}
	var b strings.Builder
	b.WriteByte(quote)
	for i := range len(text) {
		c := text[i]
		last := i == len(text)-1
		if c == quote || c == '\\' && (last || strings.IndexByte(`'"\`, text[i+1]) >= 0) {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	b.WriteByte(quote)
	return b.String()
}

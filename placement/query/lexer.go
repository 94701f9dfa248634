package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind int

const (
	end    kind = iota
	word        // without quotes
	quoted      // in quotes
	symbol      // an operator, a bracket or a comma
)

// token is a piece of the text.
type token struct {
	kind kind
	// text is what it means: a quoted text without its quotes and escapes.
	text string
	// raw is what is written.
	raw string
	// pos is the column of its first character, from 1.
	pos int
}

// is reports whether the token is the symbol, or the word that stands for it.
func (t token) is(mark, name string) bool {
	return t.kind == symbol && t.text == mark || t.kind == word && name != "" && t.text == name
}

// String names the token in messages.
func (t token) String() string {
	if t.kind == end {
		return "the end"
	}
	return clip(t.raw)
}

// lexer cuts a text into tokens.
type lexer struct {
	text string // what is left
	pos  int    // the column of its first character
}

// symbols by length: the longest that fits is meant.
var symbols = []string{"==", "!=", ">=", "<=", "=~", "!~", "&&", "||", "!", ">", "<", "(", ")", "[", "]", ","}

// breaks are the characters that end a word besides space. What contains one of them is written in quotes.
const breaks = `()[],'"&|!=<>`

func inWord(r rune) bool { return !unicode.IsSpace(r) && !strings.ContainsRune(breaks, r) }

// take cuts n bytes off the text.
func (l *lexer) take(n int) string {
	taken := l.text[:n]
	l.text = l.text[n:]
	l.pos += utf8.RuneCountInString(taken)
	return taken
}

// next returns the next token.
func (l *lexer) next() (token, *Error) {
	l.take(len(l.text) - len(strings.TrimLeftFunc(l.text, unicode.IsSpace)))
	t := token{pos: l.pos}
	if l.text == "" {
		return t, nil
	}
	if c := l.text[0]; c == '\'' || c == '"' {
		return l.quoted()
	}
	for _, s := range symbols {
		if strings.HasPrefix(l.text, s) {
			t.kind, t.raw = symbol, l.take(len(s))
			t.text = t.raw
			return t, nil
		}
	}
	n := strings.IndexFunc(l.text, func(r rune) bool { return !inWord(r) })
	switch n {
	case -1:
		n = len(l.text)
	case 0:
		return t, strayError(l.text[:1], l.pos)
	}
	t.kind, t.raw = word, l.take(n)
	t.text = t.raw
	return t, nil
}

// strayError is about one of a pair of characters.
func strayError(c string, pos int) *Error {
	return errorf(pos, "%s does not stand alone: %s is meant, or a text in quotes", c, c+c)
}

// quoted reads a text in quotes. A backslash takes its meaning from a quote or backslash that follows; any other backslash stands for
// itself, so that patterns need not double it.
func (l *lexer) quoted() (token, *Error) {
	t := token{kind: quoted, pos: l.pos}
	var text strings.Builder
	quote := l.text[0]
	for i := 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == quote:
			t.raw, t.text = l.take(i+1), text.String()
			return t, nil
		case escapes(l.text[i:]):
			i++
			text.WriteByte(l.text[i])
		default:
			text.WriteByte(c)
		}
	}
	return t, errorf(t.pos, "the text that begins here has no closing %c", quote)
}

// escapes reports whether a text begins with a backslash that takes the meaning of the character after it.
func escapes(text string) bool {
	return len(text) > 1 && text[0] == '\\' && strings.IndexByte(`'"\`, text[1]) >= 0
}

// column returns the column of the n-th byte of a token's text. What is about its first byte, or all of it, is placed at the token.
func (t token) column(n int) int {
	if n == 0 {
		return t.pos
	}
	if t.kind != quoted {
		return t.pos + utf8.RuneCountInString(t.raw[:n])
	}
	i := 1
	for ; n > 0; n-- {
		if escapes(t.raw[i:]) {
			i++
		}
		i++
	}
	return t.pos + utf8.RuneCountInString(t.raw[:i])
}

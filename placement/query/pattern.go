package query

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
)

// maxPatternSize bounds the steps of a compiled pattern. Repetitions multiply: without it, an expression could ask for 300,000 steps
// per character on every instance.
const maxPatternSize = 4000

// compilePattern compiles a pattern that is matched against whole values, as Java's matches() does. ECS takes Java's syntax; what Go's
// engine does not have, or reads otherwise, is refused with its column rather than misread.
func compilePattern(t token) (*regexp.Regexp, *Error) {
	if at, msg := foreign(t.text); msg != "" {
		return nil, errorf(t.column(at), "%s", msg)
	}
	tree, err := syntax.Parse(t.text, syntax.Perl)
	if err != nil {
		return nil, patternError(t, err)
	}
	if size(tree) > maxPatternSize {
		return nil, errorf(t.pos, "the pattern is too large: its repetitions multiply to more than %d steps", maxPatternSize)
	}
	whole, err := regexp.Compile(`\A(?:` + t.text + `)\z`)
	if err != nil {
		return nil, patternError(t, err)
	}
	return whole, nil
}

// patternError places an error of Go's at the part of the pattern it is about.
func patternError(t token, err error) *Error {
	var detail *syntax.Error
	if !errors.As(err, &detail) {
		return errorf(t.pos, "the pattern cannot be read: %v", err)
	}
	at := max(strings.Index(t.text, detail.Expr), 0)
	return errorf(t.column(at), "the pattern cannot be read: %s", detail.Code)
}

// lookAround are the groups of Java's that need to go back in the text.
var lookAround = []string{"(?=", "(?!", "(?<=", "(?<!", "(?>"}

// foreign finds what Java's patterns have and Go's do not, or take for something else. msg is "" when there is nothing.
func foreign(pattern string) (at int, msg string) {
	class := false
	for i := 0; i < len(pattern); i++ {
		rest := pattern[i:]
		switch {
		case strings.HasPrefix(rest, `\Q`):
			literal := strings.Index(rest, `\E`)
			if literal < 0 {
				return i, `\Q has no \E`
			}
			i += literal + 1
		case rest[0] == '\\' && len(rest) > 1:
			if c := rest[1]; !class && (c >= '1' && c <= '9' || c == 'k') {
				return i, "references back to a group are not supported in patterns"
			}
			i++
		case class:
			switch {
			case rest[0] == '[':
				return i, "a class within a class is not supported in patterns; write \\[ for the character"
			case strings.HasPrefix(rest, "&&"):
				return i, "intersections of classes are not supported in patterns; write \\& for the character"
			case rest[0] == ']':
				class = false
			}
		case rest[0] == '[':
			class = true
			// A bracket that closes nothing yet is a character of the class.
			if n := len(rest) - len(strings.TrimPrefix(rest[1:], "^")); strings.HasPrefix(rest[n:], "]") {
				i += n
			}
		case rest[0] == '(':
			for _, group := range lookAround {
				if strings.HasPrefix(rest, group) {
					return i, "look-around and atomic groups are not supported in patterns"
				}
			}
		}
	}
	return 0, ""
}

// size estimates the steps of a compiled pattern, no further than just above the bound.
func size(re *syntax.Regexp) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		n += size(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxPatternSize+1)
}

package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ValidationError says that a request does not have the shape the API asks for.
type ValidationError struct {
	Code    string // the exception, InvalidParameterException unless a rule says otherwise
	Message string // for the caller
	Member  string // path of the member, for example containerDefinitions[0].portMappings[1].protocol
}

// Error implements error.
func (e *ValidationError) Error() string { return e.Code + ": " + e.Message }

// ErrorCode is the name of the exception.
func (e *ValidationError) ErrorCode() string { return e.Code }

// ErrorMessage is the text for the caller.
func (e *ValidationError) ErrorMessage() string { return e.Message }

// The default texts. ECS has no single wording; where a text of its own is known, it stands in rules.go.
func missingText(path string) string { return path + " is missing" }

func emptyText(path string) string { return path + " can not be empty." }

func oneOfText(path string, allowed []string) string {
	return path + " should be one of [" + strings.Join(allowed, ",") + "]"
}

func tooManyText(path string, max int) string {
	return fmt.Sprintf("%s can have at most %d items.", path, max)
}

func tooFewText(path string, min int) string {
	return fmt.Sprintf("%s must have at least %d items.", path, min)
}

func tooLongText(path string, max int) string { return fmt.Sprintf("%s longer than %d.", path, max) }

func tooShortText(path string, min int) string { return fmt.Sprintf("%s shorter than %d.", path, min) }

func belowText(path string, min int) string { return fmt.Sprintf("%s must be at least %d", path, min) }

func aboveText(path string, max int) string { return fmt.Sprintf("%s must be at most %d", path, max) }

const (
	noLimit  = -1 // a limit the API does not set; no limit of the API is negative
	noIndex  = -1 // a step into a structure rather than a list item
	maxSteps = 16 // deeper than any structure of the API; the generator's acyclic table bounds it
)

type step struct {
	member string
	index  int
}

// checker walks one request, keeps the path for the error, and remembers the first violation. It lives on the stack of
// Validate: a request without violation allocates nothing.
type checker struct {
	operation string
	rules     map[string]rule // of the operation, by member path without indexes; mostly nil
	steps     [maxSteps]step
	depth     int
	err       *ValidationError
}

func newChecker(operation string) checker {
	return checker{operation: operation, rules: rules[operation]}
}

func (c *checker) verdict() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

func (c *checker) enter(member string, index int) {
	c.steps[c.depth] = step{member, index}
	c.depth++
}

func (c *checker) leave() { c.depth-- }

// rule finds what the operation says about one of its own members.
func (c *checker) rule(member string) rule {
	if c.depth > 0 || c.rules == nil {
		return rule{}
	}
	return c.rules[member]
}

// fail records the violation unless there is one already or the rules tell to let it pass.
func (c *checker) fail(member string, text func(path string) string) {
	if c.err != nil {
		return
	}
	path, plain := c.path(member)
	r := c.rules[plain]
	if r.skip {
		return
	}
	c.err = &ValidationError{Code: r.code, Message: r.message, Member: path}
	if c.err.Code == "" {
		c.err.Code = codeInvalidParameter
	}
	if c.err.Message == "" {
		c.err.Message = text(path)
	}
}

// path gives the member's path with indexes and without.
func (c *checker) path(member string) (indexed, plain string) {
	var a, b strings.Builder
	for _, s := range c.steps[:c.depth] {
		a.WriteString(s.member)
		b.WriteString(s.member)
		if s.index != noIndex {
			a.WriteString("[" + strconv.Itoa(s.index) + "]")
		}
		a.WriteByte('.')
		b.WriteByte('.')
	}
	return a.String() + member, b.String() + member
}

func (c *checker) require(member string, present bool) {
	if !present {
		c.fail(member, missingText)
	}
}

func (c *checker) requireItems(member string, n int, present bool) {
	switch {
	case !present:
		c.fail(member, missingText)
	case n == 0 && c.rule(member).nonEmpty:
		c.fail(member, emptyText)
	}
}

func (c *checker) oneOf(member string, value *string, allowed []string) {
	if value == nil {
		return
	}
	if narrower := c.rule(member).allowed; narrower != nil {
		allowed = narrower
	}
	if !slices.Contains(allowed, *value) {
		c.fail(member, func(path string) string { return oneOfText(path, allowed) })
	}
}

func (c *checker) eachOneOf(member string, values, allowed []string) {
	for i := range values {
		if !slices.Contains(allowed, values[i]) {
			c.fail(member, func(path string) string { return oneOfText(path, allowed) })
			return
		}
	}
}

func (c *checker) length(member string, value *string, min, max int) {
	if value == nil {
		return
	}
	n := utf8.RuneCountInString(*value)
	switch {
	case n < min:
		c.fail(member, func(path string) string { return tooShortText(path, min) })
	case max != noLimit && n > max:
		c.fail(member, func(path string) string { return tooLongText(path, max) })
	}
}

func (c *checker) eachLength(member string, values []string, min, max int) {
	for i := range values {
		c.length(member, &values[i], min, max)
	}
}

func (c *checker) between(member string, value *int32, min, max int) {
	if value == nil {
		return
	}
	switch n := int(*value); {
	case min != noLimit && n < min:
		c.fail(member, func(path string) string { return belowText(path, min) })
	case max != noLimit && n > max:
		c.fail(member, func(path string) string { return aboveText(path, max) })
	}
}

func (c *checker) items(member string, present bool, n, min, max int) {
	switch {
	case !present:
	case n < min:
		c.fail(member, func(path string) string { return tooFewText(path, min) })
	case max != noLimit && n > max:
		c.fail(member, func(path string) string { return tooManyText(path, max) })
	}
}

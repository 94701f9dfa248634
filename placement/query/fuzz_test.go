package query

import (
	"errors"
	"testing"
	"unicode/utf8"
)

// FuzzParse: no text breaks the parser; an error has a place in the text; what is read, printed and read again is the same.
func FuzzParse(f *testing.F) {
	for _, c := range evalCases {
		f.Add(c.text)
	}
	for _, c := range errorCases {
		f.Add(c.text)
	}
	for _, c := range canonicalCases {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			checkError(t, text, err)
			return
		}
		again, err := Parse(e.String())
		if err != nil {
			t.Fatalf("%q: canonical form %q: %v", text, e, err)
		}
		if again.String() != e.String() || again.Dynamic() != e.Dynamic() {
			t.Fatalf("%q: %q becomes %q", text, e, again)
		}
		for _, h := range []*host{web, bare} {
			got := e.Eval(h)
			if again.Eval(h) != got {
				t.Fatalf("%q and %q differ", text, e)
			}
			if reason := e.Explain(h); (reason == "") != got || !utf8.ValidString(reason) {
				t.Fatalf("%q is %v and explained as %q", text, got, reason)
			}
		}
	})
}

func checkError(t *testing.T, text string, err error) {
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%q: %T", text, err)
	}
	if n := utf8.RuneCountInString(text); e.Pos < 1 || e.Pos > n+1 || e.Msg == "" || !utf8.ValidString(e.Msg) {
		t.Fatalf("%q (%d characters): %+v", text, n, e)
	}
}

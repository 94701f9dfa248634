package query

import (
	"cmp"
	"strings"
)

func compareInts(a, b int64) int { return cmp.Compare(a, b) }

// compareValues orders values of attributes: as numbers when both are, else as texts.
func compareValues(a, b string) int {
	x, isNumber := parseDecimal(a)
	if y, too := parseDecimal(b); isNumber && too {
		return x.compare(y)
	}
	return strings.Compare(a, b)
}

// decimal is a number of any length in its digits; floats would take 9007199254740993 for 9007199254740992.
type decimal struct {
	negative bool
	whole    string // without leading zeros
	fraction string // without trailing zeros
}

// parseDecimal reads digits with an optional sign and an optional fraction. It does not allocate.
func parseDecimal(text string) (d decimal, ok bool) {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		d.negative, text = text[0] == '-', text[1:]
	}
	whole, fraction, dotted := strings.Cut(text, ".")
	if !isDigits(whole) || dotted && !isDigits(fraction) {
		return d, false
	}
	d.whole, d.fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if d.whole == "" && d.fraction == "" {
		d.negative = false
	}
	return d, true
}

func (d decimal) compare(to decimal) int {
	if d.negative != to.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	order := compareDigits(d.whole, to.whole)
	if order == 0 {
		order = strings.Compare(d.fraction, to.fraction)
	}
	if d.negative {
		return -order
	}
	return order
}

// compareDigits orders whole numbers without leading zeros.
func compareDigits(a, b string) int {
	if len(a) != len(b) {
		return cmp.Compare(len(a), len(b))
	}
	return strings.Compare(a, b)
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// version is numbers with dots between them, and the part after a dash that marks what comes before the release.
type version struct {
	numbers    string
	prerelease string
}

// parseVersion reads 1.89.2, v1.89.2, 1.89.2-rc1; what follows a plus is not compared. It does not allocate.
func parseVersion(text string) (v version, ok bool) {
	text = strings.TrimPrefix(text, "v")
	text, _, _ = strings.Cut(text, "+")
	v.numbers, v.prerelease, _ = strings.Cut(text, "-")
	for rest, more := v.numbers, true; more; {
		var part string
		part, rest, more = strings.Cut(rest, ".")
		if !isDigits(part) {
			return version{}, false
		}
	}
	return v, true
}

// compare orders versions number by number; a number that is not there is 0. What is marked as before a release comes before it.
func (v version) compare(to version) int {
	for a, b := v.numbers, to.numbers; a != "" || b != ""; {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if order := compareDigits(strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")); order != 0 {
			return order
		}
	}
	if (v.prerelease == "") != (to.prerelease == "") {
		if v.prerelease != "" {
			return -1
		}
		return 1
	}
	return strings.Compare(v.prerelease, to.prerelease)
}

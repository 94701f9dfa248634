package query

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/ecs"
)

// form is an expression as the tests see it: written and evaluated by code that shares nothing with the package.
type form struct {
	join  string // "and", "or", "not" or "" for a leaf
	parts []*form

	subject, op string
	args        []string
}

var marks = map[string][]string{
	"equals": {"==", "equals"}, "not_equals": {"!=", "not_equals"}, "greater_than": {">", "greater_than"},
	"greater_than_equal": {">=", "greater_than_equal"}, "less_than": {"<", "less_than"}, "less_than_equal": {"<=", "less_than_equal"},
	"exists": {"exists"}, "not_exists": {"!exists", "not_exists", "! exists"}, "in": {"in"}, "not_in": {"!in", "not_in", "! in"},
	"matches": {"=~", "matches"}, "not_matches": {"!~", "not_matches"},
	"and": {"and", "&&"}, "or": {"or", "||"}, "not": {"!", "not "},
}

var (
	orderOps = []string{"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
	textOps  = []string{"equals", "not_equals", "exists", "not_exists", "in", "not_in"}
	matchOps = []string{"matches", "not_matches"}
)

// drawn is what the generators choose from: few values, so that comparisons hold often enough.
var drawn = map[string]struct {
	ops    []string
	values []string
}{
	"attribute:a":       {slices.Concat(textOps, orderOps, matchOps), []string{"", "1", "01", "10", "-2.5", "1.0", "b", "B x", `q"'\`, `\\`, "é"}},
	"attribute:b.c-d/e": {slices.Concat(textOps, orderOps, matchOps), []string{"", "99999999999999999999", "99999999999999999998.5", "b", "t2.small"}},
	"agentConnected":    {slices.Concat(textOps, matchOps), []string{"true", "false"}},
	"agentVersion":      {slices.Concat(textOps, orderOps), []string{"1.2.3", "1.10", "1.2", "1.2.0", "2"}},
	"ec2InstanceId":     {slices.Concat(textOps, matchOps), []string{"i-1", "i-2"}},
	"registeredAt":      {slices.Concat(textOps, orderOps), []string{"2018-06-18", "2018-06-18T22:28:28", "2018-06-18T22:28:28Z", "2018-06-18T23:28:28+01:00"}},
	"runningTasksCount": {slices.Concat(textOps, orderOps), []string{"0", "1", "2", "-1"}},
	"task:group":        {slices.Concat(textOps, matchOps), []string{"service:a", "family:b", ""}},
}

var patterns = []string{".*", "t2[.].*", "(1|b).?", `\d+`, "true", "i-[12]", ".*:.*", "", `(?i)b\sX`, `[^\\]*`, "service:.*|x"}

func leaves() *rapid.Generator[*form] {
	var names []string
	for name := range drawn {
		names = append(names, name)
	}
	slices.Sort(names)
	return rapid.Custom(func(t *rapid.T) *form {
		f := &form{subject: rapid.SampledFrom(names).Draw(t, "subject")}
		choice := drawn[f.subject]
		f.op = rapid.SampledFrom(choice.ops).Draw(t, "op")
		value := rapid.SampledFrom(choice.values)
		switch {
		case strings.HasSuffix(f.op, "exists"):
		case strings.HasSuffix(f.op, "in"):
			f.args = rapid.SliceOfN(value, 1, 3).Draw(t, "args")
		case strings.HasSuffix(f.op, "matches"):
			f.args = []string{rapid.SampledFrom(patterns).Draw(t, "pattern")}
		default:
			f.args = []string{value.Draw(t, "arg")}
		}
		return f
	})
}

func forms(depth int) *rapid.Generator[*form] {
	return rapid.Custom(func(t *rapid.T) *form {
		kind := rapid.IntRange(0, 5).Draw(t, "kind")
		if depth == 0 || kind < 3 {
			return leaves().Draw(t, "leaf")
		}
		if kind == 3 {
			return &form{join: "not", parts: []*form{forms(depth-1).Draw(t, "of")}}
		}
		return &form{join: []string{"and", "or"}[kind-4], parts: rapid.SliceOfN(forms(depth-1), 2, 3).Draw(t, "parts")}
	})
}

// write draws a spelling: other marks, more brackets, quotes and spaces, the same meaning.
func (f *form) write(t *rapid.T) string {
	mark := func(name string) string { return rapid.SampledFrom(marks[name]).Draw(t, "mark") }
	space := rapid.SampledFrom([]string{" ", "  ", "\t", "\n"}).Draw(t, "space")
	switch f.join {
	case "":
		text := f.subject + space + mark(f.op)
		var args []string
		for _, arg := range f.args {
			args = append(args, writeArg(t, arg))
		}
		if strings.HasSuffix(f.op, "in") {
			return text + space + "[" + strings.Join(args, space+","+space) + "]"
		}
		return text + space + strings.Join(args, "")
	case "not":
		return mark("not") + f.parts[0].bracketed(t, f.parts[0].join == "and" || f.parts[0].join == "or")
	}
	var parts []string
	for _, part := range f.parts {
		parts = append(parts, part.bracketed(t, part.join == "or" && f.join == "and"))
	}
	return strings.Join(parts, space+mark(f.join)+space)
}

func (f *form) bracketed(t *rapid.T, needed bool) string {
	if needed || rapid.IntRange(0, 4).Draw(t, "brackets") == 0 {
		return "( " + f.write(t) + ")"
	}
	return f.write(t)
}

var plain = regexp.MustCompile(`^[A-Za-z0-9:.*+\\-]+$`)

func writeArg(t *rapid.T, arg string) string {
	style := rapid.IntRange(0, 2).Draw(t, "style")
	if style == 0 && plain.MatchString(arg) {
		return arg
	}
	quote := []string{`"`, "'"}[style&1]
	return quote + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`).Replace(arg) + quote
}

// matches is the naive evaluator.
func (f *form) matches(h *host) bool {
	switch f.join {
	case "and":
		return !slices.ContainsFunc(f.parts, func(p *form) bool { return !p.matches(h) })
	case "or":
		return slices.ContainsFunc(f.parts, func(p *form) bool { return p.matches(h) })
	case "not":
		return !f.parts[0].matches(h)
	}
	op, negated := strings.CutPrefix(f.op, "not_")
	for _, value := range f.values(h) {
		if f.compares(op, value) {
			return !negated
		}
	}
	return negated
}

// values are what the host has of the subject, as texts: none, one, or the groups.
func (f *form) values(h *host) []string {
	one := func(text string, ok bool) []string {
		if !ok {
			return nil
		}
		return []string{text}
	}
	i := h.Instance.Instance
	switch f.subject {
	case "agentConnected":
		return one(fmt.Sprint(i.AgentConnected), true)
	case "agentVersion":
		return one(i.VersionInfo.AgentVersion, i.VersionInfo.AgentVersion != "")
	case "ec2InstanceId":
		return one(i.EC2InstanceID, i.EC2InstanceID != "")
	case "registeredAt":
		return one(time.UnixMilli(int64(i.RegisteredAt)).UTC().Format(time.RFC3339), i.RegisteredAt != 0)
	case "runningTasksCount":
		return one(strconv.Itoa(h.running), true)
	case "task:group":
		return h.groups
	}
	for _, a := range i.Attributes {
		if "attribute:"+a.Name == f.subject {
			return one(a.Value, true)
		}
	}
	return nil
}

func (f *form) compares(op, value string) bool {
	switch op {
	case "exists":
		return true
	case "matches":
		at := regexp.MustCompile(f.args[0])
		at.Longest()
		return slices.ContainsFunc(at.FindAllStringIndex(value, -1), func(m []int) bool { return m[0] == 0 && m[1] == len(value) })
	case "equals", "in":
		return slices.ContainsFunc(f.args, func(arg string) bool {
			if f.subject == "agentVersion" || f.subject == "registeredAt" {
				return f.order(value, arg) == 0
			}
			return value == arg
		})
	}
	order := f.order(value, f.args[0])
	return map[string]bool{
		"greater_than": order > 0, "greater_than_equal": order >= 0, "less_than": order < 0, "less_than_equal": order <= 0,
	}[op]
}

func (f *form) order(a, b string) int {
	switch f.subject {
	case "agentVersion":
		numbers := func(text string) (list []int) {
			for _, part := range strings.Split(text+".0.0", ".")[:3] {
				n, _ := strconv.Atoi(part)
				list = append(list, n)
			}
			return list
		}
		return slices.Compare(numbers(a), numbers(b))
	case "registeredAt":
		instant := func(text string) time.Time {
			text = (text + "T00:00:00Z")[:max(20, len(text))]
			if len(text) == 20 {
				text = text[:19] + "Z"
			}
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				panic(err)
			}
			return at
		}
		return instant(a).Compare(instant(b))
	}
	x, ok := new(big.Rat).SetString(a)
	if y, too := new(big.Rat).SetString(b); ok && too {
		return x.Cmp(y)
	}
	return strings.Compare(a, b)
}

func hosts() *rapid.Generator[*host] {
	return rapid.Custom(func(t *rapid.T) *host {
		some := func(name string, none string) string {
			return rapid.SampledFrom(append([]string{none}, drawn[name].values...)).Draw(t, name)
		}
		i := &ecs.Instance{
			AgentConnected: rapid.Bool().Draw(t, "connected"), EC2InstanceID: some("ec2InstanceId", ""),
			VersionInfo:  ecs.VersionInfo{AgentVersion: some("agentVersion", "")},
			RegisteredAt: rapid.SampledFrom([]ecs.Time{0, 1529280000000, 1529360908000, 1529360908999, 1529360909000}).Draw(t, "registered"),
		}
		for _, name := range []string{"a", "b.c-d/e"} {
			if v := some("attribute:"+name, "none"); v != "none" {
				i.Attributes = append(i.Attributes, ecs.Attribute{Name: name, Value: v})
			}
		}
		groups := rapid.SliceOfN(rapid.SampledFrom(drawn["task:group"].values), 0, 2).Draw(t, "groups")
		return newHost(i, groups...)
	})
}

func TestAgreesWithTheNaiveEvaluator(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := forms(3).Draw(t, "form")
		text := f.write(t)
		if len(text) > MaxLength {
			t.Skip("too long")
		}
		e, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		again, err := Parse(e.String())
		if err != nil || again.String() != e.String() || again.Dynamic() != e.Dynamic() {
			t.Fatalf("%s: its canonical form %s is read as %v, %v", text, e, again, err)
		}
		for _, h := range rapid.SliceOfN(hosts(), 3, 3).Draw(t, "hosts") {
			want := f.matches(h)
			if e.Eval(h) != want || again.Eval(h) != want {
				t.Fatalf("%s is %v, again %v, want %v", text, e.Eval(h), again.Eval(h), want)
			}
			if reason := e.Explain(h); (reason == "") != want {
				t.Fatalf("%s is %v and explained as %q", text, want, reason)
			}
		}
	})
}

package query

import (
	"fmt"
	"testing"

	"berth/ecs"
)

// benchHost has as many attributes as an agent registers, the asked ones last.
func benchHost() *host {
	var list []ecs.Attribute
	for k := range 40 {
		list = append(list, ecs.Attribute{Name: fmt.Sprintf("com.amazonaws.ecs.capability.number-%d", k)})
	}
	i := *web.Instance.Instance
	i.Attributes = append(list, i.Attributes...)
	return newHost(&i, web.groups...)
}

var benchCases = []struct{ name, text string }{
	{"attribute", "attribute:stack == prod"},
	{"typical", "attribute:stack == prod and attribute:ecs.availability-zone in [us-east-1b, us-east-1a]"},
	{"pattern", "attribute:ecs.instance-type =~ t2.*"},
	{"version", "agentVersion >= 1.89.0"},
	{"number", "attribute:slots > 9.5"},
	{"group", "not (task:group == service:batch) and runningTasksCount < 10"},
	{"groups", "task:group =~ family:.*"},
	{"registered", "registeredAt > 2018-06-18"},
}

func BenchmarkParse(b *testing.B) {
	for _, c := range benchCases {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(c.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEval(b *testing.B) {
	h := benchHost()
	for _, c := range benchCases {
		b.Run(c.name, func(b *testing.B) {
			e := mustParse(b, c.text)
			b.ReportAllocs()
			for b.Loop() {
				if !e.Eval(h) {
					b.Fatal("does not match")
				}
			}
		})
	}
}

// Eval runs per instance on the goroutine that decides every command.
func TestEvalDoesNotAllocate(t *testing.T) {
	h := benchHost()
	for _, c := range evalCases {
		e := mustParse(t, c.text)
		if n := testing.AllocsPerRun(100, func() { e.Eval(h) }); n >= 1 {
			t.Errorf("%s: %v allocations", c.text, n)
		}
	}
}

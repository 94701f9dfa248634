package main

import (
	"bytes"
	"fmt"

	"berth/api/ecs/wire/internal/facts"
)

// markChecked notes whether a structure that requests carry has anything to check, in itself or below, and which
// enums are needed for that.
func (g *generator) markChecked(name string) bool {
	if done, known := g.checked[name]; known {
		return done
	}
	found := false
	for _, member := range g.model.Structures[name] {
		if enum := g.enumOf(member.Type); enum != "" {
			g.enumsUsed[enum] = true
		}
		inner, isStructure := g.structureOf(member.Type)
		if isStructure && g.markChecked(inner) {
			found = true
		}
		found = found || len(g.memberChecks(member)) > 0
	}
	g.checked[name] = found
	return found
}

// structureOf is the structure a type is or lists.
func (g *generator) structureOf(typeName string) (string, bool) {
	if list, ok := g.model.Lists[typeName]; ok {
		typeName = list.Element
	}
	_, ok := g.model.Structures[typeName]
	return typeName, ok
}

func (g *generator) checks(out *bytes.Buffer) {
	for _, name := range sortedKeys(g.inputOf) {
		op := g.inputOf[name]
		fmt.Fprintf(out, "// Validate checks the shape of the request, see [ValidationError].\n"+
			"func (x *%sInput) Validate() error {\n", op)
		if !g.checked[name] {
			out.WriteString("\treturn nil\n}\n\n")
			continue
		}
		fmt.Fprintf(out, "\tc := newChecker(%q)\n\tx.check(&c)\n\treturn c.verdict()\n}\n\n", op)
	}
	for _, name := range sortedKeys(g.checked) {
		if g.checked[name] {
			g.checkMethod(out, name)
		}
	}
}

func (g *generator) checkMethod(out *bytes.Buffer, name string) {
	fmt.Fprintf(out, "func (x *%s) check(c *checker) {\n", g.goNames[name])
	for _, member := range byName(g.model.Structures[name]) {
		for _, line := range g.memberChecks(member) {
			fmt.Fprintf(out, "\t%s\n", line)
		}
		g.descend(out, member)
	}
	out.WriteString("}\n\n")
}

// memberChecks are the calls on the checker that one member needs, without those of the structures below it.
func (g *generator) memberChecks(member facts.Member) []string {
	field := "x." + exported(member.Name)
	kind := g.model.Kind(member.Type)
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if member.Required {
		if kind == facts.ListKind {
			add("c.requireItems(%q, len(%s), %s != nil)", member.Name, field, field)
		} else {
			add("c.require(%q, %s != nil)", member.Name, field)
		}
	}
	limits := g.model.Scalars[member.Type]
	switch kind {
	case facts.Enum:
		add("c.oneOf(%q, %s, %s)", member.Name, field, valuesName(member.Type))
	case facts.String:
		if member.Max != nil {
			limits.Max = member.Max
		}
		if limits.Min != nil || limits.Max != nil {
			add("c.length(%q, %s, %s, %s)", member.Name, field, limit(limits.Min), limit(limits.Max))
		}
	case facts.Integer:
		if limits.Min != nil || limits.Max != nil {
			add("c.between(%q, %s, %s, %s)", member.Name, field, limit(limits.Min), limit(limits.Max))
		}
	case facts.ListKind:
		lines = append(lines, g.listChecks(member, field)...)
	}
	return lines
}

func (g *generator) listChecks(member facts.Member, field string) []string {
	var lines []string
	list := g.model.Lists[member.Type]
	if list.Min != nil || list.Max != nil {
		lines = append(lines, fmt.Sprintf("c.items(%q, %s != nil, len(%s), %s, %s)", member.Name, field, field, limit(list.Min), limit(list.Max)))
	}
	element := g.model.Scalars[list.Element]
	switch {
	case g.model.Kind(list.Element) == facts.Enum:
		lines = append(lines, fmt.Sprintf("c.eachOneOf(%q, %s, %s)", member.Name, field, valuesName(list.Element)))
	case element.Type == facts.String:
		lines = append(lines, fmt.Sprintf("c.eachLength(%q, %s, %s, %s)", member.Name, field, limit(element.Min), limit(element.Max)))
	}
	return lines
}

// descend goes on in the structure or list of structures that a member holds.
func (g *generator) descend(out *bytes.Buffer, member facts.Member) {
	inner, ok := g.structureOf(member.Type)
	if !ok || !g.checked[inner] {
		return
	}
	field := "x." + exported(member.Name)
	if g.model.Kind(member.Type) == facts.ListKind {
		fmt.Fprintf(out, "\tfor i := range %s {\n\t\tc.enter(%q, i)\n\t\t%s[i].check(c)\n\t\tc.leave()\n\t}\n", field, member.Name, field)
		return
	}
	fmt.Fprintf(out, "\tif %s != nil {\n\t\tc.enter(%q, noIndex)\n\t\t%s.check(c)\n\t\tc.leave()\n\t}\n", field, member.Name, field)
}

func limit(value *int64) string {
	if value == nil {
		return "noLimit"
	}
	return fmt.Sprint(*value)
}

package main

import (
	"bytes"
	"fmt"

	"berth/api/ecs/wire/internal/facts"
)

func (g *generator) shapes(out *bytes.Buffer) {
	for _, name := range sortedKeys(g.model.Structures) {
		goName := g.goNames[name]
		fmt.Fprintf(out, "%s\ntype %s struct {\n", g.structComment(name), goName)
		for _, member := range byName(g.model.Structures[name]) {
			fmt.Fprintf(out, "\t%s %s `json:\"%s,omitzero\"`%s\n",
				exported(member.Name), g.fieldType(member.Type), member.Name, g.fieldComment(name, member))
		}
		out.WriteString("}\n\n")
	}
}

func (g *generator) structComment(name string) string {
	goName := g.goNames[name]
	switch {
	case g.inputOf[name] != "":
		return fmt.Sprintf("// %s is what a caller of %s sends.", goName, g.inputOf[name])
	case g.outputOf[name] != "":
		return fmt.Sprintf("// %s is the answer of %s.", goName, g.outputOf[name])
	}
	return fmt.Sprintf("// %s is the ECS structure of that name.", goName)
}

func (g *generator) fieldComment(structure string, member facts.Member) string {
	comment := ""
	add := func(text string) {
		if comment == "" {
			comment = " // " + text
			return
		}
		comment += "; " + text
	}
	if member.Required && g.outputOf[structure] == "" {
		add("required")
	}
	if enum := g.enumOf(member.Type); enum != "" {
		add("a value of enum " + enum)
	}
	if member.Undocumented {
		add("on the wire, but in no SDK")
	}
	return comment
}

// enumOf is the enum a type is or lists, "" if none.
func (g *generator) enumOf(typeName string) string {
	if list, ok := g.model.Lists[typeName]; ok {
		typeName = list.Element
	}
	if g.model.Kind(typeName) == facts.Enum {
		return typeName
	}
	return ""
}

// fieldType is the Go type of a member. Absent is nil for every kind.
func (g *generator) fieldType(name string) string {
	switch g.model.Kind(name) {
	case facts.ListKind:
		return "[]" + g.elementType(g.model.Lists[name].Element)
	case facts.MapKind:
		return "map[string]" + g.elementType(g.model.Maps[name].Value)
	default:
		return "*" + g.elementType(name)
	}
}

func (g *generator) elementType(name string) string {
	switch g.model.Kind(name) {
	case facts.Structure:
		return g.goNames[name]
	case facts.ListKind, facts.MapKind:
		return g.fieldType(name)
	case facts.Integer:
		return "int32"
	case facts.Long:
		return "int64"
	case facts.Double:
		return "float64"
	case facts.Boolean:
		return "bool"
	case facts.Timestamp:
		return "Timestamp"
	default: // strings and enums
		return "string"
	}
}

func (g *generator) enums(out *bytes.Buffer) {
	for _, name := range sortedKeys(g.model.Enums) {
		fmt.Fprintf(out, "// The values of enum %s.\nconst (\n", name)
		for _, value := range g.model.Enums[name] {
			fmt.Fprintf(out, "\t%s = %q\n", constantName(name, value), value)
		}
		out.WriteString(")\n\n")
	}
	for _, name := range sortedKeys(g.enumsUsed) {
		fmt.Fprintf(out, "var %s = []string{", valuesName(name))
		for i, value := range g.model.Enums[name] {
			if i > 0 {
				out.WriteString(", ")
			}
			out.WriteString(constantName(name, value))
		}
		out.WriteString("}\n\n")
	}
}

func valuesName(enum string) string { return "valuesOf" + exported(enum) }

func (g *generator) operations(out *bytes.Buffer) {
	fmt.Fprintf(out, "// TargetPrefix stands before the operation in the X-Amz-Target header.\nconst TargetPrefix = %q\n\n",
		g.model.TargetPrefix)
	out.WriteString("// Operations is every operation of the API by name. Do not change it.\nvar Operations = map[string]Operation{\n")
	for _, name := range sortedKeys(g.model.Operations) {
		fmt.Fprintf(out, "\t%q: {Name: %q, Input: func() any { return new(%sInput) }, Output: func() any { return new(%sOutput) }, Errors: %#v},\n",
			name, name, name, name, g.model.Operations[name].Errors)
	}
	out.WriteString("}\n")
}

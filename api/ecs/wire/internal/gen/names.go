package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"berth/api/ecs/wire/internal/facts"
)

// generator holds the table and the Go name of every structure. Inputs and outputs are named after their operation,
// as in AWS's SDK for Go; other structures keep their name.
type generator struct {
	model     *facts.Model
	goNames   map[string]string // structure of the table -> Go type
	inputOf   map[string]string // structure of the table -> operation it is the input of
	outputOf  map[string]string
	checked   map[string]bool // structures that have something to check, see markChecked
	enumsUsed map[string]bool // enums some request carries
}

func newGenerator(model *facts.Model) (*generator, error) {
	g := &generator{
		model: model, goNames: map[string]string{}, inputOf: map[string]string{}, outputOf: map[string]string{},
		checked: map[string]bool{}, enumsUsed: map[string]bool{},
	}
	for name := range model.Structures {
		g.goNames[name] = name
	}
	for _, name := range sortedKeys(model.Operations) {
		op := model.Operations[name]
		if g.inputOf[op.Input] != "" || g.outputOf[op.Output] != "" {
			return nil, fmt.Errorf("operation %s shares its input or output with another", name)
		}
		g.inputOf[op.Input], g.goNames[op.Input] = name, name+"Input"
		g.outputOf[op.Output], g.goNames[op.Output] = name, name+"Output"
	}
	for name := range g.inputOf {
		g.markChecked(name)
	}
	return g, g.distinctNames()
}

// distinctNames refuses two structures or enum constants of the same Go name, before the compiler would.
func (g *generator) distinctNames() error {
	taken := map[string]bool{"Operation": true, "Operations": true, "Timestamp": true, "ValidationError": true}
	claim := func(name string) error {
		if taken[name] {
			return fmt.Errorf("the Go name %s is needed twice", name)
		}
		taken[name] = true
		return nil
	}
	for _, name := range sortedKeys(g.goNames) {
		if err := claim(g.goNames[name]); err != nil {
			return err
		}
	}
	for _, enum := range sortedKeys(g.model.Enums) {
		for _, value := range g.model.Enums[enum] {
			if err := claim(constantName(enum, value)); err != nil {
				return err
			}
		}
	}
	return nil
}

// exported is the Go name of a member: its own with a capital first letter.
func exported(member string) string {
	return strings.ToUpper(member[:1]) + member[1:]
}

// constantName joins the enum's name and the value in camel case: LaunchType and MANAGED_INSTANCES give
// LaunchTypeManagedInstances, distinctInstance gives PlacementConstraintTypeDistinctInstance.
func constantName(enum, value string) string {
	words := strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	name := exported(enum)
	for _, word := range words {
		if word == strings.ToUpper(word) {
			word = strings.ToLower(word)
		}
		name += exported(word)
	}
	return name
}

func sortedKeys[T any](m map[string]T) []string {
	return slices.Sorted(maps.Keys(m))
}

// byName orders members alphabetically: that is the order of the keys in a real ECS answer.
func byName(members []facts.Member) []facts.Member {
	return slices.SortedFunc(slices.Values(members), func(a, b facts.Member) int { return strings.Compare(a.Name, b.Name) })
}

package facts

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// check refuses a table in which a name leads nowhere, a structure contains itself (validation recurses without a
// depth limit of its own), or one name occurs twice in the same place.
func (m *Model) check() error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(m.Operations)) {
		op := m.Operations[name]
		problems = append(problems, m.refer(name+" input", op.Input), m.refer(name+" output", op.Output),
			unique(name+" errors", op.Errors))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Structures)) {
		var names []string
		for _, member := range m.Structures[name] {
			problems = append(problems, m.refer(name+"."+member.Name, member.Type))
			names = append(names, member.Name)
		}
		problems = append(problems, unique(name, names), m.acyclic(name, nil))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Lists)) {
		problems = append(problems, m.refer(name, m.Lists[name].Element))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Enums)) {
		problems = append(problems, unique(name, m.Enums[name]))
	}
	return errors.Join(problems...)
}

func (m *Model) refer(where, name string) error {
	if m.Kind(name) == "" {
		return fmt.Errorf("%s refers to %q, which is not in the table", where, name)
	}
	return nil
}

func unique(where string, values []string) error {
	seen := map[string]bool{}
	for _, value := range values {
		if seen[value] {
			return fmt.Errorf("%s has %q twice", where, value)
		}
		seen[value] = true
	}
	return nil
}

func (m *Model) acyclic(name string, above []string) error {
	if slices.Contains(above, name) {
		return fmt.Errorf("structure %s contains itself", name)
	}
	for _, member := range m.Structures[name] {
		inner := member.Type
		if list, ok := m.Lists[inner]; ok {
			inner = list.Element
		}
		if _, ok := m.Structures[inner]; ok {
			if err := m.acyclic(inner, append(above, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

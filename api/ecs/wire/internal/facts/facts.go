package facts

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/go-json-experiment/json"
)

// The scalar types a member, list or map may name directly.
const (
	String    = "string"
	Integer   = "integer" // 32 bits
	Long      = "long"    // 64 bits
	Double    = "double"
	Boolean   = "boolean"
	Timestamp = "timestamp"
)

// Model is the whole table. Types refer to each other by name; a name is looked up in every map.
type Model struct {
	TargetPrefix string               `json:"targetPrefix,omitzero"`
	Operations   map[string]Operation `json:"operations,omitzero"`
	Structures   map[string][]Member  `json:"structures,omitzero"`
	Lists        map[string]List      `json:"lists,omitzero"`
	Maps         map[string]Map       `json:"maps,omitzero"`
	Enums        map[string][]string  `json:"enums,omitzero"`
	Scalars      map[string]Scalar    `json:"scalars,omitzero"`
}

// Operation names the structures an operation takes and answers, and the exceptions it may raise.
type Operation struct {
	Input  string   `json:"input,omitzero"`
	Output string   `json:"output,omitzero"`
	Errors []string `json:"errors,omitzero"`
}

// Member is one member of a structure. Max limits a string member beyond what its type says; the published model has
// no such limits, the overlay does.
type Member struct {
	Name         string `json:"name"`
	Type         string `json:"type"`
	Required     bool   `json:"required,omitzero"`
	Max          *int64 `json:"max,omitzero"`
	Undocumented bool   `json:"undocumented,omitzero"` // on the wire, but in no SDK
}

// List is a list type with its limits in items; nil means no limit.
type List struct {
	Element string `json:"element"`
	Min     *int64 `json:"min,omitzero"`
	Max     *int64 `json:"max,omitzero"`
}

// Map is a map type. Every key type of the API is a string.
type Map struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Scalar is a named scalar with limits: characters of a string, value of a number.
type Scalar struct {
	Type string `json:"type"`
	Min  *int64 `json:"min,omitzero"`
	Max  *int64 `json:"max,omitzero"`
}

// Load reads the base table and lays the overlay files over it, in order, then checks the result.
func Load(base string, overlays ...string) (*Model, error) {
	model, err := read(base)
	if err != nil {
		return nil, err
	}
	for _, path := range overlays {
		later, err := read(path)
		if err != nil {
			return nil, err
		}
		if err := model.overlay(later); err != nil {
			return nil, fmt.Errorf("overlay %s: %w", path, err)
		}
	}
	return model, model.check()
}

func read(path string) (*Model, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read facts: %w", err)
	}
	model := &Model{
		Operations: map[string]Operation{}, Structures: map[string][]Member{}, Lists: map[string]List{},
		Maps: map[string]Map{}, Enums: map[string][]string{}, Scalars: map[string]Scalar{},
	}
	if err := json.Unmarshal(data, model, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("parse %s: %w", path, err)
	}
	return model, nil
}

// overlay adds what later holds: errors, members (or a limit on a member that exists), enum values, whole types.
func (m *Model) overlay(later *Model) error {
	for name, op := range later.Operations {
		mine, ok := m.Operations[name]
		if !ok {
			return fmt.Errorf("operation %s is not in the base table", name)
		}
		mine.Errors = append(mine.Errors, op.Errors...)
		slices.Sort(mine.Errors)
		m.Operations[name] = mine
	}
	for name, members := range later.Structures {
		m.Structures[name] = joinMembers(m.Structures[name], members)
	}
	for name, values := range later.Enums {
		m.Enums[name] = append(m.Enums[name], values...)
	}
	return errors.Join(
		addTypes(m.Lists, later.Lists), addTypes(m.Maps, later.Maps), addTypes(m.Scalars, later.Scalars))
}

func joinMembers(mine, later []Member) []Member {
	for _, member := range later {
		at := slices.IndexFunc(mine, func(have Member) bool { return have.Name == member.Name })
		if at >= 0 {
			mine[at] = member
			continue
		}
		mine = append(mine, member)
	}
	return mine
}

func addTypes[T any](mine, later map[string]T) error {
	for name, value := range later {
		if _, taken := mine[name]; taken {
			return fmt.Errorf("type %s is already in the base table", name)
		}
		mine[name] = value
	}
	return nil
}

package main

import (
	"fmt"
	"os"
	"slices"

	"berth/api/ecs/wire/internal/facts"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: factgen path/to/service-2.json > facts.json")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "factgen:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var source published
	if err := json.Unmarshal(data, &source); err != nil {
		return fmt.Errorf("parse %s: %w", path, err)
	}
	model, err := source.facts()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(facts.Format(model))
	return err
}

// published is the part of the API model that carries facts.
type published struct {
	Metadata struct {
		TargetPrefix string `json:"targetPrefix"`
	} `json:"metadata"`
	Operations map[string]struct {
		Input  reference   `json:"input"`
		Output reference   `json:"output"`
		Errors []reference `json:"errors"`
	} `json:"operations"`
	Shapes map[string]shape `json:"shapes"`
}

type reference struct {
	Shape string `json:"shape"`
}

type shape struct {
	Type      string         `json:"type"`
	Members   jsontext.Value `json:"members"` // an object whose order matters
	Required  []string       `json:"required"`
	Member    reference      `json:"member"`
	Key       reference      `json:"key"`
	Value     reference      `json:"value"`
	Enum      []string       `json:"enum"`
	Min       *int64         `json:"min"`
	Max       *int64         `json:"max"`
	Exception bool           `json:"exception"`
}

func (p *published) facts() (*facts.Model, error) {
	model := &facts.Model{
		TargetPrefix: p.Metadata.TargetPrefix,
		Operations:   map[string]facts.Operation{},
		Structures:   map[string][]facts.Member{},
		Lists:        map[string]facts.List{},
		Maps:         map[string]facts.Map{},
		Enums:        map[string][]string{},
		Scalars:      map[string]facts.Scalar{},
	}
	for name, op := range p.Operations {
		var raised []string
		for _, e := range op.Errors {
			raised = append(raised, e.Shape)
		}
		slices.Sort(raised)
		model.Operations[name] = facts.Operation{Input: op.Input.Shape, Output: op.Output.Shape, Errors: raised}
	}
	for name, s := range p.Shapes {
		if err := p.shape(model, name, s); err != nil {
			return nil, fmt.Errorf("shape %s: %w", name, err)
		}
	}
	return model, nil
}

func (p *published) shape(model *facts.Model, name string, s shape) error {
	switch {
	case s.Exception:
	case s.Type == "structure":
		members, err := p.members(s)
		if err != nil {
			return err
		}
		model.Structures[name] = members
	case s.Type == "list":
		model.Lists[name] = facts.List{Element: p.resolve(s.Member.Shape), Min: s.Min, Max: s.Max}
	case s.Type == "map":
		model.Maps[name] = facts.Map{Key: p.resolve(s.Key.Shape), Value: p.resolve(s.Value.Shape)}
	case len(s.Enum) > 0:
		model.Enums[name] = s.Enum
	case s.Min != nil || s.Max != nil:
		model.Scalars[name] = facts.Scalar{Type: s.Type, Min: s.Min, Max: s.Max}
	}
	return nil
}

func (p *published) members(s shape) ([]facts.Member, error) {
	names, err := orderedNames(s.Members)
	if err != nil {
		return nil, err
	}
	var references map[string]reference
	if err := json.Unmarshal(s.Members, &references); err != nil {
		return nil, err
	}
	members := make([]facts.Member, 0, len(names))
	for _, name := range names {
		members = append(members, facts.Member{
			Name: name, Type: p.resolve(references[name].Shape), Required: slices.Contains(s.Required, name),
		})
	}
	return members, nil
}

// resolve replaces a scalar that says nothing beyond its type by that type, so that the table keeps only names that
// carry a fact.
func (p *published) resolve(name string) string {
	s := p.Shapes[name]
	switch s.Type {
	case "structure", "list", "map":
		return name
	}
	if len(s.Enum) > 0 || s.Min != nil || s.Max != nil {
		return name
	}
	return s.Type
}

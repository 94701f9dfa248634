package app

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	apiberth "berth/api/berth"
	"berth/api/ecs/wire"
)

// ExplainConfig is what `berth explain` asks for. Empty members are left out of the request.
type ExplainConfig struct {
	Server string
	// Task is a task to explain; then only Cluster and MaxResults count beside it.
	Task                               string
	Cluster, TaskDefinition, Group     string
	LaunchType, Overrides              string // Overrides is JSON
	Count, MaxResults                  int
	Constraints, Strategies, Providers []string
	// JSON prints the answer as it came.
	JSON bool
}

// Explain asks a running server why tasks would or would not be placed and prints what it says. Nothing is placed.
func Explain(ctx context.Context, cfg ExplainConfig, out io.Writer) error {
	in, err := cfg.input()
	if err != nil {
		return err
	}
	var answer apiberth.ExplainPlacementOutput
	if err := ownCall(ctx, cfg.Server, "ExplainPlacement", in, &answer); err != nil {
		return err
	}
	if cfg.JSON {
		text, err := json.Marshal(&answer, jsontext.WithIndent("  "))
		if err != nil {
			return fmt.Errorf("write the answer: %w", err)
		}
		_, err = fmt.Fprintf(out, "%s\n", text)
		return err
	}
	return writeExplanation(out, &answer)
}

func (cfg ExplainConfig) input() (*apiberth.ExplainPlacementInput, error) {
	in := &apiberth.ExplainPlacementInput{Task: given(cfg.Task), MaxResults: number(cfg.MaxResults)}
	in.Cluster, in.TaskDefinition, in.Group = given(cfg.Cluster), given(cfg.TaskDefinition), given(cfg.Group)
	in.LaunchType, in.Count = given(cfg.LaunchType), number(cfg.Count)
	if cfg.Overrides != "" {
		in.Overrides = new(wire.TaskOverride)
		if err := json.Unmarshal([]byte(cfg.Overrides), in.Overrides); err != nil {
			return nil, fmt.Errorf("overrides: %w", err)
		}
	}
	for _, text := range cfg.Constraints {
		in.PlacementConstraints = append(in.PlacementConstraints, constraint(text))
	}
	for _, text := range cfg.Strategies {
		kind, field, _ := strings.Cut(text, ":")
		in.PlacementStrategy = append(in.PlacementStrategy, wire.PlacementStrategy{Type: &kind, Field: given(field)})
	}
	for _, text := range cfg.Providers {
		item, err := strategyItem(text)
		if err != nil {
			return nil, err
		}
		in.CapacityProviderStrategy = append(in.CapacityProviderStrategy, item)
	}
	return in, nil
}

// constraint is distinctInstance, or an expression for memberOf.
func constraint(text string) wire.PlacementConstraint {
	if text == "distinctInstance" {
		return wire.PlacementConstraint{Type: &text}
	}
	return wire.PlacementConstraint{Type: new("memberOf"), Expression: &text}
}

// strategyItem reads NAME, NAME:WEIGHT or NAME:WEIGHT:BASE. The weight is 1 unless given.
func strategyItem(text string) (wire.CapacityProviderStrategyItem, error) {
	parts := strings.Split(text, ":")
	item := wire.CapacityProviderStrategyItem{CapacityProvider: &parts[0], Weight: new(int32(1))}
	for k, part := range parts[1:] {
		n, err := strconv.ParseInt(part, 10, 32)
		if err != nil || k > 1 {
			return item, fmt.Errorf("capacity provider %q: want NAME:WEIGHT:BASE, two numbers", text)
		}
		if k == 0 {
			item.Weight = new(int32(n))
		} else {
			item.Base = new(int32(n))
		}
	}
	return item, nil
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func number(n int) *int32 {
	if n == 0 {
		return nil
	}
	return new(int32(n))
}

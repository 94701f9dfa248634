package app

import (
	"maps"
	"testing"
)

func TestAttributesOfAHost(t *testing.T) {
	for name, tc := range map[string]struct {
		config AgentConfig
		want   map[string]string
	}{
		"none":     {AgentConfig{}, map[string]string{}},
		"own":      {AgentConfig{Attributes: map[string]string{"rack": "1"}}, map[string]string{"rack": "1"}},
		"group":    {AgentConfig{Attributes: map[string]string{"rack": "1"}, Group: "g"}, map[string]string{"rack": "1", "berth.group": "g"}},
		"external": {AgentConfig{External: true}, map[string]string{"ecs.capability.external": ""}},
	} {
		before := maps.Clone(tc.config.Attributes)
		if got := tc.config.attributes(); !maps.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
		if !maps.Equal(before, tc.config.Attributes) {
			t.Errorf("%s: the configuration was changed", name)
		}
	}
}

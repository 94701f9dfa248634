package query

import (
	"slices"
	"testing"

	"berth/ecs"
)

// host is a Subject for tests.
type host struct {
	Instance
	running int
	groups  []string
}

func (h *host) RunningTasksCount() int                { return h.running }
func (h *host) HasGroup(group string) bool            { return slices.Contains(h.groups, group) }
func (h *host) AnyGroup(match func(string) bool) bool { return slices.ContainsFunc(h.groups, match) }
func newHost(i *ecs.Instance, groups ...string) *host { return &host{Instance{i}, len(groups), groups} }
func attributes(pairs ...string) (list []ecs.Attribute) {
	for k := 0; k < len(pairs); k += 2 {
		list = append(list, ecs.Attribute{Name: pairs[k], Value: pairs[k+1]})
	}
	return list
}

// web has everything, bare has nothing.
var (
	web = newHost(&ecs.Instance{
		EC2InstanceID: "i-0abc", AgentConnected: true, VersionInfo: ecs.VersionInfo{AgentVersion: "1.89.2"},
		RegisteredAt: 1529360908247, // 2018-06-18T22:28:28.247Z
		Attributes: attributes("stack", "prod", "ecs.availability-zone", "us-east-1a", "ecs.instance-type", "t2.small",
			"slots", "10", "negative", "-1.5", "gpu", "", `odd/na-me_\x.y`, `it's "so"\`),
	}, "service:web", "family:cron", "service:web")
	bare = newHost(&ecs.Instance{})
)

func mustParse(t testing.TB, text string) *Expr {
	t.Helper()
	e, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return e
}

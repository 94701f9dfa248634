package ecs

import (
	"context"
	"math"
	"strings"

	"berth/api/ecs/wire"
	"berth/ecs"
	"berth/state"
)

func (s *Service) listTaskDefinitions(
	_ context.Context, in *wire.ListTaskDefinitionsInput,
) (*wire.ListTaskDefinitionsOutput, error) {
	family, status, down := value(in.FamilyPrefix), value(in.Status), value(in.Sort) == "DESC"
	if status == "" {
		status = string(ecs.TaskDefinitionActive)
	}
	p, err := newPage(in.MaxResults, in.NextToken, 100, "ListTaskDefinitions", family, status, value(in.Sort))
	if err != nil {
		return nil, err
	}
	out := &wire.ListTaskDefinitionsOutput{TaskDefinitionArns: []string{}}
	scanRevisions(s.Store.Snapshot(), family, p.after, down, func(key string, d *ecs.TaskDefinition) bool {
		if string(d.Status) != status {
			return true
		}
		if !p.add(key) {
			return false
		}
		out.TaskDefinitionArns = append(out.TaskDefinitionArns, s.Realm.TaskDefinitionARN(d.Family, d.Revision))
		return true
	})
	out.NextToken = p.token()
	return out, nil
}

// scanRevisions walks every revision, or those of one family, by family and number, up or down, behind the key after ("" from the
// start). ECS: familyPrefix is the whole name of a family (semantics.md 1.5).
func scanRevisions(
	view *state.Snapshot, family, after string, down bool, fn func(key string, d *ecs.TaskDefinition) bool,
) {
	from, scan := after, view.ScanTaskDefinitions
	if down {
		scan = view.ScanTaskDefinitionsDown
	}
	if family != "" && after == "" {
		from = state.TaskDefinitionKey(family, 0)
		if down {
			from = state.TaskDefinitionKey(family, math.MaxInt32)
		}
	}
	scan(from, func(key string, d *ecs.TaskDefinition) bool {
		if family != "" && d.Family != family {
			return false
		}
		return key == after || fn(key, d)
	})
}

// listTaskDefinitionFamilies: here familyPrefix is a prefix, and without a status families with and without ACTIVE revisions are
// listed (semantics.md 1.5).
func (s *Service) listTaskDefinitionFamilies(
	_ context.Context, in *wire.ListTaskDefinitionFamiliesInput,
) (*wire.ListTaskDefinitionFamiliesOutput, error) {
	prefix, status := value(in.FamilyPrefix), value(in.Status)
	p, err := newPage(in.MaxResults, in.NextToken, 100, "ListTaskDefinitionFamilies", prefix, status)
	if err != nil {
		return nil, err
	}
	view := s.Store.Snapshot()
	out := &wire.ListTaskDefinitionFamiliesOutput{Families: []string{}}
	view.ScanFamilies(max(prefix, p.after), func(f *ecs.Family) bool {
		switch {
		case !strings.HasPrefix(f.Name, prefix):
			return false
		case f.Name == p.after || !familyHasStatus(view, f.Name, status):
			return true
		case !p.add(f.Name):
			return false
		}
		out.Families = append(out.Families, f.Name)
		return true
	})
	out.NextToken = p.token()
	return out, nil
}

// familyHasStatus: ACTIVE has at least one ACTIVE revision, INACTIVE has none.
func familyHasStatus(view *state.Snapshot, family, status string) bool {
	switch status {
	case "ACTIVE":
		return view.LatestActive(family) != nil
	case "INACTIVE":
		return view.LatestActive(family) == nil
	}
	return true
}

package ecs

import (
	"slices"
	"strings"
	"testing"

	"berth/api/ecs/wire"
)

// listAll follows the pages and returns family:revision of each definition, with the number of pages.
func (s *Service) listAll(t *testing.T, in wire.ListTaskDefinitionsInput) (names []string, pages int) {
	t.Helper()
	for {
		out := must[*wire.ListTaskDefinitionsOutput](t)(s.listTaskDefinitions(operator, &in))
		for _, arn := range out.TaskDefinitionArns {
			names = append(names, arn[strings.LastIndex(arn, "/")+1:])
		}
		pages++
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return names, pages
		}
	}
}

func listed12(t *testing.T) *Service {
	s := newService()
	for range 12 {
		s.register(t, "web")
	}
	s.register(t, "api")
	s.register(t, "webhook")
	for _, ref := range []string{"web:3", "api:1"} {
		must[*wire.TaskDefinition](t)(s.deregister(ref))
	}
	return s
}

func TestListTaskDefinitions(t *testing.T) {
	s := listed12(t)
	web := strings.Fields("web:1 web:2 web:4 web:5 web:6 web:7 web:8 web:9 web:10 web:11 web:12")
	up := append(slices.Clone(web), "webhook:1")
	down := slices.Clone(up)
	slices.Reverse(down)
	webDown := slices.Clone(web)
	slices.Reverse(webDown)
	for _, c := range []struct {
		name  string
		in    wire.ListTaskDefinitionsInput
		want  []string
		pages int
	}{
		{"all", wire.ListTaskDefinitionsInput{}, up, 1},
		{"down", wire.ListTaskDefinitionsInput{Sort: new("DESC")}, down, 1},
		{"pages of 5", wire.ListTaskDefinitionsInput{MaxResults: new(int32(5))}, up, 3},
		{"full last page", wire.ListTaskDefinitionsInput{MaxResults: new(int32(6))}, up, 2},
		{"pages of 1, down", wire.ListTaskDefinitionsInput{MaxResults: new(int32(1)), Sort: new("DESC")}, down, 12},
		{"a family is its whole name", wire.ListTaskDefinitionsInput{FamilyPrefix: new("web"), MaxResults: new(int32(3))}, web, 4},
		{"a family, down", wire.ListTaskDefinitionsInput{FamilyPrefix: new("web"), Sort: new("DESC"), MaxResults: new(int32(4))}, webDown, 3},
		{"part of a family", wire.ListTaskDefinitionsInput{FamilyPrefix: new("we")}, nil, 1},
		{"inactive", wire.ListTaskDefinitionsInput{Status: new("INACTIVE")}, []string{"api:1", "web:3"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, pages := s.listAll(t, c.in)
			if !slices.Equal(got, c.want) || pages != c.pages {
				t.Errorf("%d pages %v\nwant %d pages %v", pages, got, c.pages, c.want)
			}
		})
	}
}

func TestListPagesSurviveChanges(t *testing.T) {
	s := listed12(t)
	in := wire.ListTaskDefinitionsInput{FamilyPrefix: new("web"), MaxResults: new(int32(2))}
	first := must[*wire.ListTaskDefinitionsOutput](t)(s.listTaskDefinitions(operator, &in))
	must[*wire.TaskDefinition](t)(s.deregister("web:2")) // the cursor itself
	in.NextToken = first.NextToken
	rest, _ := s.listAll(t, in)
	if rest[0] != "web:4" {
		t.Errorf("the next page begins with %s, want web:4", rest[0])
	}
}

func TestListArgumentsAreChecked(t *testing.T) {
	s := listed12(t)
	for _, n := range []int32{0, -1, 101} {
		if _, err := s.listTaskDefinitions(operator, &wire.ListTaskDefinitionsInput{MaxResults: &n}); err == nil {
			t.Errorf("maxResults %d accepted", n)
		}
	}
	in := wire.ListTaskDefinitionsInput{MaxResults: new(int32(1))}
	out := must[*wire.ListTaskDefinitionsOutput](t)(s.listTaskDefinitions(operator, &in))
	in.NextToken, in.Sort = out.NextToken, new("DESC")
	if _, err := s.listTaskDefinitions(operator, &in); err == nil {
		t.Error("a token was accepted with another order")
	}
}

func TestListTaskDefinitionFamilies(t *testing.T) {
	s := listed12(t)
	for _, c := range []struct {
		name, prefix, status string
		size                 int32
		want                 []string
	}{
		{"all", "", "", 100, []string{"api", "web", "webhook"}},
		{"ALL", "", "ALL", 100, []string{"api", "web", "webhook"}},
		{"pages of 1", "", "", 1, []string{"api", "web", "webhook"}},
		{"active", "", "ACTIVE", 1, []string{"web", "webhook"}},
		{"inactive", "", "INACTIVE", 100, []string{"api"}},
		{"prefix", "web", "", 1, []string{"web", "webhook"}},
		{"longer prefix", "webh", "", 100, []string{"webhook"}},
		{"no such prefix", "x", "", 100, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := wire.ListTaskDefinitionFamiliesInput{FamilyPrefix: given(c.prefix), Status: given(c.status), MaxResults: &c.size}
			var got []string
			for {
				out := must[*wire.ListTaskDefinitionFamiliesOutput](t)(s.listTaskDefinitionFamilies(operator, &in))
				got = append(got, out.Families...)
				if in.NextToken = out.NextToken; in.NextToken == nil {
					break
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

package ecs

import (
	"context"
	"hash/fnv"
	"strconv"

	"github.com/go-json-experiment/json"

	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
	"berth/state"
)

func (s *Service) createCluster(ctx context.Context, in *wire.CreateClusterInput) (*wire.CreateClusterOutput, error) {
	name, err := newClusterName(in.ClusterName)
	if err != nil {
		return nil, err
	}
	if err := refuseClusterFeatures(in); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	settings, err := clusterSettings(in.Settings)
	if err != nil {
		return nil, err
	}
	configuration, err := clusterConfigurationFromWire(in.Configuration)
	if err != nil {
		return nil, err
	}
	args := command.CreateClusterInput{
		Name: name, Settings: settings, Tags: tagsFromWire(in.Tags), Configuration: configuration, Request: clusterRequest(in),
	}
	args.Providers, args.DefaultStrategy, err = s.clusterProviders(in.CapacityProviders, in.DefaultCapacityProviderStrategy)
	if err != nil {
		return nil, err
	}
	c, err := do(ctx, s, func(tx *state.Tx) (*ecs.Cluster, error) { return command.CreateCluster(tx, args) })
	if err != nil {
		return nil, err
	}
	include := []string{"SETTINGS", "TAGS", "CONFIGURATIONS"}
	if len(c.CapacityProviders) > 0 {
		include = append(include, "ATTACHMENTS")
	}
	return &wire.CreateClusterOutput{Cluster: s.clusterToWire(s.Store.Snapshot(), c, include)}, nil
}

func newClusterName(arg *string) (string, error) {
	if value(arg) == "" {
		return ecs.DefaultCluster, nil
	}
	if !name255.MatchString(*arg) {
		return "", ecs.InvalidParameterf("Invalid cluster name: 1 to 255 letters, digits, underscores and hyphens are allowed.")
	}
	return *arg, nil
}

// refuseClusterFeatures names what a later version brings; accepting it and doing nothing would be a lie.
func refuseClusterFeatures(in *wire.CreateClusterInput) error {
	if in.ServiceConnectDefaults != nil && value(in.ServiceConnectDefaults.Namespace) != "" {
		return ecs.Unsupportedf("Service Connect is not built in this version of Berth.")
	}
	return nil
}

func clusterSettings(in []wire.ClusterSetting) ([]ecs.Setting, error) {
	var out []ecs.Setting
	for _, setting := range in {
		if value(setting.Name) != "containerInsights" {
			return nil, ecs.InvalidParameterf("Invalid setting 'name'")
		}
		if v := value(setting.Value); v != "enabled" && v != "disabled" {
			return nil, ecs.InvalidParameterf("Invalid setting 'value'")
		}
		out = append(out, ecs.Setting{Name: *setting.Name, Value: *setting.Value})
	}
	return out, nil
}

// clusterRequest digests the arguments beside the name; a bare name has no digest.
func clusterRequest(in *wire.CreateClusterInput) string {
	if len(in.CapacityProviders) > 0 || len(in.DefaultCapacityProviderStrategy) > 0 {
		return digest([]any{in.Settings, in.Tags, in.Configuration, in.CapacityProviders, in.DefaultCapacityProviderStrategy})
	}
	if len(in.Settings) == 0 && len(in.Tags) == 0 && in.Configuration == nil {
		return ""
	}
	return digest([]any{in.Settings, in.Tags, in.Configuration})
}

// digest condenses a request: equal requests have equal digests.
func digest(request any) string {
	b, err := json.Marshal(request, json.Deterministic(true))
	if err != nil {
		return "unreadable"
	}
	h := fnv.New64a()
	h.Write(b)
	return strconv.FormatUint(h.Sum64(), 16)
}

func (s *Service) describeClusters(_ context.Context, in *wire.DescribeClustersInput) (*wire.DescribeClustersOutput, error) {
	if len(in.Clusters) > 100 {
		return nil, ecs.InvalidParameterf("clusters can have at most 100 items.")
	}
	names := in.Clusters
	if len(names) == 0 {
		names = []string{ecs.DefaultCluster}
	}
	view := s.Store.Snapshot()
	out := &wire.DescribeClustersOutput{Clusters: []wire.Cluster{}, Failures: []wire.Failure{}}
	seen := make(map[string]bool, len(names))
	for _, arg := range names {
		name, err := s.clusterName(&arg)
		if err != nil {
			return nil, err
		}
		if seen[name] {
			continue // ECS: a cluster named twice is given once (semantics.md 11.7)
		}
		seen[name] = true
		c := view.Cluster(name)
		if c == nil {
			out.Failures = append(out.Failures, missing(s.Realm.ClusterARN(name)))
			continue
		}
		// ECS: a wrong include is only noticed when one of the clusters exists (semantics.md 11.6).
		if err := checkClusterInclude(in.Include); err != nil {
			return nil, err
		}
		out.Clusters = append(out.Clusters, *s.clusterToWire(view, c, in.Include))
	}
	return out, nil
}

func checkClusterInclude(include []string) error {
	for _, i := range include {
		switch i {
		case "ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS":
		default:
			return ecs.InvalidParameterf("include should be one of [ATTACHMENTS,CONFIGURATIONS,SETTINGS,STATISTICS,TAGS]")
		}
	}
	return nil
}

func (s *Service) listClusters(_ context.Context, in *wire.ListClustersInput) (*wire.ListClustersOutput, error) {
	p, err := newPage(in.MaxResults, in.NextToken, 100, "ListClusters")
	if err != nil {
		return nil, err
	}
	out := &wire.ListClustersOutput{ClusterArns: []string{}}
	s.Store.Snapshot().ScanClusters(p.after, func(c *ecs.Cluster) bool {
		if c.Status != ecs.ClusterActive {
			return true
		}
		if !p.add(c.Name) {
			return false
		}
		out.ClusterArns = append(out.ClusterArns, s.Realm.ClusterARN(c.Name))
		return true
	})
	out.NextToken = p.token()
	return out, nil
}

func (s *Service) deleteCluster(ctx context.Context, in *wire.DeleteClusterInput) (*wire.DeleteClusterOutput, error) {
	name, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	c, err := do(ctx, s, func(tx *state.Tx) (*ecs.Cluster, error) { return command.DeleteCluster(tx, name) })
	if err != nil {
		return nil, err
	}
	return &wire.DeleteClusterOutput{Cluster: s.clusterToWire(s.Store.Snapshot(), c, []string{"SETTINGS", "TAGS"})}, nil
}

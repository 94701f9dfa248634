package ecs

import (
	"context"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
	"berth/placement"
	"berth/placement/query"
	"berth/state"
)

func (s *Service) registerContainerInstance(ctx context.Context, in *wire.RegisterContainerInstanceInput) (*wire.RegisterContainerInstanceOutput, error) {
	args, err := s.registration(ctx, in)
	if err != nil {
		return nil, err
	}
	i, err := do(ctx, s, func(tx *state.Tx) (*ecs.Instance, error) { return command.RegisterInstance(tx, args) })
	if err != nil {
		return nil, err
	}
	return &wire.RegisterContainerInstanceOutput{ContainerInstance: s.instanceToWire(s.Store.Snapshot(), i, true)}, nil
}

func (s *Service) registration(ctx context.Context, in *wire.RegisterContainerInstanceInput) (command.RegisterInstanceInput, error) {
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return command.RegisterInstanceInput{}, err
	}
	if err := checkTags(in.Tags); err != nil {
		return command.RegisterInstanceInput{}, err
	}
	args := command.RegisterInstanceInput{
		Cluster: cluster, ClientToken: value(in.ClientToken), EC2InstanceID: ec2InstanceID(value(in.InstanceIdentityDocument)),
		Attributes: attributesFromWire(in.Attributes), Tags: tagsFromWire(in.Tags),
		DefaultZone: s.Realm.Region + "a", By: caller(ctx),
	}
	if v := in.VersionInfo; v != nil {
		args.Version = ecs.VersionInfo{
			AgentVersion: value(v.AgentVersion), AgentHash: value(v.AgentHash), DockerVersion: value(v.DockerVersion),
		}
	}
	if value(in.ContainerInstanceArn) != "" {
		if args.ID, _, err = s.instanceID(cluster, *in.ContainerInstanceArn); err != nil {
			return args, err
		}
	}
	for _, d := range in.PlatformDevices {
		if value(d.Type) == "GPU" {
			args.GPUIDs = append(args.GPUIDs, value(d.Id))
		}
	}
	return args, addResources(&args, in.TotalResources)
}

// addResources takes over what the host has. PORTS and PORTS_UDP name ports that are taken from the start (agent-protocol.md 4).
func addResources(args *command.RegisterInstanceInput, resources []wire.Resource) error {
	for _, r := range resources {
		switch name := value(r.Name); name {
		case "CPU":
			args.CPUUnits = amount(r)
		case "MEMORY":
			args.MemoryMiB = amount(r)
		case "PORTS", "PORTS_UDP":
			protocol := ecs.TCP
			if name == "PORTS_UDP" {
				protocol = ecs.UDP
			}
			for _, text := range r.StringSetValue {
				port, err := strconv.ParseUint(text, 10, 16)
				if err != nil {
					return ecs.InvalidParameterf("Invalid port %q in resource %s.", text, name)
				}
				args.ReservedPorts = append(args.ReservedPorts, ecs.HostPort{Port: uint16(port), Protocol: protocol})
			}
		case "GPU":
			args.GPUIDs = append(args.GPUIDs, r.StringSetValue...)
		default:
			args.Custom = append(args.Custom, ecs.Resource{
				Name: name, Type: value(r.Type), Integer: amount(r), Double: value(r.DoubleValue), Set: r.StringSetValue,
			})
		}
	}
	return nil
}

func amount(r wire.Resource) int64 {
	if r.IntegerValue != nil {
		return int64(*r.IntegerValue)
	}
	return value(r.LongValue)
}

// ec2InstanceID reads the instance id out of an EC2 identity document; hosts outside EC2 send none.
func ec2InstanceID(document string) string {
	var doc struct {
		InstanceID string `json:"instanceId"`
	}
	if document == "" || json.Unmarshal([]byte(document), &doc) != nil {
		return ""
	}
	return doc.InstanceID
}

func (s *Service) deregisterContainerInstance(ctx context.Context, in *wire.DeregisterContainerInstanceInput) (*wire.DeregisterContainerInstanceOutput, error) {
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	id, _, err := s.instanceID(cluster, value(in.ContainerInstance))
	if err != nil {
		return nil, err
	}
	args := command.DeregisterInstanceInput{Cluster: cluster, ID: id, Force: value(in.Force), By: caller(ctx)}
	i, err := do(ctx, s, func(tx *state.Tx) (*ecs.Instance, error) { return command.DeregisterInstance(tx, args) })
	if err != nil {
		return nil, err
	}
	return &wire.DeregisterContainerInstanceOutput{ContainerInstance: s.instanceToWire(s.Store.Snapshot(), i, false)}, nil
}

func (s *Service) describeContainerInstances(_ context.Context, in *wire.DescribeContainerInstancesInput) (*wire.DescribeContainerInstancesOutput, error) {
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	if len(in.ContainerInstances) > 100 {
		return nil, ecs.InvalidParameterf("containerInstances can have at most 100 items.")
	}
	view := s.Store.Snapshot()
	if _, err := command.ActiveCluster(view, cluster); err != nil {
		return nil, err
	}
	out := &wire.DescribeContainerInstancesOutput{ContainerInstances: []wire.ContainerInstance{}, Failures: []wire.Failure{}}
	for _, arg := range in.ContainerInstances {
		id, home, err := s.instanceID(cluster, arg)
		if err != nil {
			return nil, err
		}
		i := view.Instance(cluster, id)
		if i == nil || home != cluster {
			out.Failures = append(out.Failures, missing(s.Realm.InstanceARN(home, id)))
			continue
		}
		out.ContainerInstances = append(out.ContainerInstances, *s.instanceToWire(view, i, included(in.Include, "TAGS")))
	}
	return out, nil
}

func (s *Service) listContainerInstances(_ context.Context, in *wire.ListContainerInstancesInput) (*wire.ListContainerInstancesOutput, error) {
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	view := s.Store.Snapshot()
	if _, err := command.ActiveCluster(view, cluster); err != nil {
		return nil, err
	}
	matches, err := instanceFilter(view, value(in.Filter))
	if err != nil {
		return nil, err
	}
	p, err := newPage(in.MaxResults, in.NextToken, 100, "ListContainerInstances", cluster, value(in.Status), value(in.Filter))
	if err != nil {
		return nil, err
	}
	out := &wire.ListContainerInstancesOutput{ContainerInstanceArns: []string{}}
	view.ScanInstances(cluster, ecs.InstanceID(p.after), func(i *ecs.Instance) bool {
		if !instanceListed(i, value(in.Status)) || !matches(i) {
			return true
		}
		if !p.add(string(i.ID)) {
			return false
		}
		out.ContainerInstanceArns = append(out.ContainerInstanceArns, s.Realm.InstanceARN(cluster, i.ID))
		return true
	})
	out.NextToken = p.token()
	return out, nil
}

// instanceListed: without a status all but the INACTIVE ones (semantics.md 1.5).
func instanceListed(i *ecs.Instance, status string) bool {
	if status == "" {
		return i.Status != ecs.InstanceInactive
	}
	return string(i.Status) == status
}

// instanceFilter reads a filter of the cluster query language; an empty one lets every instance pass. ECS's reference does not say
// how bad syntax is answered: here with the column (features.md B5.3, docs/query-language.md).
func instanceFilter(view *state.Snapshot, filter string) (func(*ecs.Instance) bool, error) {
	if filter == "" {
		return func(*ecs.Instance) bool { return true }, nil
	}
	x, err := query.Parse(filter)
	if err != nil {
		return nil, ecs.InvalidParameterf("The filter is invalid: %v", err)
	}
	return func(i *ecs.Instance) bool {
		return x.Eval(&placement.Subject{Instance: query.Instance{Instance: i}, Usage: view.Usage(i.ID)})
	}, nil
}

func (s *Service) updateContainerInstancesState(ctx context.Context, in *wire.UpdateContainerInstancesStateInput) (*wire.UpdateContainerInstancesStateOutput, error) {
	cluster, err := s.clusterName(in.Cluster)
	if err != nil {
		return nil, err
	}
	if len(in.ContainerInstances) > 10 {
		return nil, ecs.InvalidParameterf("containerInstances can have at most 10 items.")
	}
	var ids []ecs.InstanceID
	for _, arg := range in.ContainerInstances {
		id, _, err := s.instanceID(cluster, arg)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	found, err := do(ctx, s, func(tx *state.Tx) ([]*ecs.Instance, error) {
		if _, err := command.ActiveCluster(tx.View, cluster); err != nil {
			return nil, err
		}
		var found []*ecs.Instance
		for _, id := range ids {
			i, err := command.UpdateInstanceState(tx, command.UpdateInstanceStateInput{
				Cluster: cluster, ID: id, Status: ecs.InstanceStatus(value(in.Status)), By: caller(ctx),
			})
			if err != nil {
				return nil, err
			}
			found = append(found, i)
		}
		return found, nil
	})
	if err != nil {
		return nil, err
	}
	out := &wire.UpdateContainerInstancesStateOutput{ContainerInstances: []wire.ContainerInstance{}, Failures: []wire.Failure{}}
	view := s.Store.Snapshot()
	for k, i := range found {
		if i == nil {
			out.Failures = append(out.Failures, missing(s.Realm.InstanceARN(cluster, ids[k])))
			continue
		}
		out.ContainerInstances = append(out.ContainerInstances, *s.instanceToWire(view, i, false))
	}
	return out, nil
}

func attributesFromWire(in []wire.Attribute) []ecs.Attribute {
	out := make([]ecs.Attribute, 0, len(in))
	for _, a := range in {
		out = append(out, ecs.Attribute{Name: strings.TrimSpace(value(a.Name)), Value: value(a.Value)})
	}
	return out
}

package command

import (
	"regexp"
	"slices"

	"berth/ecs"
	"berth/state"
)

// RegisterInstanceInput is what an agent says of its host.
type RegisterInstanceInput struct {
	Cluster string
	// ID is set when the agent registers again under the identity it keeps on disk.
	ID            ecs.InstanceID
	ClientToken   string
	EC2InstanceID string
	CPUUnits      int64
	MemoryMiB     int64
	ReservedPorts []ecs.HostPort
	GPUIDs        []string
	Custom        []ecs.Resource
	Attributes    []ecs.Attribute
	Tags          []ecs.Tag
	Version       ecs.VersionInfo
	// DefaultZone is the availability zone of an instance that names none.
	DefaultZone string
	By          Caller
}

// RegisterInstance registers a host, or registers it again under its identity.
//
// ECS: the cluster `default` appears with its first instance (features.md B1.2); a known identity is kept together with the custom
// attributes, which agents send only once (agent-protocol.md 4); an identity nobody knows is let in as it is, so that a server
// restored from a backup finds its hosts again; one that was deregistered stays so. Its host is refused instead of being given a new
// identity: Amazon's agent overlooks the ARN in the answer when it has one of its own, comes back as the old instance and leaves a
// new one behind at each start. The ClientException makes it end for good (agent-protocol.md 3).
func RegisterInstance(tx *state.Tx, in RegisterInstanceInput) (*ecs.Instance, error) {
	if in.Cluster == ecs.DefaultCluster {
		if err := EnsureDefaultCluster(tx); err != nil {
			return nil, err
		}
	}
	if _, err := ActiveCluster(tx.View, in.Cluster); err != nil {
		return nil, err
	}
	old, err := knownInstance(tx, in)
	if err != nil {
		return nil, err
	}
	in.Attributes = slices.Clone(in.Attributes)
	for k := range in.Attributes {
		in.Attributes[k] = normalAttribute(in.Attributes[k])
	}
	i := newInstance(tx, in)
	if old != nil {
		i = renewed(old, in)
	}
	if _, named := i.Attribute(zoneAttribute); !named && in.DefaultZone != "" {
		i.Attributes = append(i.Attributes, ecs.Attribute{Name: zoneAttribute, Value: in.DefaultZone})
	}
	tx.PutInstance(i)
	return i, nil
}

const zoneAttribute = "ecs.availability-zone"

// identity is what the id of an instance looks like: 32 hex digits, or a UUID of old.
var identity = regexp.MustCompile(`^[0-9a-f]{32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// knownInstance finds the record a registration is about, by identity or, for a first registration that is repeated because its
// answer was lost, by client token.
func knownInstance(tx *state.Tx, in RegisterInstanceInput) (*ecs.Instance, error) {
	old := tx.InstanceByID(in.ID)
	switch {
	case in.ID != "" && !identity.MatchString(string(in.ID)):
		return nil, ecs.InvalidParameterf("Invalid identifier: %s does not identify a container instance.", in.ID)
	case in.ID != "" && old == nil:
		return nil, nil
	case in.ID == "":
		if old = instanceOfToken(tx, in.Cluster, in.ClientToken); old == nil {
			return nil, nil
		}
	case old.Status == ecs.InstanceInactive:
		return nil, ecs.ClientErrorf("Container instance %s was deregistered. Its host joins as a new one when the agent's data is removed.", in.ID)
	case old.Cluster != in.Cluster:
		return nil, ecs.ClientErrorf("Container instance %s is registered in cluster %s.", in.ID, old.Cluster)
	}
	if owner := tx.AccessKey(old.Owner); owner != nil && owner.RevokedAt != 0 {
		return old, nil // the host got a new key: the old one can do nothing any more
	}
	return old, owns(old, in.By)
}

func instanceOfToken(tx *state.Tx, cluster, token string) *ecs.Instance {
	var found *ecs.Instance
	if token == "" {
		return nil
	}
	tx.ScanInstances(cluster, "", func(i *ecs.Instance) bool {
		if i.ClientToken == token && i.Status != ecs.InstanceInactive {
			found = i
		}
		return found == nil
	})
	return found
}

// newInstance keeps the identity a host brings.
func newInstance(tx *state.Tx, in RegisterInstanceInput) *ecs.Instance {
	i := &ecs.Instance{
		ID: in.ID, Cluster: in.Cluster, Status: ecs.InstanceActive, RegisteredAt: tx.Now(), Version: 1,
		EC2InstanceID: in.EC2InstanceID, ClientToken: in.ClientToken, Owner: in.By.KeyID,
		CPUUnits: in.CPUUnits, MemoryMiB: in.MemoryMiB, ReservedPorts: in.ReservedPorts, GPUIDs: in.GPUIDs, Custom: in.Custom,
		Attributes: in.Attributes, Tags: in.Tags, VersionInfo: in.Version,
	}
	if in.ID == "" {
		i.ID = ecs.InstanceID(tx.NewID())
	}
	return i
}

// renewed is a known instance with what its host says of itself now.
func renewed(old *ecs.Instance, in RegisterInstanceInput) *ecs.Instance {
	i := *old
	if in.By.Agent {
		i.Owner = in.By.KeyID
	}
	i.CPUUnits, i.MemoryMiB = in.CPUUnits, in.MemoryMiB
	i.ReservedPorts, i.GPUIDs, i.Custom = in.ReservedPorts, in.GPUIDs, in.Custom
	i.Attributes = mergeAttributes(old, in.Attributes)
	if in.Version != (ecs.VersionInfo{}) {
		i.VersionInfo = in.Version
	}
	if len(in.Tags) > 0 {
		i.Tags = in.Tags
	}
	i.Version++
	return &i
}

// mergeAttributes takes the attributes just sent and keeps, of the old ones, those an agent does not announce by itself, and the
// values of those that PutAttributes set.
func mergeAttributes(old *ecs.Instance, sent []ecs.Attribute) []ecs.Attribute {
	out := slices.Clone(sent)
	for _, a := range old.Attributes {
		resent := slices.ContainsFunc(sent, func(s ecs.Attribute) bool { return s.Name == a.Name })
		if !announced(a.Name) && !resent || slices.Contains(old.PutNames, a.Name) {
			out = withAttribute(out, a)
		}
	}
	return out
}

// DeregisterInstanceInput names an instance to give up.
type DeregisterInstanceInput struct {
	Cluster string
	ID      ecs.InstanceID
	Force   bool
	By      Caller
}

// DeregisterInstance makes an instance INACTIVE.
//
// ECS: refused while tasks run, unless forced; then the containers go on running on the host and the tasks are STOPPED in the
// books (features.md B2.6, semantics.md 2.8).
func DeregisterInstance(tx *state.Tx, in DeregisterInstanceInput) (*ecs.Instance, error) {
	if _, err := ActiveCluster(tx.View, in.Cluster); err != nil {
		return nil, err
	}
	i, err := OwnInstance(tx.View, in.Cluster, in.ID, in.By)
	if err != nil {
		return nil, err
	}
	if i.Status == ecs.InstanceInactive {
		return nil, ecs.ClientErrorf("The referenced container instance was inactive.")
	}
	if tx.Usage(i.ID).Tasks > 0 {
		if !in.Force {
			return nil, ecs.InvalidParameterf("Found running tasks on the instance.")
		}
		orphanTasks(tx, i)
	}
	gone := *i
	gone.Status, gone.InactiveAt, gone.AgentConnected = ecs.InstanceInactive, tx.Now(), false
	gone.Version++
	tx.PutInstance(&gone)
	return &gone, nil
}

func orphanTasks(tx *state.Tx, i *ecs.Instance) {
	var tasks []*ecs.Task
	tx.ScanTasksOfInstance(i, "", func(t *ecs.Task) bool {
		if t.LastStatus != ecs.StatusStopped {
			tasks = append(tasks, t)
		}
		return true
	})
	for _, t := range tasks {
		n, now := *t, moment(t, tx.Now())
		if n.DesiredStatus != ecs.StatusStopped {
			stopping(&n, now, "", "Container instance deregistration forced by user")
		}
		n.LastStatus, n.StoppedAt = ecs.StatusStopped, now
		n.Connectivity, n.PendingReason, n.Tags = ecs.Disconnected, "", nil
		n.Version++
		tx.PutTask(&n)
	}
}

// UpdateInstanceStateInput moves one instance between ACTIVE and DRAINING.
type UpdateInstanceStateInput struct {
	Cluster string
	ID      ecs.InstanceID
	Status  ecs.InstanceStatus
	By      Caller
}

// UpdateInstanceState moves an instance between ACTIVE and DRAINING. It returns nil when the cluster has no such instance or it is
// INACTIVE: ECS reports that as a failure of the item (semantics.md 1.4).
func UpdateInstanceState(tx *state.Tx, in UpdateInstanceStateInput) (*ecs.Instance, error) {
	if in.Status != ecs.InstanceActive && in.Status != ecs.InstanceDraining {
		return nil, ecs.InvalidParameterf("Container instance status should be one of [ACTIVE, DRAINING]")
	}
	i := tx.Instance(in.Cluster, in.ID)
	if i == nil || i.Status == ecs.InstanceInactive {
		return nil, nil
	}
	if err := owns(i, in.By); err != nil {
		return nil, err
	}
	if i.Status == in.Status {
		return i, nil
	}
	n := *i
	n.Status = in.Status
	n.Version++
	tx.PutInstance(&n)
	return &n, nil
}

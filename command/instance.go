package command

import (
	"slices"
	"strings"

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
// restored from a backup finds its hosts again; one that was deregistered stays so and the host gets a new one.
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
	i := newInstance(tx, in, old)
	tx.PutInstance(i)
	return i, nil
}

// knownInstance finds the record a registration is about, by identity or, for a retried first registration, by client token.
func knownInstance(tx *state.Tx, in RegisterInstanceInput) (*ecs.Instance, error) {
	if in.ID != "" {
		old := tx.InstanceByID(in.ID)
		if old == nil || old.Status == ecs.InstanceInactive {
			return nil, nil
		}
		if old.Cluster != in.Cluster {
			return nil, ecs.ClientErrorf("Container instance %s is registered in cluster %s.", in.ID, old.Cluster)
		}
		return old, owns(old, in.By)
	}
	if in.ClientToken == "" {
		return nil, nil
	}
	var found *ecs.Instance
	tx.ScanInstances(in.Cluster, "", func(i *ecs.Instance) bool {
		if i.ClientToken == in.ClientToken && i.Status != ecs.InstanceInactive {
			found = i
		}
		return found == nil
	})
	if found == nil {
		return nil, nil
	}
	return found, owns(found, in.By)
}

func newInstance(tx *state.Tx, in RegisterInstanceInput, old *ecs.Instance) *ecs.Instance {
	i := &ecs.Instance{
		ID: in.ID, Cluster: in.Cluster, Status: ecs.InstanceActive, RegisteredAt: tx.Now(), Version: 1,
		EC2InstanceID: in.EC2InstanceID, ClientToken: in.ClientToken, Owner: in.By.KeyID,
		CPUUnits: in.CPUUnits, MemoryMiB: in.MemoryMiB, ReservedPorts: in.ReservedPorts, GPUIDs: in.GPUIDs, Custom: in.Custom,
		Attributes: slices.Clone(in.Attributes), Tags: in.Tags, VersionInfo: in.Version,
	}
	if old != nil {
		kept := *old
		kept.CPUUnits, kept.MemoryMiB = in.CPUUnits, in.MemoryMiB
		kept.ReservedPorts, kept.GPUIDs, kept.Custom = in.ReservedPorts, in.GPUIDs, in.Custom
		kept.Attributes = mergeAttributes(old.Attributes, in.Attributes)
		if in.Version != (ecs.VersionInfo{}) {
			kept.VersionInfo = in.Version
		}
		if len(in.Tags) > 0 {
			kept.Tags = in.Tags
		}
		kept.Version++
		i = &kept
	}
	if known := tx.InstanceByID(in.ID); i.ID == "" || known != nil && known.Status == ecs.InstanceInactive {
		i.ID = ecs.InstanceID(tx.NewID())
	}
	if i.Zone() == "" {
		i.Attributes = append(i.Attributes, ecs.Attribute{Name: "ecs.availability-zone", Value: in.DefaultZone})
	}
	return i
}

// mergeAttributes takes the attributes just sent and keeps, of the old ones, those an agent does not announce by itself.
func mergeAttributes(old, sent []ecs.Attribute) []ecs.Attribute {
	out := slices.Clone(sent)
	for _, a := range old {
		announced := strings.HasPrefix(a.Name, "ecs.capability.") || strings.HasPrefix(a.Name, "com.amazonaws.ecs.capability.")
		resent := slices.ContainsFunc(sent, func(s ecs.Attribute) bool { return s.Name == a.Name })
		if !announced && !resent {
			out = append(out, a)
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
		n := *t
		if n.DesiredStatus != ecs.StatusStopped {
			n.DesiredStatus, n.StoppingAt = ecs.StatusStopped, tx.Now()
			n.StoppedReason = "Container instance deregistration forced by user"
		}
		n.LastStatus, n.StoppedAt = ecs.StatusStopped, tx.Now()
		n.Connectivity, n.Tags = ecs.Disconnected, nil
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

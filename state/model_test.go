package state

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"berth/ecs"
)

// model is the state as plain maps: what the tables must equal, and what the indexes are recounted from.
type model struct {
	clusters    map[string]*ecs.Cluster
	definitions map[string]*ecs.TaskDefinition
	families    map[string]*ecs.Family
	instances   map[string]*ecs.Instance
	tasks       map[string]*ecs.Task
	keys        map[string]*ecs.AccessKey
	providers   map[string]*ecs.CapacityProvider
}

func newModel() *model {
	return &model{
		map[string]*ecs.Cluster{}, map[string]*ecs.TaskDefinition{}, map[string]*ecs.Family{},
		map[string]*ecs.Instance{}, map[string]*ecs.Task{}, map[string]*ecs.AccessKey{},
		map[string]*ecs.CapacityProvider{},
	}
}

func (m *model) clone() *model {
	c := newModel()
	copyInto(c.clusters, m.clusters)
	copyInto(c.definitions, m.definitions)
	copyInto(c.families, m.families)
	copyInto(c.instances, m.instances)
	copyInto(c.tasks, m.tasks)
	copyInto(c.keys, m.keys)
	copyInto(c.providers, m.providers)
	return c
}

func copyInto[T any](dst, src map[string]*T) {
	for k, v := range src {
		dst[k] = v
	}
}

func sorted[T any](m map[string]*T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// describe lists everything the model implies: records by identity, index entries, usage and counts, by plain recount.
func (m *model) describe() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for k, r := range m.clusters {
		add("cluster %s %p", k, r)
	}
	for k, r := range m.families {
		add("family %s %p", k, r)
	}
	for k, r := range m.keys {
		add("key %s %p", k, r)
	}
	for k, r := range m.providers {
		add("provider %s %p", k, r)
	}
	for k, r := range m.definitions {
		add("definition %s %p", k, r)
		if r.Status == ecs.TaskDefinitionActive {
			add("active %s %s", r.Family, k)
		}
	}
	counts, usage := map[string]*Counts{}, map[string]*Usage{}
	ofProvider, shares := map[string]*int{}, map[string]*int{}
	for k, r := range m.instances {
		add("instance %s %p", k, r)
		add("id %s %p", r.ID, r)
		if r.Status == ecs.InstanceInactive {
			add("inactive %d %s", r.InactiveAt, k)
		} else {
			entryOf(counts, r.Cluster).Instances++
		}
	}
	for _, k := range sorted(m.tasks) {
		r := m.tasks[k]
		add("task %s %p", k, r)
		if r.Instance != "" {
			add("on %s %s %s", r.Instance, r.Cluster, r.ID)
		}
		add("of %s %s %s", r.Cluster, r.Family, r.ID)
		add("in %s %s %s", r.Cluster, r.Group, r.ID)
		if r.StartedBy != "" {
			add("by %s %s %s", r.Cluster, r.StartedBy, r.ID)
		}
		if r.LastStatus == ecs.StatusStopped {
			add("stopped %d %s", r.StoppedAt, k)
			continue
		}
		if r.CapacityProvider != "" {
			*entryOf(ofProvider, r.Cluster+"/"+r.CapacityProvider)++
			if r.DesiredStatus == ecs.StatusRunning {
				*entryOf(shares, r.Cluster+"/"+r.CapacityProvider+"/"+r.StrategyDigest+"/"+r.Group)++
			}
			if r.Waiting != nil {
				add("waiting %s %s %d %s", r.Cluster, r.CapacityProvider, r.CreatedAt, r.ID)
			}
		}
		recount(r, entryOf(counts, r.Cluster), entryOf(usage, string(r.Instance)))
	}
	for k, n := range ofProvider {
		add("of provider %s %d", k, *n)
	}
	for k, n := range shares {
		add("share %s %d", k, *n)
	}
	for k, c := range counts {
		add("counts %s %v", k, *c)
	}
	for k, u := range usage {
		if k != "" {
			slices.SortFunc(u.Ports, ComparePorts)
			u.Groups = summed(u.Groups)
			add("usage %s %v", k, *u)
		}
	}
	slices.Sort(out)
	return out
}

// summed adds up the entries of the same group.
func summed(all []GroupTasks) []GroupTasks {
	tasks := map[string]*int{}
	for _, g := range all {
		*entryOf(tasks, g.Group) += g.Tasks
	}
	var out []GroupTasks
	for _, group := range sorted(tasks) {
		out = append(out, GroupTasks{group, *tasks[group]})
	}
	return out
}

func entryOf[T any](m map[string]*T, key string) *T {
	if m[key] == nil {
		m[key] = new(T)
	}
	return m[key]
}

// recount adds one task that is not STOPPED to its cluster and instance, as semantics.md 2.1 and 4.3 say.
func recount(t *ecs.Task, c *Counts, u *Usage) {
	c.Tasks++
	u.Tasks++
	if t.Waiting != nil {
		c.Waiting++
	}
	if t.DesiredStatus != ecs.StatusRunning {
		return
	}
	u.CPUUnits += t.Reserved.CPUUnits
	u.MemoryMiB += t.Reserved.MemoryMiB
	u.GPUs += t.Reserved.GPUs
	u.Ports = append(u.Ports, t.Reserved.Ports...)
	u.Groups = append(u.Groups, GroupTasks{t.Group, 1})
	var per *PerLaunchType
	switch t.LastStatus {
	case ecs.StatusRunning:
		per = &c.Running
		u.Running++
	case ecs.StatusPending:
		per = &c.Pending
		u.Pending++
	default:
		return
	}
	switch t.LaunchType {
	case ecs.LaunchExternal:
		per.External++
	case ecs.LaunchFargate:
		per.Fargate++
	default:
		per.EC2++
	}
}

// describeView lists what a view holds, in the words of the model.
func describeView(v *View) []string {
	var out []string
	add := func(format string, args ...any) bool { out = append(out, fmt.Sprintf(format, args...)); return true }
	v.clusters.Scan(func(k string, r *ecs.Cluster) bool { return add("cluster %s %p", k, r) })
	v.families.Scan(func(k string, r *ecs.Family) bool { return add("family %s %p", k, r) })
	v.accessKeys.Scan(func(k string, r *ecs.AccessKey) bool { return add("key %s %p", k, r) })
	v.definitions.Scan(func(k string, r *ecs.TaskDefinition) bool { return add("definition %s %p", k, r) })
	v.instances.Scan(func(k string, r *ecs.Instance) bool { return add("instance %s %p", k, r) })
	v.tasks.Scan(func(k string, r *ecs.Task) bool { return add("task %s %p", k, r) })
	v.instanceByID.Scan(func(k string, r *ecs.Instance) bool { return add("id %s %p", k, r) })
	v.activeRevisions.each(func(a, b, id string) bool { return add("active %s %s", a, id) })
	v.tasksByInstance.each(func(a, b, id string) bool { return add("on %s %s %s", a, b, id) })
	v.tasksByFamily.each(func(a, b, id string) bool { return add("of %s %s %s", a, b, id) })
	v.tasksByGroup.each(func(a, b, id string) bool { return add("in %s %s %s", a, b, id) })
	v.tasksByStarter.each(func(a, b, id string) bool { return add("by %s %s %s", a, b, id) })
	v.stoppedTasks.Scan(func(e ended) bool { return add("stopped %d %s", e.at, e.key) })
	v.inactiveInstance.Scan(func(e ended) bool { return add("inactive %d %s", e.at, e.key) })
	v.providers.Scan(func(k string, r *ecs.CapacityProvider) bool { return add("provider %s %p", k, r) })
	v.capacity.waiting.Scan(func(q queued) bool { return add("waiting %s %s %d %s", q.cluster, q.provider, q.at, q.id) })
	v.capacity.tasks.Scan(func(k string, n int) bool { return add("of provider %s %d", k, n) })
	v.capacity.shares.Scan(func(k string, n int) bool { return add("share %s %d", k, n) })
	v.counts.Scan(func(k string, c *Counts) bool { return add("counts %s %v", k, *c) })
	v.usage.Scan(func(k string, u *Usage) bool { return add("usage %s %v", k, *u) })
	slices.Sort(out)
	return out
}

func compare(t interface{ Fatalf(string, ...any) }, what string, got, want []string) {
	if slices.Equal(got, want) {
		return
	}
	var extra, missing []string
	for _, s := range got {
		if !slices.Contains(want, s) {
			extra = append(extra, s)
		}
	}
	for _, s := range want {
		if !slices.Contains(got, s) {
			missing = append(missing, s)
		}
	}
	t.Fatalf("%s differs from the recount\nextra:\n  %s\nmissing:\n  %s", what, strings.Join(extra, "\n  "), strings.Join(missing, "\n  "))
}

// step makes one random write in both.
func (m *model) step(t *rapid.T, tx *Tx) {
	switch rapid.IntRange(0, 9).Draw(t, "write") {
	case 0:
		r := drawCluster(t)
		m.clusters[r.Name] = r
		tx.PutCluster(r)
	case 1:
		r := drawCluster(t)
		delete(m.clusters, r.Name)
		tx.DeleteCluster(r)
	case 2:
		r := drawDefinition(t)
		m.definitions[TaskDefinitionKey(r.Family, r.Revision)] = r
		tx.PutTaskDefinition(r)
	case 3:
		r := &ecs.Family{Name: rapid.SampledFrom(families).Draw(t, "family")}
		m.families[r.Name] = r
		tx.PutFamily(r)
		k := &ecs.AccessKey{ID: "key" + r.Name, SealedSecret: []byte{1, 2}}
		m.keys[k.ID] = k
		tx.PutAccessKey(k)
		p := &ecs.CapacityProvider{Name: "cp" + r.Name}
		m.providers[p.Name] = p
		tx.PutCapacityProvider(p)
	case 4, 5:
		r := drawInstance(t)
		m.instances[InstanceKey(r.Cluster, r.ID)] = r
		tx.PutInstance(r)
	case 6:
		r := drawInstance(t)
		delete(m.instances, InstanceKey(r.Cluster, r.ID))
		tx.DeleteInstance(r)
	case 7:
		r := drawTask(t) // often not the record that is there: what counts is the key
		delete(m.tasks, TaskKey(r.Cluster, r.ID))
		tx.DeleteTask(r)
	default:
		r := drawTask(t)
		m.tasks[TaskKey(r.Cluster, r.ID)] = r
		tx.PutTask(r)
	}
}

// TestTheViewAgreesWithARecount runs random commands, some of them rolled back, with several on one Tx as the commit loop does,
// and holds tables, indexes, usage and every earlier snapshot against the model.
func TestTheViewAgreesWithARecount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, m := NewView(), newModel()
		tx := v.Begin(1, func() string { return "" })
		type frozen struct {
			snapshot *Snapshot
			want     []string
		}
		var snapshots []frozen
		replica := NewView()
		for revision := range rapid.IntRange(1, 12).Draw(t, "commands") {
			tx.Next(ecs.Time(revision))
			attempt := m.clone()
			for range rapid.IntRange(0, 6).Draw(t, "writes") {
				attempt.step(t, tx)
			}
			if rapid.IntRange(0, 2).Draw(t, "fate") == 0 {
				tx.Rollback()
				if len(tx.Changes()) != 0 {
					t.Fatalf("a rolled back command still lists changes")
				}
			} else {
				m = attempt
			}
			compare(t, "the view", describeView(v), m.describe())
			if rapid.Bool().Draw(t, "freeze") {
				s := v.Freeze(uint64(revision))
				snapshots = append(snapshots, frozen{s, m.describe()})
				replica.Apply(withoutOld(tx.Take()))
				compare(t, "a replica", describeView(replica), m.describe())
			}
		}
		for i, f := range snapshots {
			compare(t, fmt.Sprint("snapshot ", i), describeView(f.snapshot), f.want)
		}
	})
}

// withoutOld is what a follower gets: the new records only.
func withoutOld(changes []Change) []Change {
	for i := range changes {
		changes[i].Old = nil
	}
	return changes
}

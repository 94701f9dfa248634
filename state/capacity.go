package state

import (
	"strings"

	"github.com/tidwall/btree"

	"berth/ecs"
)

// queued is a waiting task in its queue: those of one provider stand together, the oldest first.
type queued struct {
	cluster, provider string
	at                ecs.Time
	id                ecs.TaskID
}

func queuedLess(x, y queued) bool {
	if c := strings.Compare(x.cluster, y.cluster); c != 0 {
		return c < 0
	}
	if c := strings.Compare(x.provider, y.provider); c != 0 {
		return c < 0
	}
	if x.at != y.at {
		return x.at < y.at
	}
	return x.id < y.id
}

// capacity is what follows from the tasks of capacity providers.
type capacity struct {
	waiting *btree.BTreeG[queued]
	// tasks counts the tasks of a provider that are not STOPPED; shares counts the active ones of one group and strategy.
	tasks  btree.Map[string, int]
	shares btree.Map[string, int]
}

func newCapacity() capacity {
	return capacity{waiting: btree.NewBTreeGOptions(queuedLess, btree.Options{NoLocks: true, Degree: indexDegree})}
}

func (c *capacity) copy() capacity {
	return capacity{waiting: c.waiting.Copy(), tasks: *c.tasks.Copy(), shares: *c.shares.Copy()}
}

func providerKey(cluster, provider string) string { return cluster + "/" + provider }

// shareKey has separators that sort before every character of a name; a group may hold any character.
func shareKey(cluster, provider, strategy, group string) string {
	return cluster + "/" + provider + "/" + strategy + "/" + group
}

// set replaces one task by another; nil is absence.
func (c *capacity) set(before, after *ecs.Task) {
	if before != nil && before.CapacityProvider != "" {
		c.count(before, -1)
	}
	if after != nil && after.CapacityProvider != "" {
		c.count(after, 1)
	}
}

func (c *capacity) count(t *ecs.Task, sign int) {
	if t.LastStatus != ecs.StatusStopped {
		bump(&c.tasks, providerKey(t.Cluster, t.CapacityProvider), sign)
	}
	if t.Active() {
		bump(&c.shares, shareKey(t.Cluster, t.CapacityProvider, t.StrategyDigest, t.Group), sign)
	}
	if t.Waiting == nil {
		return
	}
	q := queued{t.Cluster, t.CapacityProvider, t.CreatedAt, t.ID}
	if sign > 0 {
		c.waiting.Set(q)
	} else {
		c.waiting.Delete(q)
	}
}

// bump keeps no entry for zero.
func bump(m *btree.Map[string, int], key string, by int) {
	n, _ := m.Get(key)
	if n+by == 0 {
		m.Delete(key)
		return
	}
	m.Set(key, n+by)
}

// CapacityProvider returns a provider that has a record, INACTIVE ones too; nil when there is none. FARGATE and FARGATE_SPOT have
// none.
func (v *View) CapacityProvider(name string) *ecs.CapacityProvider {
	p, _ := v.providers.Get(name)
	return p
}

// ScanCapacityProviders calls fn with the providers whose names come after the given one, in order, INACTIVE ones too, until fn
// returns false.
func (v *View) ScanCapacityProviders(after string, fn func(*ecs.CapacityProvider) bool) {
	v.providers.Ascend(after, func(k string, p *ecs.CapacityProvider) bool { return k == after && after != "" || fn(p) })
}

// ProviderOf returns the capacity provider an instance belongs to: the one of its cluster that has its machine group. nil when
// there is none.
func (v *View) ProviderOf(i *ecs.Instance) *ecs.CapacityProvider {
	if _, grouped := i.Attribute(ecs.GroupAttribute); !grouped {
		return nil
	}
	c := v.Cluster(i.Cluster)
	if c == nil {
		return nil
	}
	for _, name := range c.CapacityProviders {
		if p := v.CapacityProvider(name); p != nil && p.Cluster == i.Cluster && p.Has(i) {
			return p
		}
	}
	return nil
}

// ScanInstancesOf calls fn with the instances of a provider in its cluster, in order of id, INACTIVE ones too, until fn returns
// false. There are none while no cluster is associated.
func (v *View) ScanInstancesOf(p *ecs.CapacityProvider, fn func(*ecs.Instance) bool) {
	if p.Cluster == "" {
		return
	}
	v.ScanInstances(p.Cluster, "", func(i *ecs.Instance) bool { return !p.Has(i) || fn(i) })
}

// ProviderTasks is the number of a cluster's tasks that came by a provider and are not STOPPED.
func (v *View) ProviderTasks(cluster, provider string) int {
	n, _ := v.capacity.tasks.Get(providerKey(cluster, provider))
	return n
}

// StrategyTasks is the number of active tasks of a group that a strategy gave to a provider.
func (v *View) StrategyTasks(cluster, provider, strategy, group string) int {
	n, _ := v.capacity.shares.Get(shareKey(cluster, provider, strategy, group))
	return n
}

// ScanWaiting calls fn with the tasks that wait for a provider's capacity, the oldest first, until fn returns false.
func (v *View) ScanWaiting(cluster, provider string, fn func(*ecs.Task) bool) {
	v.capacity.waiting.Ascend(queued{cluster: cluster, provider: provider}, func(q queued) bool {
		return q.cluster == cluster && q.provider == provider && fn(v.Task(cluster, q.id))
	})
}

// ScanAllWaiting calls fn with every task that waits for capacity, by cluster, provider and age, until fn returns false.
func (v *View) ScanAllWaiting(fn func(*ecs.Task) bool) {
	v.capacity.waiting.Scan(func(q queued) bool { return fn(v.Task(q.cluster, q.id)) })
}

// Waiting is the number of tasks that wait for capacity, in all clusters.
func (v *View) Waiting() int { return v.capacity.waiting.Len() }

package command

import (
	"slices"

	"berth/ecs"
	"berth/placement"
	"berth/state"
)

// maxWaiting is how many tasks of a cluster may wait for capacity (semantics.md 5.14).
const maxWaiting = 500

// providerRun is a RunTask whose tasks go to capacity providers.
type providerRun struct {
	tx       *state.Tx
	in       *RunTaskInput
	def      *ecs.TaskDefinition
	request  *placement.Request
	strategy string
	full     map[string]bool // providers that turned a task away; they take no other of this run
	out      StartedTasks
}

// runByStrategy splits the tasks over the providers of a strategy, counting those of the same group and strategy that are there
// already (semantics.md 5.14: the split is made anew at each start), and places each on its provider's instances.
//
// ECS: a task that finds no room waits in PROVISIONING when its provider has managed scaling, and fails at once when not.
func runByStrategy(tx *state.Tx, in *RunTaskInput, def *ecs.TaskDefinition, request *placement.Request, items []ecs.StrategyItem) (StartedTasks, error) {
	r := providerRun{tx: tx, in: in, def: def, request: request, strategy: strategyDigest(items), full: map[string]bool{}}
	have := make([]int, len(items))
	for k, item := range items {
		have[k] = tx.StrategyTasks(in.Cluster, item.Provider, r.strategy, in.Group)
	}
	for _, k := range placement.Split(items, have, in.Count) {
		if err := r.start(tx.CapacityProvider(items[k].Provider)); err != nil {
			return StartedTasks{}, err
		}
		request.Seed++
	}
	if len(r.out.Tasks) == 0 && len(r.out.Failures) == 0 {
		return StartedTasks{}, ecs.InvalidParameterf("No Container Instances were found in your capacity provider.")
	}
	return r.out, nil
}

// start gives a provider one task.
func (r *providerRun) start(p *ecs.CapacityProvider) error {
	if r.full[p.Name] {
		return nil
	}
	request := placement.OnProvider(r.request, p)
	if i := placement.Choose(r.tx.View, request); i != nil {
		r.add(p, i, nil)
		return nil
	}
	if p.Scaling.Enabled {
		return r.wait(p)
	}
	r.full[p.Name] = true
	rejected := placement.ProviderRejections(r.tx.View, request, p)
	if len(rejected) == 0 {
		r.out.EmptyProviders = append(r.out.EmptyProviders, p.Name)
	}
	r.out.Failures = append(r.out.Failures, unplaced(rejected, 0, 0)...)
	return nil
}

// wait accepts a task that has no place yet.
func (r *providerRun) wait(p *ecs.CapacityProvider) error {
	if r.tx.Counts(r.in.Cluster).Waiting >= maxWaiting {
		return ecs.ClientErrorf("Tasks provisioning capacity limit exceeded.")
	}
	w := &ecs.Waiting{
		Attributes: r.request.Attributes, Seed: r.request.Seed,
		Constraints: slices.Concat(r.def.PlacementConstraints, r.in.Constraints),
	}
	for _, s := range r.in.Strategies {
		w.Strategies = append(w.Strategies, ecs.PlacementStrategy{Type: string(s.Type), Field: s.Field})
	}
	r.add(p, &ecs.Instance{}, w)
	return nil
}

func (r *providerRun) add(p *ecs.CapacityProvider, i *ecs.Instance, w *ecs.Waiting) {
	t := newTask(r.tx, &r.in.TaskSpec, r.def, i, r.request.Needs)
	t.ClientToken, t.RequestDigest = r.in.ClientToken, r.in.RequestDigest
	t.CapacityProvider, t.StrategyDigest = p.Name, r.strategy
	if w != nil {
		t.Waiting, t.LastStatus, t.Connectivity, t.ConnectivityAt = w, ecs.StatusProvisioning, "", 0
	}
	r.tx.PutTask(t)
	r.out.Tasks = append(r.out.Tasks, t)
}

// PlaceWaitingInput names a queue of waiting tasks.
type PlaceWaitingInput struct {
	Cluster, Provider string
	// Max is how many tasks may be placed.
	Max int
}

// PlaceWaiting gives instances to the tasks that wait for a provider's capacity, the oldest first; one that does not fit holds up
// none that does. It returns how many it placed.
func PlaceWaiting(tx *state.Tx, in PlaceWaitingInput) (int, error) {
	p := tx.CapacityProvider(in.Provider)
	if p == nil {
		return 0, nil
	}
	var queue []*ecs.Task
	tx.ScanWaiting(in.Cluster, in.Provider, func(t *ecs.Task) bool { queue = append(queue, t); return true })
	placed, hopeless := 0, map[string]bool{}
	for _, t := range queue {
		same := placement.SameWait(t)
		if placed == in.Max || hopeless[same] {
			continue
		}
		request, err := placement.WaitingRequest(t, p)
		if err != nil {
			return placed, err
		}
		i := placement.Choose(tx.View, request)
		if i == nil {
			hopeless[same] = true
			continue
		}
		tx.PutTask(settled(tx, t, i))
		placed++
	}
	return placed, nil
}

// settled is a waiting task with its instance.
func settled(tx *state.Tx, t *ecs.Task, i *ecs.Instance) *ecs.Task {
	n := *t
	n.Waiting, n.Instance, n.Zone, n.LastStatus = nil, i.ID, i.Zone(), ecs.StatusPending
	n.Connectivity, n.ConnectivityAt = ecs.Connected, tx.Now()
	if i.External() {
		n.LaunchType = ecs.LaunchExternal
	}
	n.Version++
	return &n
}

// WaitedTask names a task that has waited long enough.
type WaitedTask struct {
	Cluster string
	ID      ecs.TaskID
	// Reason is why it found no place, such as RESOURCE:CPU.
	Reason string
}

// GiveUpWaiting stops tasks that found no capacity in time. One that waits no longer is left alone.
//
// ECS: stopCode TaskFailedToStart with the reason of the placement (semantics.md 1.4, 5.14).
func GiveUpWaiting(tx *state.Tx, tasks []WaitedTask) error {
	for _, w := range tasks {
		if t := tx.Task(w.Cluster, w.ID); t != nil && t.Waiting != nil {
			tx.PutTask(stoppedWaiting(t, tx.Now(), ecs.StopTaskFailedToStart, w.Reason))
		}
	}
	return nil
}

// stoppedWaiting is a waiting task that stopped: no agent has anything to do with it.
func stoppedWaiting(t *ecs.Task, now ecs.Time, code ecs.StopCode, reason string) *ecs.Task {
	n := *t
	now = moment(t, now)
	n.Containers = slices.Clone(t.Containers)
	stopping(&n, now, code, reason)
	n.Waiting, n.LastStatus = nil, ecs.StatusStopped
	finish(&n, now)
	n.Version++
	return &n
}

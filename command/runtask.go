package command

import (
	"slices"
	"strconv"

	"berth/ecs"
	"berth/placement"
	"berth/state"
)

// TaskSpec is what RunTask and StartTask have in common: one definition and how its tasks differ from it.
type TaskSpec struct {
	Cluster string
	// Family and Revision name the definition; revision 0 means the newest ACTIVE one.
	Family      string
	Revision    int32
	Group       string
	StartedBy   string
	ReferenceID string
	Overrides   *ecs.TaskOverride
	Tags        []ecs.Tag
	// PropagateTags copies the definition's tags; ManagedTags adds aws:ecs:clusterName (semantics.md 5.15).
	PropagateTags        bool
	ManagedTags          bool
	EnableExecuteCommand bool
	// HasNetworkConfiguration is whether awsvpc settings came with the request.
	HasNetworkConfiguration bool
}

// RunTaskInput asks for tasks wherever there is room.
type RunTaskInput struct {
	TaskSpec
	Count      int
	LaunchType ecs.LaunchType
	// ProviderStrategy names capacity providers; empty leaves it to the launch type, or to the cluster's default strategy.
	ProviderStrategy []ecs.StrategyItem
	Constraints      []ecs.PlacementConstraint
	Strategies       []placement.Strategy
	// ClientToken makes the call idempotent; RequestDigest tells whether a repetition asks for the same.
	ClientToken, RequestDigest string
	// Realm is for the ARNs of a conflict.
	Realm ecs.Realm
}

// StartTaskInput asks for one task on each named instance.
type StartTaskInput struct {
	TaskSpec
	Instances []ecs.InstanceID
}

// TaskFailure is an instance that did not get a task, and why.
type TaskFailure struct {
	Instance ecs.InstanceID
	Reason   string
	Detail   string
}

// StartedTasks are the tasks that were placed and what was not.
type StartedTasks struct {
	Tasks    []*ecs.Task
	Failures []TaskFailure
	// EmptyProviders are capacity providers that should have taken tasks and have no ACTIVE instance.
	EmptyProviders []string
}

// RunTask places up to Count tasks, one after the other; what was placed stays when the rest does not fit (semantics.md 4.3).
//
// ECS: the definition is looked up before the cluster (semantics.md 11.33); a cluster without an ACTIVE instance is an exception,
// a full one is a list of failures (semantics.md 1.3, 1.4).
func RunTask(tx *state.Tx, in RunTaskInput) (StartedTasks, error) {
	def, err := prepare(tx, &in.TaskSpec)
	if err != nil {
		return StartedTasks{}, err
	}
	if again, found, err := repeatedRun(tx, &in, in.Realm); found || err != nil {
		return again, err
	}
	req, err := in.placementRequest(def)
	if err != nil {
		return StartedTasks{}, err
	}
	req.Seed = seed(tx)
	if items, err := strategyOf(tx.View, &in, def); items != nil || err != nil {
		if err != nil {
			return StartedTasks{}, err
		}
		return runByStrategy(tx, &in, def, req, items)
	}
	var out StartedTasks
	for range in.Count {
		i, rejected := placement.Place(tx.View, req)
		if i == nil {
			if len(rejected) == 0 {
				return StartedTasks{}, ecs.InvalidParameterf("No Container Instances were found in your cluster.")
			}
			out.Failures = unplaced(rejected, len(out.Tasks), in.Count-len(out.Tasks))
			break
		}
		t := newTask(tx, &in.TaskSpec, def, i, req.Needs)
		t.ClientToken, t.RequestDigest = in.ClientToken, in.RequestDigest
		tx.PutTask(t)
		out.Tasks = append(out.Tasks, t)
		req.Seed++
	}
	return out, nil
}

// StartTask puts one task on each named instance; strategies and constraints do not apply, resources do (semantics.md 4.3).
func StartTask(tx *state.Tx, in StartTaskInput) (StartedTasks, error) {
	def, err := prepare(tx, &in.TaskSpec)
	if err != nil {
		return StartedTasks{}, err
	}
	req := in.request(def)
	var out StartedTasks
	for _, id := range in.Instances {
		i := tx.Instance(in.Cluster, id)
		if i == nil {
			out.Failures = append(out.Failures, TaskFailure{Instance: id, Reason: "MISSING"})
			continue
		}
		if r := placement.Fits(tx.View, req, i); r != nil {
			out.Failures = append(out.Failures, TaskFailure(*r))
			continue
		}
		t := newTask(tx, &in.TaskSpec, def, i, req.Needs)
		tx.PutTask(t)
		out.Tasks = append(out.Tasks, t)
	}
	return out, nil
}

// prepare finds the definition and the cluster and checks the overrides against the definition.
func prepare(tx *state.Tx, s *TaskSpec) (*ecs.TaskDefinition, error) {
	def, err := RunnableDefinition(tx.View, s.Family, s.Revision)
	if err != nil {
		return nil, err
	}
	if _, err := ActiveCluster(tx.View, s.Cluster); err != nil {
		return nil, err
	}
	awsvpc := def.Network() == ecs.NetworkAWSVPC
	if awsvpc && !s.HasNetworkConfiguration {
		return nil, ecs.InvalidParameterf("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	}
	if !awsvpc && s.HasNetworkConfiguration {
		return nil, ecs.InvalidParameterf(
			"Network Configuration is not valid for the given networkMode of this task definition.")
	}
	if err := ecs.ValidateOverrides(def, s.Overrides); err != nil {
		return nil, err
	}
	if def.EphemeralStorageGiB != 0 || s.Overrides != nil && s.Overrides.EphemeralStorageGiB != 0 {
		return nil, ecs.Unsupportedf("Tasks with ephemeralStorage are not built in this version of Berth.")
	}
	if s.Group == "" {
		s.Group = "family:" + def.Family
	}
	return def, nil
}

// RunnableDefinition returns the revision a new task runs: a bare family means its newest ACTIVE revision.
//
// ECS: ClientException for what does not exist, InvalidParameterException for an INACTIVE one (semantics.md 1.3).
func RunnableDefinition(v *state.View, family string, revision int32) (*ecs.TaskDefinition, error) {
	def := v.LatestActive(family)
	if revision != 0 {
		def = v.TaskDefinition(family, revision)
	}
	if def == nil {
		return nil, ecs.ClientErrorf("TaskDefinition not found.")
	}
	if def.Status != ecs.TaskDefinitionActive {
		return nil, ecs.InvalidParameterf("TaskDefinition is inactive")
	}
	return def, nil
}

// placementRequest is one task of the run as placement is asked for it, without a seed.
func (in *RunTaskInput) placementRequest(def *ecs.TaskDefinition) (*placement.Request, error) {
	r := in.request(def)
	r.LaunchType, r.Strategies = in.LaunchType, in.Strategies
	return r, placement.Constrain(r, slices.Concat(def.PlacementConstraints, in.Constraints))
}

func (s *TaskSpec) request(def *ecs.TaskDefinition) *placement.Request {
	return &placement.Request{
		Cluster: s.Cluster, Group: s.Group, Needs: ecs.TaskReservation(def, s.Overrides),
		Attributes: requiredAttributes(def, s),
	}
}

func newTask(tx *state.Tx, s *TaskSpec, def *ecs.TaskDefinition, i *ecs.Instance, needs ecs.Reservation) *ecs.Task {
	t := &ecs.Task{
		ID: ecs.TaskID(tx.NewID()), Cluster: s.Cluster, Family: def.Family, Revision: def.Revision, Instance: i.ID,
		Group: s.Group, StartedBy: s.StartedBy, Reference: s.ReferenceID, LaunchType: ecs.LaunchEC2, Zone: i.Zone(),
		CPU: def.CPU, Memory: def.Memory, Overrides: s.Overrides, Reserved: needs,
		DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusPending, Health: ecs.HealthUnknown,
		CreatedAt: tx.Now(), Version: 1, EnableExecuteCommand: s.EnableExecuteCommand, Tags: s.tags(def),
		Connectivity: ecs.Connected, ConnectivityAt: tx.Now(), // placement takes no instance whose agent is away
	}
	if i.External() {
		t.LaunchType = ecs.LaunchExternal
	}
	applySizes(t, s.Overrides)
	nameCredentials(tx, t, def)
	t.Containers = make([]ecs.Container, len(def.Containers))
	for k := range def.Containers {
		t.Containers[k] = ecs.Container{
			ID: uuid(tx.NewID()), Name: def.Containers[k].Name, Image: def.Containers[k].Image,
			LastStatus: ecs.StatusPending, Health: ecs.HealthUnknown,
		}
	}
	assignGPUs(tx, t, def, i)
	return t
}

func applySizes(t *ecs.Task, o *ecs.TaskOverride) {
	if o == nil {
		return
	}
	if o.CPU != "" {
		t.CPU = o.CPU
	}
	if o.Memory != "" {
		t.Memory = o.Memory
	}
}

// nameCredentials gives the task's role credentials their lasting names, if it has roles.
func nameCredentials(tx *state.Tx, t *ecs.Task, def *ecs.TaskDefinition) {
	role, execution := def.TaskRoleARN, def.ExecutionRoleARN
	if o := t.Overrides; o != nil {
		role, execution = orElse(o.TaskRoleARN, role), orElse(o.ExecutionRoleARN, execution)
	}
	if role != "" {
		t.CredentialsID = uuid(tx.NewID())
	}
	if execution != "" {
		t.ExecutionCredentialsID = uuid(tx.NewID())
	}
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

func (s *TaskSpec) tags(def *ecs.TaskDefinition) []ecs.Tag {
	tags := slices.Clone(s.Tags)
	if s.PropagateTags {
		for _, t := range def.Tags {
			if !slices.ContainsFunc(tags, func(own ecs.Tag) bool { return own.Key == t.Key }) {
				tags = append(tags, t)
			}
		}
	}
	if s.ManagedTags {
		tags = append(tags, ecs.Tag{Key: "aws:ecs:clusterName", Value: s.Cluster})
	}
	return tags
}

// uuid writes 32 hex digits in the form with dashes.
func uuid(hex string) string {
	return hex[:8] + "-" + hex[8:12] + "-" + hex[12:16] + "-" + hex[16:20] + "-" + hex[20:]
}

// seed makes a placement seed out of a fresh identifier.
func seed(tx *state.Tx) uint64 {
	n, _ := strconv.ParseUint(tx.NewID()[:16], 16, 64)
	return n
}

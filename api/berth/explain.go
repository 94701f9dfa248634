package berth

import (
	"context"
	"fmt"

	"berth/api/ecs/wire"
	"berth/command"
	"berth/ecs"
	"berth/placement"
	"berth/state"
)

// Requests reads what the ECS API reads: requests of RunTask and names of clusters and tasks.
type Requests interface {
	RunTaskRequest(in *wire.RunTaskInput) (command.RunTaskInput, error)
	// TaskName resolves the cluster and task arguments of an operation. An absent cluster is the default one.
	TaskName(cluster *string, task string) (string, ecs.TaskID, error)
}

// explainPlacement reads a snapshot and works on a copy of it: the goroutine that decides knows nothing of it.
func (s *Service) explainPlacement(_ context.Context, in *ExplainPlacementInput) (*ExplainPlacementOutput, error) {
	snapshot := s.Store.Snapshot()
	ids := 0
	tx := snapshot.Scratch().Begin(ecs.TimeOf(s.Now()), func() string {
		ids++
		return fmt.Sprintf("%032x", ids)
	})
	e := explainer{realm: s.Realm, listed: defaultListed}
	if in.MaxResults != nil {
		e.listed = int(*in.MaxResults)
	}
	if in.Task != nil {
		return s.explainTask(e, snapshot, tx, in)
	}
	request, err := s.Requests.RunTaskRequest(&in.RunTaskInput)
	if err != nil {
		return nil, err
	}
	e.cluster = request.Cluster
	trial, err := command.TryRunTask(tx, request)
	if err != nil {
		return nil, err
	}
	return e.output(&trial), nil
}

func (s *Service) explainTask(e explainer, snapshot *state.Snapshot, tx *state.Tx, in *ExplainPlacementInput) (*ExplainPlacementOutput, error) {
	cluster, id, err := s.Requests.TaskName(in.Cluster, *in.Task)
	if err != nil {
		return nil, err
	}
	if snapshot.Cluster(cluster) == nil {
		return nil, &ecs.Error{Code: "ClusterNotFoundException", Message: "Cluster not found."}
	}
	t := snapshot.Task(cluster, id)
	if t == nil {
		return nil, ecs.InvalidParameterf("The referenced task was not found.")
	}
	trial, err := command.TryTask(tx, t)
	if err != nil {
		return nil, err
	}
	e.cluster = cluster
	out := e.output(&trial)
	out.Task = &ExplainedTask{TaskARN: e.realm.TaskARN(cluster, id), LastStatus: string(t.LastStatus), ContainerInstanceARN: e.instance(t.Instance)}
	if t.Waiting != nil {
		out.Task.WaitingSeconds = s.Now().Sub(t.CreatedAt.Std()).Seconds()
	}
	return out, nil
}

// explainer writes a trial in the words of the API.
type explainer struct {
	realm   ecs.Realm
	cluster string
	listed  int
}

func (e explainer) instance(id ecs.InstanceID) string {
	if id == "" {
		return ""
	}
	return e.realm.InstanceARN(e.cluster, id)
}

func (e explainer) output(t *command.Trial) *ExplainPlacementOutput {
	out := &ExplainPlacementOutput{
		ClusterARN: e.realm.ClusterARN(e.cluster), TaskDefinitionARN: e.realm.TaskDefinitionARN(t.Definition.Family, t.Definition.Revision),
		Group: t.Group, Placements: []Placement{}, Failures: []wire.Failure{}, Requests: []ExplainedRequest{},
	}
	for _, task := range t.Started.Tasks {
		out.Placements = append(out.Placements, Placement{e.instance(task.Instance), task.CapacityProvider, string(task.LastStatus)})
	}
	for _, f := range t.Started.Failures {
		out.Failures = append(out.Failures, wire.Failure{Arn: new(e.instance(f.Instance)), Reason: new(f.Reason), Detail: given(f.Detail)})
	}
	for _, name := range t.Started.EmptyProviders {
		out.Failures = append(out.Failures, wire.Failure{Arn: new(e.realm.CapacityProviderARN(name)), Reason: new("EMPTY CAPACITY PROVIDER")})
	}
	if t.Refused != nil {
		out.Refusal = &Refusal{t.Refused.Code, t.Refused.Message}
	}
	for k := range t.Questions {
		out.Requests = append(out.Requests, e.request(&t.Questions[k], out.Placements))
	}
	return out
}

func (e explainer) request(q *command.Question, placements []Placement) ExplainedRequest {
	out := ExplainedRequest{
		CapacityProvider: q.Provider, Needs: needs(q.Request), Considered: len(q.Instances), Rejected: rejected(q.Instances),
		Instances: []ExplainedInstance{}, Omitted: max(len(q.Instances)-e.listed, 0),
	}
	chosen := map[string]int{}
	for _, p := range placements {
		if p.CapacityProvider == q.Provider {
			chosen[p.ContainerInstanceARN]++
		}
	}
	for k := range q.Instances {
		a := &q.Instances[k]
		if a.Fits() {
			out.Fitting++
		}
		if k < e.listed {
			i := e.assessed(a)
			i.Chosen = chosen[i.ContainerInstanceARN]
			out.Instances = append(out.Instances, i)
		}
	}
	return out
}

func needs(r *placement.Request) Needs {
	n := Needs{CPU: r.Needs.CPUUnits, Memory: r.Needs.MemoryMiB, GPUs: r.Needs.GPUs, DistinctInstance: r.DistinctInstance}
	for _, p := range r.Needs.Ports {
		n.Ports = append(n.Ports, port(p))
	}
	for _, a := range r.Attributes {
		n.Attributes = append(n.Attributes, Attribute{a.Name, a.Value})
	}
	for _, x := range r.MemberOf {
		n.Expressions = append(n.Expressions, x.String())
	}
	for _, s := range r.Strategies {
		n.Strategies = append(n.Strategies, strategy(s))
	}
	return n
}

func port(p ecs.HostPort) Port { return Port{int(p.Port), string(p.Protocol)} }

func strategy(s placement.Strategy) string {
	if s.Field == "" {
		return string(s.Type)
	}
	return string(s.Type) + " " + s.Field
}

// rejected counts the instances that do not fit by the rule they fail first, in the order of the rules' first instance.
func rejected(all []placement.Assessment) []RejectedCount {
	counts := []RejectedCount{}
	at := map[string]int{}
	for k := range all {
		f := all[k].Failed()
		if f == nil {
			continue
		}
		if _, seen := at[f.Rule]; !seen {
			at[f.Rule] = len(counts)
			counts = append(counts, RejectedCount{Rule: f.Rule, Reason: f.Reason})
		}
		counts[at[f.Rule]].Instances++
	}
	return counts
}

func (e explainer) assessed(a *placement.Assessment) ExplainedInstance {
	out := ExplainedInstance{
		ContainerInstanceARN: e.instance(a.Instance.ID), Status: string(a.Instance.Status), Zone: a.Instance.Zone(),
		Fits: a.Fits(), Rank: a.Rank,
	}
	for _, s := range a.Scores {
		out.Scores = append(out.Scores, Score{strategy(s.Strategy), s.Number, s.Bucket})
	}
	for k := range a.Verdicts {
		out.Rules = append(out.Rules, e.rule(&a.Verdicts[k]))
	}
	return out
}

func (e explainer) rule(v *placement.Verdict) Rule {
	r := Rule{Rule: v.Rule, Passed: v.Passed, Reason: v.Reason, Detail: v.Detail}
	if a := v.Amount; a != nil {
		r.Needed, r.Free, r.Total, r.Missing = &a.Needed, &a.Free, &a.Total, a.Missing()
	}
	for _, a := range v.Attributes {
		m := MissingAttribute{Name: a.Name, Wanted: a.Wanted}
		if a.Exists {
			m.Have = &a.Have
		}
		r.Attributes = append(r.Attributes, m)
	}
	for _, p := range v.Ports {
		taken := TakenPort{Port: port(p.Port), Reserved: p.Holder == ""}
		if p.Holder != "" {
			taken.TaskARN = e.realm.TaskARN(e.cluster, p.Holder)
		}
		r.Ports = append(r.Ports, taken)
	}
	for _, x := range v.Unmet {
		r.Expressions = append(r.Expressions, UnmetExpression{x.Expression, x.Why})
	}
	for _, id := range v.Tasks {
		r.TaskARNs = append(r.TaskARNs, e.realm.TaskARN(e.cluster, id))
	}
	return r
}

// given is a pointer to a text, or nil for an empty one.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

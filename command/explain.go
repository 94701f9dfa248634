package command

import (
	"errors"
	"fmt"

	"berth/ecs"
	"berth/placement"
	"berth/state"
)

// Question is what placement is asked for the tasks of one capacity provider, or for all of a run without providers.
type Question struct {
	// Provider is "" without one.
	Provider string
	Request  *placement.Request
	// Instances is what each instance of the cluster says to it, before anything is placed.
	Instances []placement.Assessment
}

// Trial is what would become of a request or a task, and why.
type Trial struct {
	Definition *ecs.TaskDefinition
	Group      string
	Questions  []Question
	// Started is the outcome; Refused is the exception there would be in its place.
	Started StartedTasks
	Refused *ecs.Error
}

// TryRunTask carries out RunTask on tables that its caller throws away ([state.View.Scratch]), and keeps what placement had to say.
// A request that is refused before placement is asked is an error here as it is there. A client token has no part.
func TryRunTask(tx *state.Tx, in RunTaskInput) (Trial, error) {
	in.ClientToken, in.RequestDigest = "", ""
	def, err := prepare(tx, &in.TaskSpec)
	if err != nil {
		return Trial{}, err
	}
	request, err := in.placementRequest(def)
	if err != nil {
		return Trial{}, err
	}
	items, err := strategyOf(tx.View, &in, def)
	if err != nil {
		return Trial{}, err
	}
	trial := Trial{Definition: def, Group: in.Group}
	for _, item := range items {
		trial.ask(tx, placement.OnProvider(request, tx.CapacityProvider(item.Provider)), item.Provider)
	}
	if len(items) == 0 {
		trial.ask(tx, request, "")
	}
	trial.Started, err = RunTask(tx, in)
	return trial, trial.refuse(err)
}

// TryTask finds out, on tables that its caller throws away, where a task could go that is not STOPPED: one that waits for capacity as
// it was asked for; one that has an instance as if it were not there, by its definition and overrides, as nothing else of its request
// is kept.
func TryTask(tx *state.Tx, t *ecs.Task) (Trial, error) {
	if t.LastStatus == ecs.StatusStopped {
		return Trial{}, ecs.InvalidParameterf("The specified task is stopped. Specify a running task and try again.")
	}
	trial := Trial{Definition: tx.TaskDefinition(t.Family, t.Revision), Group: t.Group}
	if trial.Definition == nil {
		return Trial{}, fmt.Errorf("task %s has no task definition %s:%d", t.ID, t.Family, t.Revision)
	}
	request, err := requestOf(tx.View, t, trial.Definition)
	if err != nil {
		return Trial{}, err
	}
	tx.DeleteTask(t)
	trial.ask(tx, request, t.CapacityProvider)
	if i := placement.Choose(tx.View, request); i != nil {
		trial.Started.Tasks = []*ecs.Task{settled(tx, t, i)}
		return trial, nil
	}
	for _, r := range placement.Rejections(tx.View, request) {
		trial.Started.Failures = append(trial.Started.Failures, TaskFailure(r))
	}
	return trial, nil
}

// requestOf asks for a task again.
func requestOf(v *state.View, t *ecs.Task, def *ecs.TaskDefinition) (*placement.Request, error) {
	p := v.CapacityProvider(t.CapacityProvider)
	if t.Waiting != nil && p != nil {
		return placement.WaitingRequest(t, p)
	}
	in := RunTaskInput{
		TaskSpec:   TaskSpec{Cluster: t.Cluster, Group: t.Group, Overrides: t.Overrides, EnableExecuteCommand: t.EnableExecuteCommand},
		LaunchType: t.LaunchType,
	}
	request, err := in.placementRequest(def)
	if err == nil && p != nil {
		request = placement.OnProvider(request, p)
	}
	return request, err
}

func (t *Trial) ask(tx *state.Tx, request *placement.Request, provider string) {
	t.Questions = append(t.Questions, Question{provider, request, placement.Explain(tx.View, request)})
}

// refuse keeps an exception for the answer, which shows it beside what the instances say; another error it returns.
func (t *Trial) refuse(err error) error {
	if errors.As(err, &t.Refused) {
		return nil
	}
	return err
}

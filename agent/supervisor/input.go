package supervisor

import (
	"time"

	"berth/agent/runtime"
)

// input is something that happened to a task.
type input interface{ isInput() }

type (
	// admit: the host has room for the task.
	admit struct{}
	// wait: the host has no room yet.
	wait struct{ reason string }
	// stopTask: the task is to stop.
	stopTask struct{}
	// resume: these containers were found after an agent restart. All of them at once: what one of them says about the
	// task must not be acted on before the others are known.
	resume struct{ found []Found }
	// event: the engine told something.
	event struct{ event runtime.Event }
	// preparedResult ends prepare.
	preparedResult struct{ err error }
	// pullResult ends pull.
	pullResult struct {
		name      string
		image     runtime.Image
		startedAt time.Time
		err       error
	}
	// createResult ends create.
	createResult struct {
		name, id string
		err      error
	}
	// stateResult ends start, stop and inspect with the state seen afterwards.
	stateResult struct {
		name  string
		state runtime.State
		err   error
	}
)

func (admit) isInput()          {}
func (wait) isInput()           {}
func (stopTask) isInput()       {}
func (resume) isInput()         {}
func (event) isInput()          {}
func (preparedResult) isInput() {}
func (pullResult) isInput()     {}
func (createResult) isInput()   {}
func (stateResult) isInput()    {}

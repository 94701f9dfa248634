package command

import (
	"slices"
	"strings"

	"berth/ecs"
	"berth/state"
)

// SequenceBlock is how many sequence numbers a session reserves at once. A number is about a millisecond (see [ConnectAgent]), so
// that a reconnect moves an instance's sequence a minute ahead of the clock: large enough for any session of half an hour to
// reserve rarely, small enough that the clock keeps up with it.
const SequenceBlock = 1 << 16

// ConnectAgentInput says which instance's agent has come, and what it is.
type ConnectAgentInput struct {
	Instance ecs.InstanceID
	// Version is what the websocket's query said; empty members change nothing.
	Version ecs.VersionInfo
}

// ConnectAgentOutput is what a session works with.
type ConnectAgentOutput struct {
	Instance *ecs.Instance
	Sequence Sequence
}

// Sequence is a block of sequence numbers reserved for one session. Its Last is also the session's token: it changes with every
// session and every further block, so that a session that was replaced cannot act for its instance any more.
type Sequence struct{ First, Last int64 }

// ConnectAgent records that an agent's session is open: agentConnected, what the agent said of itself, and the connectivity of the
// instance's tasks (features.md B2.4). It reserves the session's sequence numbers: they never go back, neither when the server
// restarts nor when its clock is set back, and they start at the clock, so that a server restored from a backup is ahead of what
// it no longer remembers (agent-protocol.md 8).
//
// An instance that is unknown or INACTIVE is a ClientException.
func ConnectAgent(tx *state.Tx, in ConnectAgentInput) (ConnectAgentOutput, error) {
	old := tx.InstanceByID(in.Instance)
	if old == nil || old.Status == ecs.InstanceInactive {
		return ConnectAgentOutput{}, ecs.ClientErrorf("The referenced container instance was inactive.")
	}
	n := *old
	seq := reserve(tx, &n)
	n.AgentConnected, n.ConnectedAt = true, tx.Now()
	n.VersionInfo = ecs.VersionInfo{
		AgentVersion:  orElse(in.Version.AgentVersion, old.VersionInfo.AgentVersion),
		AgentHash:     orElse(in.Version.AgentHash, old.VersionInfo.AgentHash),
		DockerVersion: orElse(in.Version.DockerVersion, old.VersionInfo.DockerVersion),
	}
	if strings.HasPrefix(n.StatusReason, conflictReason) {
		n.StatusReason = ""
	}
	if !old.AgentConnected || n.VersionInfo != old.VersionInfo || n.StatusReason != old.StatusReason {
		n.Version++
	}
	tx.PutInstance(&n)
	for _, t := range liveTasks(tx, &n) {
		connectTask(tx, t)
	}
	return ConnectAgentOutput{&n, seq}, nil
}

// reserve moves an instance's sequence past a fresh block.
func reserve(tx *state.Tx, i *ecs.Instance) Sequence {
	first := max(int64(tx.Now()), i.Sequence) + 1
	i.Sequence = first + SequenceBlock - 1
	return Sequence{first, i.Sequence}
}

// SessionInput names an instance and the session that acts for it, by its token.
type SessionInput struct {
	Instance ecs.InstanceID
	// Token is the Last of the session's newest [Sequence].
	Token int64
}

// ReserveSequence gives a session a further block when its own is used up. ok is false, and nothing changes, when the session has
// been replaced or its instance is gone.
func ReserveSequence(tx *state.Tx, in SessionInput) (seq Sequence, ok bool) {
	old := sessionInstance(tx, in)
	if old == nil {
		return Sequence{}, false
	}
	n := *old
	seq = reserve(tx, &n)
	tx.PutInstance(&n)
	return seq, true
}

// DisconnectAgent records that a session is over: at once, without a grace. The tasks go on running; their connectivity is
// DISCONNECTED and their health UNKNOWN (semantics.md 2.6, 2.8). It changes nothing when another session has come since.
func DisconnectAgent(tx *state.Tx, in SessionInput) error {
	if i := sessionInstance(tx, in); i != nil {
		disconnect(tx, i)
	}
	return nil
}

// DisconnectAllInput bounds one [DisconnectAll].
type DisconnectAllInput struct {
	// Max is how many records, instances and their tasks, may be changed before no further instance is taken: one command is one
	// commit, and a thousand tasks an instance would make a large one.
	Max int
}

// DisconnectAll ends sessions that the books show and nobody holds: a server that starts has none. It returns how many it ended; it
// is to be repeated until that is none.
func DisconnectAll(tx *state.Tx, in DisconnectAllInput) (int, error) {
	var connected []*ecs.Instance
	records := 0
	tx.ScanAllInstances(func(i *ecs.Instance) bool {
		if i.AgentConnected {
			connected = append(connected, i)
			records += 1 + tx.Usage(i.ID).Tasks
		}
		return records < in.Max
	})
	for _, i := range connected {
		disconnect(tx, i)
	}
	return len(connected), nil
}

// sessionInstance returns the connected instance a session still acts for, or nil.
func sessionInstance(tx *state.Tx, in SessionInput) *ecs.Instance {
	i := tx.InstanceByID(in.Instance)
	if i == nil || !i.AgentConnected || i.Sequence != in.Token {
		return nil
	}
	return i
}

func disconnect(tx *state.Tx, old *ecs.Instance) {
	n := *old
	n.AgentConnected, n.DisconnectedAt = false, tx.Now()
	n.Version++
	tx.PutInstance(&n)
	for _, t := range liveTasks(tx, &n) {
		disconnectTask(tx, t)
	}
}

// liveTasks lists an instance's tasks that are not STOPPED, in order of id.
func liveTasks(tx *state.Tx, i *ecs.Instance) []*ecs.Task {
	var live []*ecs.Task
	tx.ScanTasksOfInstance(i, "", func(t *ecs.Task) bool {
		if t.LastStatus != ecs.StatusStopped {
			live = append(live, t)
		}
		return true
	})
	return live
}

func connectTask(tx *state.Tx, old *ecs.Task) {
	n := *old
	n.ConnectivityAt = tx.Now()
	if n.Connectivity != ecs.Connected {
		n.Connectivity = ecs.Connected
		n.Version++
	}
	tx.PutTask(&n)
}

func disconnectTask(tx *state.Tx, old *ecs.Task) {
	n := *old
	n.Connectivity = ecs.Disconnected
	forgetHealth(&n)
	n.Version++
	tx.PutTask(&n)
}

// forgetHealth makes every verdict UNKNOWN; a container without a verdict stays without.
func forgetHealth(t *ecs.Task) {
	if t.Health != "" {
		t.Health = ecs.HealthUnknown
	}
	known := func(c ecs.Container) bool { return c.Health != "" && c.Health != ecs.HealthUnknown }
	if !slices.ContainsFunc(t.Containers, known) {
		return
	}
	t.Containers = slices.Clone(t.Containers)
	for k := range t.Containers {
		if known(t.Containers[k]) {
			t.Containers[k].Health = ecs.HealthUnknown
		}
	}
}

// conflictReason begins the statusReason of an instance whose identity two agents claim.
const conflictReason = "Another agent with the identity of this container instance"

// AgentConflictInput tells of a second agent with the identity of a connected one.
type AgentConflictInput struct {
	Instance ecs.InstanceID
	// From is the address the second one called from; empty means that it has given up.
	From string
}

// SetAgentConflict shows in an instance's statusReason that a second agent with its identity was refused, or takes the words back.
// A reason of another kind is not overwritten.
func SetAgentConflict(tx *state.Tx, in AgentConflictInput) error {
	old := tx.InstanceByID(in.Instance)
	if old == nil || old.Status == ecs.InstanceInactive {
		return nil
	}
	if old.StatusReason != "" && !strings.HasPrefix(old.StatusReason, conflictReason) {
		return nil
	}
	reason := ""
	if in.From != "" {
		reason = conflictReason + " tried to connect from " + in.From + " and was refused: two hosts share one data folder or a copy of it."
	}
	if reason == old.StatusReason {
		return nil
	}
	n := *old
	n.StatusReason = reason
	n.Version++
	tx.PutInstance(&n)
	return nil
}

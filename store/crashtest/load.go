package crashtest

import (
	"context"
	"fmt"

	"berth/ecs"
	"berth/state"
	"berth/store"
)

// Writers is the number of concurrent writers of a load.
const Writers = 8

// keep is the number of latest commands whose tasks a writer leaves in the table; older ones it deletes.
const keep = 3

// total is the record that every command of every writer changes.
const total = "total"

func counter(writer int) string { return fmt.Sprint("writer-", writer) }

// Load runs commands as one writer until the store stops or ctx ends. It goes on after the last command that is in the state.
// acknowledged is called after each command that the store confirmed, with its number.
func Load(ctx context.Context, s *store.Store, writer int, acknowledged func(n int64)) {
	n := number(s.Snapshot(), counter(writer))
	for {
		n++
		if err := s.Do(ctx, func(tx *state.Tx) error { command(tx, writer, n); return nil }); err != nil {
			return
		}
		acknowledged(n)
	}
}

// command n of a writer raises the writer's counter and the total, adds as many tasks as n gives, seals them with a checksum
// instance, and deletes those of an older command.
func command(tx *state.Tx, writer int, n int64) {
	setNumber(tx, counter(writer), n)
	for i := range tasksOf(n) {
		tx.PutTask(&ecs.Task{
			ID: taskID(n, i), Cluster: counter(writer), Family: "load", Group: "family:load",
			DesiredStatus: ecs.StatusRunning, LastStatus: ecs.StatusPending, CreatedAt: ecs.Time(n),
		})
	}
	tx.PutInstance(&ecs.Instance{ID: sealID(writer), Cluster: counter(writer), Status: ecs.InstanceActive, Version: sum(n)})
	if old := n - keep; old > 0 {
		for i := range tasksOf(old) {
			tx.DeleteTask(&ecs.Task{ID: taskID(old, i), Cluster: counter(writer)})
		}
	}
	setNumber(tx, total, number(tx.View, total)+1)
}

func tasksOf(n int64) int64 { return 1 + n%4 }

func taskID(n, i int64) ecs.TaskID { return ecs.TaskID(fmt.Sprintf("%024x%08x", n, i)) }

func sealID(writer int) ecs.InstanceID { return ecs.InstanceID(fmt.Sprintf("%032x", writer)) }

// sum is what the seal after command n holds.
func sum(n int64) int64 { return n*1_000_003 ^ 0x5bd1e995 }

func number(v *state.View, name string) int64 {
	if c := v.Cluster(name); c != nil {
		return int64(c.CreatedAt)
	}
	return 0
}

func setNumber(tx *state.Tx, name string, n int64) {
	tx.PutCluster(&ecs.Cluster{Name: name, Status: ecs.ClusterActive, CreatedAt: ecs.Time(n)})
}

// Verify holds a state that survived a crash against the last number each writer was told. It returns the first violation.
func Verify(v *state.View, acknowledged [Writers]int64) error {
	var all int64
	for writer := range Writers {
		n := number(v, counter(writer))
		all += n
		if n < acknowledged[writer] {
			return fmt.Errorf("writer %d: acknowledged %d, the state holds %d", writer, acknowledged[writer], n)
		}
		if n > acknowledged[writer]+1 {
			return fmt.Errorf("writer %d: the state holds %d, but only %d can have begun", writer, n, acknowledged[writer]+1)
		}
		if err := verifyWriter(v, writer, n); err != nil {
			return fmt.Errorf("writer %d, command %d: %w", writer, n, err)
		}
	}
	if got := number(v, total); got != all {
		return fmt.Errorf("the total is %d, the writers made %d commands", got, all)
	}
	return nil
}

// verifyWriter checks that everything command n did is there, and nothing of the commands it superseded.
func verifyWriter(v *state.View, writer int, n int64) error {
	if n == 0 {
		return nil
	}
	seal := v.Instance(counter(writer), sealID(writer))
	if seal == nil || seal.Version != sum(n) {
		return fmt.Errorf("the seal is %+v", seal)
	}
	var want []ecs.TaskID
	for k := max(1, n-keep+1); k <= n; k++ {
		for i := range tasksOf(k) {
			want = append(want, taskID(k, i))
		}
	}
	var err error
	found := 0
	v.ScanTasks(counter(writer), "", func(t *ecs.Task) bool {
		if found >= len(want) || t.ID != want[found] {
			err = fmt.Errorf("task %s is there", t.ID)
			return false
		}
		found++
		return true
	})
	if err == nil && found != len(want) {
		err = fmt.Errorf("task %s is missing", want[found])
	}
	return err
}

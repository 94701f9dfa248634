package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"berth/state"
)

// step is one operation on a numbered register: add to it, or read it on the tip or in the snapshot.
type step struct {
	key int
	add int64
}

var registers = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[int][]porcupine.Operation{}
		for _, op := range history {
			key := op.Input.(step).key
			byKey[key] = append(byKey[key], op)
		}
		var parts [][]porcupine.Operation
		for key := range registersCount {
			parts = append(parts, byKey[key])
		}
		return parts
	},
	Init: func() any { return int64(0) },
	Step: func(st, in, out any) (bool, any) {
		next := st.(int64) + in.(step).add
		return out.(int64) == next, next
	},
}

const registersCount = 3

// testLinearizable records concurrent additions and reads with their times and lets porcupine look for an order that explains
// every answer. Reads from the snapshot take part: what was answered must be in the next snapshot anyone loads.
func testLinearizable(t *testing.T, open Opener) {
	s := openStore(t, open)
	const clients, steps = 6, 60
	histories := make([][]porcupine.Operation, clients)
	start := time.Now()
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(client), 3))
			for range steps {
				st := step{key: r.IntN(registersCount)}
				var got int64
				name, kind := fmt.Sprint(st.key), r.IntN(4)
				if kind < 2 {
					st.add = 1 + r.Int64N(100)
				}
				call := time.Since(start).Nanoseconds()
				if kind == 3 {
					got = number(s.Snapshot(), name)
				} else if err := s.Do(context.Background(), func(tx *state.Tx) error {
					got = number(tx.View, name) + st.add
					if st.add > 0 {
						setNumber(tx, name, got)
					}
					return nil
				}); err != nil {
					t.Error(err)
					return
				}
				histories[client] = append(histories[client], porcupine.Operation{
					ClientId: client, Input: st, Output: got, Call: call, Return: time.Since(start).Nanoseconds(),
				})
			}
		})
	}
	wg.Wait()
	var history []porcupine.Operation
	for _, h := range histories {
		history = append(history, h...)
	}
	if porcupine.CheckOperationsTimeout(registers, history, time.Minute) != porcupine.Ok {
		t.Fatal("no order of the operations explains their answers")
	}
}

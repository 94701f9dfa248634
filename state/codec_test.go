package state

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"berth/ecs"
)

func roundTrip(t interface{ Fatalf(string, ...any) }, c Change) {
	key := c.AppendKey([]byte("before"))[len("before"):]
	value, err := c.AppendValue(nil)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	if n := len(key) + len(value); n > c.Size() {
		t.Fatalf("size says at most %d, stored are %d", c.Size(), n)
	}
	got, err := Decode(key, value)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	if !reflect.DeepEqual(got, c) {
		t.Fatalf("decoded %+v\nwant %+v", got.New, c.New)
	}
}

func TestStoredFormRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		task, instance, definition := drawTask(t), drawInstance(t), drawDefinition(t)
		task.Tags = []ecs.Tag{{Key: rapid.String().Draw(t, "key"), Value: rapid.String().Draw(t, "value")}}
		code := rapid.Int32().Draw(t, "exit")
		task.Containers = []ecs.Container{{Name: "app", ExitCode: &code}}
		instance.Attributes = []ecs.Attribute{{Name: rapid.String().Draw(t, "name")}}
		roundTrip(t, Change{Table: Tasks, Key: TaskKey(task.Cluster, task.ID), New: task})
		roundTrip(t, Change{Table: Instances, Key: InstanceKey(instance.Cluster, instance.ID), New: instance})
		roundTrip(t, Change{Table: TaskDefinitions, Key: TaskDefinitionKey(definition.Family, definition.Revision), New: definition})
		roundTrip(t, Change{Table: Clusters, Key: "c", New: &ecs.Cluster{Name: "c", CreatedAt: task.StoppedAt, Tags: task.Tags}})
		roundTrip(t, Change{Table: Families, Key: "f", New: &ecs.Family{Name: "f"}})
		roundTrip(t, Change{Table: Providers, Key: "p", New: &ecs.CapacityProvider{
			Name: "p", Group: "g", Scaling: ecs.DefaultManagedScaling, Tags: task.Tags, State: ecs.ScalingState{LowPoints: 2},
		}})
		roundTrip(t, Change{Table: AccessKeys, Key: "k", New: &ecs.AccessKey{ID: "k", SealedSecret: []byte{0, 255}}})
	})
}

func TestDecodeRefusesWhatItDoesNotKnow(t *testing.T) {
	for name, stored := range map[string][2]string{
		"short key":     {"\x01", "\x80"},
		"unknown table": {"\x63key", "\x80"},
		"broken value":  {"\x05key", "\xc1"},
		"cut value":     {"\x05key", "\x81\xa1"},
	} {
		if c, err := Decode([]byte(stored[0]), []byte(stored[1])); err == nil {
			t.Errorf("%s: decoded to %+v", name, c)
		}
	}
}

func TestAnEmptyValueIsADeletion(t *testing.T) {
	c, err := Decode([]byte("\x05a/1"), nil)
	if err != nil || c.Table != Tasks || c.Key != "a/1" || c.New != nil {
		t.Fatalf("got %+v, %v", c, err)
	}
}

package state

import (
	"fmt"

	"github.com/tinylib/msgp/msgp"

	"berth/ecs"
)

// AppendKey appends a change's stored key: the table's number, then the record's key.
func (c *Change) AppendKey(b []byte) []byte {
	b = append(b, byte(c.Table))
	return append(b, c.Key...)
}

// AppendValue appends the new record's stored form. It must not be called for a deletion.
func (c *Change) AppendValue(b []byte) ([]byte, error) {
	m, ok := c.New.(msgp.Marshaler)
	if !ok {
		return nil, fmt.Errorf("record %s of table %d cannot be encoded", c.Key, c.Table)
	}
	return m.MarshalMsg(b)
}

// Size is an upper bound of the change's stored key and value together, in bytes.
func (c *Change) Size() int {
	n := 1 + len(c.Key)
	if m, ok := c.New.(msgp.Sizer); ok {
		n += m.Msgsize()
	}
	return n
}

// Decode reads a stored record; an empty value is a deletion. The result is a Change for [View.Load] or [View.Apply]: its Old is
// nil whatever was there before.
func Decode(key, value []byte) (Change, error) {
	if len(key) < 2 {
		return Change{}, fmt.Errorf("stored key %q is too short", key)
	}
	c := Change{Table: Table(key[0]), Key: string(key[1:])}
	r := newRecord(c.Table)
	if r == nil {
		return Change{}, fmt.Errorf("stored key %q is of table %d, which this version does not know", key[1:], key[0])
	}
	if len(value) == 0 {
		return c, nil
	}
	if _, err := r.UnmarshalMsg(value); err != nil {
		return Change{}, fmt.Errorf("decode %s of table %d: %w", c.Key, c.Table, err)
	}
	c.New = r
	return c, nil
}

func newRecord(t Table) msgp.Unmarshaler {
	switch t {
	case Clusters:
		return new(ecs.Cluster)
	case TaskDefinitions:
		return new(ecs.TaskDefinition)
	case Families:
		return new(ecs.Family)
	case Instances:
		return new(ecs.Instance)
	case Tasks:
		return new(ecs.Task)
	case AccessKeys:
		return new(ecs.AccessKey)
	case Providers:
		return new(ecs.CapacityProvider)
	}
	return nil
}

// Load puts a decoded record into the tables while they are being filled from the engine. The record must not be there yet.
func (v *View) Load(c Change) { v.apply(c) }

// Apply makes changes that another server committed, in order. It sets each change's Old to the record that was in this view.
func (v *View) Apply(changes []Change) {
	for i := range changes {
		changes[i].Old = v.lookup(changes[i].Table, changes[i].Key)
		v.apply(changes[i])
	}
}

// lookup returns the record under a key, or a nil interface.
func (v *View) lookup(t Table, key string) any {
	switch t {
	case Clusters:
		return boxed(v.clusters.Get(key))
	case TaskDefinitions:
		return boxed(v.definitions.Get(key))
	case Families:
		return boxed(v.families.Get(key))
	case Instances:
		return boxed(v.instances.Get(key))
	case Tasks:
		return boxed(v.tasks.Get(key))
	case AccessKeys:
		return boxed(v.accessKeys.Get(key))
	case Providers:
		return boxed(v.providers.Get(key))
	}
	return nil
}

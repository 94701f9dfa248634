package facts

// The kinds of a type that is not a plain scalar.
const (
	Structure = "structure"
	ListKind  = "list"
	MapKind   = "map"
	Enum      = "enum"
)

// Kind says what a type name stands for: Structure, ListKind, MapKind, Enum, or the scalar type at the bottom. It is
// empty when the table does not have the name.
func (m *Model) Kind(name string) string {
	switch name {
	case String, Integer, Long, Double, Boolean, Timestamp:
		return name
	}
	if _, ok := m.Structures[name]; ok {
		return Structure
	}
	if _, ok := m.Lists[name]; ok {
		return ListKind
	}
	if _, ok := m.Maps[name]; ok {
		return MapKind
	}
	if _, ok := m.Enums[name]; ok {
		return Enum
	}
	return m.Scalars[name].Type
}

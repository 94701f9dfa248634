package facts

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
)

// Format writes the table as JSON with one fact a line and sorted names, so that a change of the API reads well as a
// diff. Load reads it back.
func Format(m *Model) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n\"targetPrefix\": %q", m.TargetPrefix)
	section(&out, "operations", m.Operations, compact)
	section(&out, "structures", m.Structures, memberLines)
	section(&out, "lists", m.Lists, compact)
	section(&out, "maps", m.Maps, compact)
	section(&out, "enums", m.Enums, compact)
	section(&out, "scalars", m.Scalars, compact)
	out.WriteString("\n}\n")
	return out.Bytes()
}

func section[T any](out *bytes.Buffer, name string, entries map[string]T, format func(T) []byte) {
	fmt.Fprintf(out, ",\n%q: {", name)
	for i, key := range slices.Sorted(maps.Keys(entries)) {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, "\n  %q: %s", key, format(entries[key]))
	}
	out.WriteString("\n}")
}

func memberLines(members []Member) []byte {
	var out bytes.Buffer
	out.WriteByte('[')
	for i, member := range members {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n    ")
		out.Write(compact(member))
	}
	out.WriteByte(']')
	return out.Bytes()
}

// compact cannot fail: every type of the table is made of strings, numbers and booleans.
func compact[T any](value T) []byte {
	data, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		panic(fmt.Sprintf("facts: encode %T: %v", value, err))
	}
	return data
}

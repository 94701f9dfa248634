//go:build acceptance

package acceptance

import (
	"encoding/json"
	"strconv"
	"strings"
)

// obj is a JSON object.
type obj = map[string]any

// get follows a path such as tasks.0.containers.1.name and returns nil where it ends.
func get(v any, path string) any {
	for _, step := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// str is the string at a path, or "".
func str(v any, path string) string {
	s, _ := get(v, path).(string)
	return s
}

// num is the number at a path, or 0.
func num(v any, path string) float64 {
	n, _ := get(v, path).(float64)
	return n
}

// list is the array at a path, or nil.
func list(v any, path string) []any {
	l, _ := get(v, path).([]any)
	return l
}

// has reports whether there is anything at a path; null is something.
func has(v any, path string) bool {
	parent, name := v, path
	if i := strings.LastIndex(path, "."); i >= 0 {
		parent, name = get(v, path[:i]), path[i+1:]
	}
	switch at := parent.(type) {
	case map[string]any:
		_, ok := at[name]
		return ok
	case []any:
		i, err := strconv.Atoi(name)
		return err == nil && i >= 0 && i < len(at)
	}
	return false
}

// find returns the first object of a list whose member has the value, or nil.
func find(items []any, member string, value any) obj {
	for _, item := range items {
		if o, ok := item.(obj); ok && get(o, member) == value {
			return o
		}
	}
	return nil
}

// words are the strings of an array.
func words(items []any) []string {
	var all []string
	for _, item := range items {
		if s, ok := item.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// compact renders a value on one line, for evidence and for CLI arguments.
func compact(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// with returns a copy of an object with more members.
func with(base obj, more obj) obj {
	all := obj{}
	for k, v := range base {
		all[k] = v
	}
	for k, v := range more {
		all[k] = v
	}
	return all
}

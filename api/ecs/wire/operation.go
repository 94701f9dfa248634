package wire

import (
	"maps"
	"slices"

	"berth/api/awsjson"
)

// Operation describes one operation of the API.
type Operation struct {
	Name   string
	Input  func() any // a new, empty *XInput
	Output func() any // a new, empty *XOutput
	Errors []string   // the modelled exceptions, sorted; any operation may also raise AccessDeniedException
}

// Input is what every operation's input can do.
type Input interface {
	// Validate checks required members, enums and limits, depth first in alphabetical order of the members, and
	// returns the first violation as a *ValidationError, or nil.
	Validate() error
}

// AwsJSON is the table of operations in the form package awsjson routes by, sorted by name.
func AwsJSON() []awsjson.Operation {
	table := make([]awsjson.Operation, 0, len(Operations))
	for _, name := range slices.Sorted(maps.Keys(Operations)) {
		table = append(table, awsjson.Operation{Name: name, NewInput: Operations[name].Input})
	}
	return table
}

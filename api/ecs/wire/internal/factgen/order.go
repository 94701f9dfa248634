package main

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// orderedNames lists the member names of a JSON object in the order they are written.
func orderedNames(object jsontext.Value) ([]string, error) {
	decoder := jsontext.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.ReadToken(); err != nil {
		return nil, err
	}
	var names []string
	for decoder.PeekKind() == '"' {
		name, err := decoder.ReadToken()
		if err != nil {
			return nil, err
		}
		names = append(names, name.String())
		if err := decoder.SkipValue(); err != nil {
			return nil, err
		}
	}
	return names, nil
}

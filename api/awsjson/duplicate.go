package awsjson

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// node is one JSON value: a scalar as written, or a container with its items.
type node struct {
	kind    jsontext.Kind
	scalar  jsontext.Value
	members []member // of an object in order of first appearance; of an array, without names
}

type member struct {
	name  string
	value node
}

// dropEarlierDuplicates rewrites a JSON text so that every object has each name once, with its last value. It costs a
// tree, but only bodies that need it pay.
func dropEarlierDuplicates(body []byte) ([]byte, error) {
	decoder := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
	root, err := readNode(decoder)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := jsontext.NewEncoder(&out)
	if err := root.write(encoder); err != nil {
		return nil, err
	}
	// What follows the first value stays, so that the second decoding refuses it.
	return append(out.Bytes(), body[decoder.InputOffset():]...), nil
}

func readNode(decoder *jsontext.Decoder) (node, error) {
	kind := decoder.PeekKind()
	if kind != '{' && kind != '[' {
		value, err := decoder.ReadValue()
		return node{kind: kind, scalar: value.Clone()}, err
	}
	n := node{kind: kind}
	if _, err := decoder.ReadToken(); err != nil {
		return n, err
	}
	seen := map[string]int{}
	for decoder.PeekKind() != '}' && decoder.PeekKind() != ']' {
		name := ""
		if kind == '{' {
			token, err := decoder.ReadToken()
			if err != nil {
				return n, err
			}
			name = token.String()
		}
		value, err := readNode(decoder)
		if err != nil {
			return n, err
		}
		if at, twice := seen[name]; twice && kind == '{' {
			n.members[at].value = value
			continue
		}
		seen[name] = len(n.members)
		n.members = append(n.members, member{name, value})
	}
	_, err := decoder.ReadToken()
	return n, err
}

func (n node) write(encoder *jsontext.Encoder) error {
	if n.kind != '{' && n.kind != '[' {
		return encoder.WriteValue(n.scalar)
	}
	opening, closing := jsontext.BeginObject, jsontext.EndObject
	if n.kind == '[' {
		opening, closing = jsontext.BeginArray, jsontext.EndArray
	}
	if err := encoder.WriteToken(opening); err != nil {
		return err
	}
	for _, m := range n.members {
		if n.kind == '{' {
			if err := encoder.WriteToken(jsontext.String(m.name)); err != nil {
				return err
			}
		}
		if err := m.value.write(encoder); err != nil {
			return err
		}
	}
	return encoder.WriteToken(closing)
}

package acs

import (
	"reflect"
	"testing"
)

// FuzzDecode feeds frames of either direction: whatever decodes must encode, and the result must decode to the same.
func FuzzDecode(f *testing.F) {
	for _, maker := range makers {
		msg := maker()
		fill(reflect.ValueOf(msg).Elem(), 0)
		frame, err := Encode(msg)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
	}
	f.Add([]byte(`{"type":"Other","message":[{"a":1}]}`))
	f.Add([]byte(`{"type":"PublishHealthRequest","message":{"timestamp":-1.5,"tasks":null}}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		msg, err := Decode(frame)
		if err != nil {
			if msg != nil {
				t.Fatalf("both a message and an error: %v", err)
			}
			return
		}
		out, err := Encode(msg)
		if err != nil {
			t.Fatalf("decoded %T does not encode: %v", msg, err)
		}
		again, err := Decode(out)
		if err != nil {
			t.Fatalf("own frame refused: %v\n%s", err, out)
		}
		twice, err := Encode(again)
		if err != nil || string(twice) != string(out) {
			t.Fatalf("not stable:\n%s\n%s\n%v", out, twice, err)
		}
	})
}

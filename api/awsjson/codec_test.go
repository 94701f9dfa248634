package awsjson

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

type nested struct {
	Inner *struct {
		A *int64 `json:"a,omitzero"`
		B *int64 `json:"b,omitzero"`
	} `json:"inner,omitzero"`
	List []string          `json:"list,omitzero"`
	Map  map[string]string `json:"map,omitzero"`
}

func TestDecodeEncode(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`{}`, `{}`},
		{` `, `{}`},
		{`null`, `{}`},
		{`{"inner":null,"list":null,"map":null}`, `{}`},
		{`{"inner":{},"list":[],"map":{}}`, `{"inner":{},"list":[],"map":{}}`},
		{`{"inner":{"a":1},"inner":{"b":2}}`, `{"inner":{"b":2}}`}, // not merged
		{`{"inner":{"a":1},"inner":null}`, `{}`},
		{`{"inner":{"a":9007199254740993},"list":["x","y"],"list":["z"],"map":{"k":"1","k":"2","j":"3"}}`,
			`{"inner":{"a":9007199254740993},"list":["z"],"map":{"j":"3","k":"2"}}`},
		{`{"unknown":{"x":1,"x":2},"list":["a"]}`, `{"list":["a"]}`},
	} {
		var v nested
		if err := Decode([]byte(tt.in), &v); err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		var out bytes.Buffer
		if err := Encode(&out, v); err != nil || out.String() != tt.want {
			t.Errorf("%s: got %s, want %s (%v)", tt.in, out.String(), tt.want, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	deep := strings.Repeat(`{"inner":`, 100_000)
	for _, in := range []string{`{`, `[]`, `"x"`, `{"list":[1]}`, `{"map":{"k":1}}`, `{"inner":{"a":"1"}}`, `{} x`, deep,
		`{"x":1,"x":` + strings.Repeat("[", 500_000), `{"list":["a"],"list":"b"}`} {
		var v nested
		var coded CodedError
		if err := Decode([]byte(in), &v); !errors.As(err, &coded) || coded.ErrorCode() != CodeSerialization {
			t.Errorf("%.40s: got %v", in, err)
		}
	}
}

func TestEncodeMendsBrokenText(t *testing.T) {
	var out bytes.Buffer
	if err := Encode(&out, map[string]string{"a": "x\xffy"}); err != nil || out.String() != `{"a":"x`+"\uFFFD"+`y"}` {
		t.Errorf("got %s %v", out.String(), err)
	}
}

func TestPrintable(t *testing.T) {
	if got := printable("a\nb\x7f"); got != "a\uFFFDb\uFFFD" {
		t.Errorf("got %q", got)
	}
	if got := printable(strings.Repeat("ü", 1000)); got != strings.Repeat("ü", 128)+"…" {
		t.Errorf("got %q", got)
	}
}

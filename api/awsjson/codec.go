package awsjson

import (
	"bytes"
	"errors"
	"io"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads one JSON object into the structure v points to, as lenient as ECS: unknown members are ignored, null is
// absent, an empty body is an empty object. Names match exactly. Of a name that stands twice in one object the last one
// counts. A wrong type, broken UTF-8, anything after the object, or nesting beyond 10,000 levels is a
// SerializationException, after which v is half filled. v must be empty, and keeps nothing of body.
func Decode(body []byte, v any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	err := json.Unmarshal(body, v)
	if errors.Is(err, jsontext.ErrDuplicateName) {
		// Rejected: jsontext.AllowDuplicateNames, which would merge two nested objects of one name instead of taking the last.
		body, err = dropEarlierDuplicates(body)
		if err == nil {
			reflect.ValueOf(v).Elem().SetZero() // the first attempt got as far as the second of the two
			err = json.Unmarshal(body, v)
		}
	}
	if err != nil {
		return serializationError(err)
	}
	return nil
}

func serializationError(err error) *Error {
	message := "The request body is not valid JSON."
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		message = "The request body has a value of the wrong type"
		if semantic.JSONPointer != "" {
			message += " at " + printable(string(semantic.JSONPointer))
		}
		message += "."
	}
	return &Error{Code: CodeSerialization, Message: message}
}

// Encode appends v as JSON to out. Broken UTF-8, which container output may hold, becomes the replacement character.
// Maps are written in sorted order.
func Encode(out *bytes.Buffer, v any) error {
	return json.MarshalWrite(out, v, jsontext.AllowInvalidUTF8(true), json.Deterministic(true))
}

// readLimited reads at most max bytes into buffer, which may grow beyond size hints only as bytes arrive. It reports
// whether there was more.
func readLimited(buffer *bytes.Buffer, body io.Reader, max int64) (more bool, err error) {
	n, err := buffer.ReadFrom(io.LimitReader(body, max+1))
	if n > max {
		return true, nil
	}
	return false, err
}

// printable cuts what a caller sent to something fit for a log line or an error text.
func printable(text string) string {
	const longest = 128
	clean := []rune{}
	for _, r := range text {
		if len(clean) == longest {
			return string(clean) + "…"
		}
		if r < ' ' || r == 0x7f {
			r = '\uFFFD'
		}
		clean = append(clean, r)
	}
	return string(clean)
}

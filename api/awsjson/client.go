package awsjson

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
)

// maxAnswer bounds what the client reads of an answer, in bytes.
const maxAnswer = 64 << 20

// Client calls operations of an awsJson1.1 service. It does not retry. It may be used by many goroutines.
type Client struct {
	Endpoint     string                                   // URL of the service, with or without the final slash
	TargetPrefix string                                   // what stands before the dot in X-Amz-Target
	Sign         func(r *http.Request, body []byte) error // adds the signature; nil sends unsigned
	HTTP         *http.Client                             // nil means http.DefaultClient
}

// Call sends in (nil sends an empty object) and decodes the answer into out (nil ignores it). An error answer is an
// *Error, found with errors.As; any other error means that no answer came or that it could not be read.
func (c *Client) Call(ctx context.Context, operation string, in, out any) error {
	response, err := c.send(ctx, operation, in)
	if err != nil {
		return fmt.Errorf("call %s: %w", operation, err)
	}
	defer response.Body.Close()
	answer := borrow()
	defer giveBack(answer)
	more, err := readLimited(answer, response.Body, maxAnswer)
	switch {
	case err != nil:
		return fmt.Errorf("read answer of %s: %w", operation, err)
	case response.StatusCode < 200 || response.StatusCode > 299:
		return decodeError(response, answer.Bytes())
	case more:
		return fmt.Errorf("read answer of %s: longer than %d bytes", operation, maxAnswer)
	case out == nil:
		return nil
	}
	if err := Decode(answer.Bytes(), out); err != nil {
		return fmt.Errorf("decode answer of %s: %w", operation, errNotAnswer(err))
	}
	return nil
}

// errNotAnswer hides the *Error of Decode: for a caller of the client an *Error is what the server said.
func errNotAnswer(err error) error { return fmt.Errorf("%v", err) }

func (c *Client) send(ctx context.Context, operation string, in any) (*http.Response, error) {
	if in == nil {
		in = struct{}{}
	}
	var body bytes.Buffer // not pooled: the transport may read it after Do returns
	if err := Encode(&body, in); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.Endpoint, "/")+"/", bytes.NewReader(body.Bytes()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("X-Amz-Target", c.TargetPrefix+"."+operation)
	if c.Sign != nil {
		if err := c.Sign(request, body.Bytes()); err != nil {
			return nil, fmt.Errorf("sign: %w", err)
		}
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	return client.Do(request)
}

// decodeError reads an error answer. Services write the code bare or behind a namespace and '#', the text as message
// or Message; what is no such body at all (a proxy's page) keeps its status as text.
func decodeError(response *http.Response, body []byte) *Error {
	e := &Error{Status: response.StatusCode, RequestID: response.Header.Get(requestIDHeader)}
	var told struct {
		Type    string `json:"__type"`
		Message string `json:"message,case:ignore"`
	}
	if json.Unmarshal(body, &told) == nil {
		e.Code = told.Type[strings.LastIndexByte(told.Type, '#')+1:]
		e.Message = told.Message
	}
	if e.Code == "" {
		e.Code, e.Message = "UnknownError", "HTTP status "+response.Status
	}
	return e
}

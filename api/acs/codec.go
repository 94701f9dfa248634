package acs

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxFrameBytes bounds a frame in either direction. The largest legitimate one is a payload of several tasks with task
// definitions of 64 KiB each.
const MaxFrameBytes = 8 << 20

// ErrFrameTooLarge is wrapped by Decode for a frame above MaxFrameBytes.
var ErrFrameTooLarge = errors.New("frame too large")

// ErrBadFrame is wrapped by Decode for a frame that is not an envelope or whose message does not fit its type.
var ErrBadFrame = errors.New("malformed frame")

// Message is one message of the protocol.
type Message interface {
	// MessageType is the name that stands in the envelope.
	MessageType() string
}

// UnknownMessage is a well-formed envelope of a type this package does not have.
type UnknownMessage struct {
	Type string
	// Raw is the JSON of the message member; nil when there was none.
	Raw []byte
}

// MessageType returns the name found in the envelope.
func (m UnknownMessage) MessageType() string { return m.Type }

// envelope is the outer object of every frame.
type envelope struct {
	Type    string         `json:"type"`
	Message jsontext.Value `json:"message,omitzero"`
}

// outgoing is an envelope whose message is not JSON yet: writing both in one pass spares a copy and a second look at every payload.
type outgoing struct {
	Type    string  `json:"type"`
	Message Message `json:"message"`
}

// makers has one constructor per known type. HeartbeatMessage exists on both websockets with the same name; its ACS
// form has one member more.
var makers = map[string]func() Message{}

func register[T any, P interface {
	*T
	Message
}]() {
	name := P(new(T)).MessageType()
	makers[name] = func() Message { return P(new(T)) }
}

// decodeOptions are lenient where a foreign agent may be sloppy and strict where ambiguity is dangerous (duplicate
// names stay an error).
var decodeOptions = json.JoinOptions(jsontext.AllowInvalidUTF8(true))

// encodeOptions replace broken characters instead of failing: a container's name or reason must not block a report.
var encodeOptions = json.JoinOptions(jsontext.AllowInvalidUTF8(true), json.Deterministic(true))

// Decode reads one frame. It returns a pointer to the message's struct, or an *UnknownMessage for a type it does not
// know. Errors wrap ErrFrameTooLarge or ErrBadFrame. The result shares no memory with frame.
func Decode(frame []byte) (Message, error) {
	if len(frame) > MaxFrameBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrFrameTooLarge, len(frame), MaxFrameBytes)
	}
	var env envelope
	if err := json.Unmarshal(frame, &env, decodeOptions); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadFrame, err)
	}
	if env.Type == "" {
		return nil, fmt.Errorf("%w: no type", ErrBadFrame)
	}
	maker, ok := makers[env.Type]
	if !ok {
		return &UnknownMessage{Type: env.Type, Raw: env.Message}, nil
	}
	msg := maker()
	if len(env.Message) == 0 || env.Message.Kind() == 'n' {
		return msg, nil
	}
	if err := json.Unmarshal(env.Message, msg, decodeOptions); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBadFrame, env.Type, err)
	}
	return msg, nil
}

// Encode writes one frame for a message or a pointer to one. Members without a value are left out. An *UnknownMessage
// is written as it was read.
func Encode(msg Message) ([]byte, error) {
	var frame []byte
	var err error
	switch m := msg.(type) {
	case nil:
		return nil, errors.New("encode: no message")
	case *UnknownMessage:
		frame, err = json.Marshal(envelope{Type: m.Type, Message: m.Raw}, encodeOptions)
	case UnknownMessage:
		frame, err = json.Marshal(envelope{Type: m.Type, Message: m.Raw}, encodeOptions)
	default:
		frame, err = json.Marshal(outgoing{Type: msg.MessageType(), Message: msg}, encodeOptions)
	}
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", msg.MessageType(), err)
	}
	return frame, nil
}

package acs

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestEveryKnownTypeSurvivesARoundTrip(t *testing.T) {
	for name, maker := range makers {
		msg := maker()
		fill(reflect.ValueOf(msg).Elem(), 0)
		frame, err := Encode(msg)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := Decode(frame)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, frame)
		}
		if !reflect.DeepEqual(got, msg) {
			t.Errorf("%s changed on the way:\n%s\n got %+v\nwant %+v", name, frame, got, msg)
		}
	}
	if len(makers) != 24 {
		t.Errorf("%d message types, the protocol has 24", len(makers))
	}
}

// fill gives every settable member a value that is not zero.
func fill(v reflect.Value, depth int) {
	switch v.Interface().(type) {
	case UnixTime:
		v.Set(reflect.ValueOf(UnixTimeOf(time.UnixMilli(1795213580002))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("s")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Float64:
		v.SetFloat(0.25)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"k": "v"}))
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(`{"a":1}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	}
}

func TestDecodeCapturedFrames(t *testing.T) {
	payload := `{"type":"PayloadMessage","message":{"messageId":"m","clusterArn":"c","containerInstanceArn":"i","generatedAt":1795213573085,"seqNum":3,"later":true,
	 "tasks":[{"arn":"a","family":"probe","version":"1","desiredStatus":"RUNNING","cpu":0.25,"overrides":"{}","volumes":[],
	 "containers":[{"name":"main","image":"busybox:local","cpu":64,"memory":64,"essential":true,"environment":{"FOO":"bar"},
	 "portMappings":[{"containerPort":8080,"hostPort":0,"protocol":"tcp"}],"stopTimeout":5,"healthCheckType":"docker",
	 "dockerConfig":{"version":"1.17","config":"{}","hostConfig":"{\"NetworkMode\":\"bridge\"}"}}]}]}}`
	msg, err := Decode([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	p, ok := msg.(*PayloadMessage)
	if !ok {
		t.Fatalf("got %T", msg)
	}
	c := p.Tasks[0].Containers[0]
	if p.SeqNum != 3 || p.Tasks[0].CPU != 0.25 || c.Environment["FOO"] != "bar" || c.StopTimeout != 5 ||
		c.DockerConfig.HostConfig != `{"NetworkMode":"bridge"}` {
		t.Errorf("payload misread: %+v", p)
	}
	health := `{"type":"PublishHealthRequest","message":{"metadata":{"cluster":"probe","containerInstance":"arn","fin":true,"messageId":"3"},
	 "tasks":[{"taskArn":"arn","taskDefinitionFamily":"probe","taskDefinitionVersion":"1",
	 "containers":[{"containerName":"main","healthStatus":"HEALTHY","statusSince":1795213580.002}]}],"timestamp":1795213599.727}}`
	msg, err = Decode([]byte(health))
	if err != nil {
		t.Fatal(err)
	}
	h := msg.(*PublishHealthRequest)
	if got := h.Tasks[0].Containers[0].StatusSince.UnixMilli(); got != 1795213580002 {
		t.Errorf("statusSince %d ms", got)
	}
}

func TestUnknownTypeIsAMessage(t *testing.T) {
	frame := []byte(`{"type":"FutureMessage","message":{"x":[1,2]}}`)
	msg, err := Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	u, ok := msg.(*UnknownMessage)
	if !ok || u.MessageType() != "FutureMessage" || string(u.Raw) != `{"x":[1,2]}` {
		t.Fatalf("got %#v", msg)
	}
	again, err := Encode(u)
	if err != nil || !bytes.Equal(again, frame) {
		t.Errorf("written back as %s, %v", again, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		frame string
		want  error
	}{
		"empty":           {"", ErrBadFrame},
		"array":           {"[]", ErrBadFrame},
		"no type":         {`{"message":{}}`, ErrBadFrame},
		"wrong member":    {`{"type":"AckRequest","message":{"messageId":5}}`, ErrBadFrame},
		"not an object":   {`{"type":"AckRequest","message":"x"}`, ErrBadFrame},
		"trailing bytes":  {`{"type":"AckRequest","message":{}} {}`, ErrBadFrame},
		"duplicate":       {`{"type":"A","type":"B"}`, ErrBadFrame},
		"far future":      {`{"type":"PublishHealthRequest","message":{"timestamp":1e300}}`, ErrBadFrame},
		"deeply nested":   {`{"type":"A","message":` + strings.Repeat("[", 100_000), ErrBadFrame},
		"above the bound": {strings.Repeat(" ", MaxFrameBytes+1), ErrFrameTooLarge},
	} {
		if _, err := Decode([]byte(c.frame)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestMissingAndNullMessageAreEmpty(t *testing.T) {
	for _, frame := range []string{`{"type":"HeartbeatMessage"}`, `{"type":"HeartbeatMessage","message":null}`} {
		msg, err := Decode([]byte(frame))
		if err != nil {
			t.Fatal(err)
		}
		if h, ok := msg.(*HeartbeatMessage); !ok || h.Healthy || h.MessageID != "" {
			t.Errorf("%s: %#v", frame, msg)
		}
	}
}

func TestEncodeNothing(t *testing.T) {
	if _, err := Encode(nil); err == nil {
		t.Error("nil was encoded")
	}
}

func TestUnixTimeText(t *testing.T) {
	for ms, want := range map[int64]string{1795213580002: "1795213580.002", 1795213580000: "1795213580"} {
		got, err := UnixTimeOf(time.UnixMilli(ms)).MarshalJSON()
		if err != nil || string(got) != want {
			t.Errorf("%d: %s, %v", ms, got, err)
		}
	}
	if got, _ := (UnixTime{}).MarshalJSON(); string(got) != "0" {
		t.Errorf("zero: %s", got)
	}
}

package wire

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"berth/api/awsjson"
)

func encode(t testing.TB, v any) string {
	t.Helper()
	var out bytes.Buffer
	if err := awsjson.Encode(&out, v); err != nil {
		t.Fatalf("encode %T: %v", v, err)
	}
	return out.String()
}

// fill sets every member of a shape to something, lists and maps to one entry.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		entry := reflect.New(v.Type().Elem()).Elem()
		fill(entry)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key"), entry)
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(1789591247)
	case reflect.Float64:
		v.SetFloat(0.25)
	}
}

func shapes(visit func(name string, made any)) {
	for name, op := range Operations {
		visit(name+" input", op.Input())
		visit(name+" output", op.Output())
	}
}

func TestFullShapesSurviveTheWire(t *testing.T) {
	shapes(func(name string, full any) {
		fill(reflect.ValueOf(full).Elem())
		back := reflect.New(reflect.TypeOf(full).Elem()).Interface()
		text := encode(t, full)
		if err := awsjson.Decode([]byte(text), back); err != nil {
			t.Errorf("%s: %v in %s", name, err, text)
		} else if !reflect.DeepEqual(full, back) {
			t.Errorf("%s came back changed: %s and %s", name, text, encode(t, back))
		}
	})
}

func TestEmptyShapesAreEmptyObjects(t *testing.T) {
	shapes(func(name string, empty any) {
		if got := encode(t, empty); got != "{}" {
			t.Errorf("%s: %s", name, got)
		}
	})
}

func TestLeniency(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"null is absent", `{"cluster":null,"count":null,"overrides":null,"tags":null}`, `{}`},
		{"null inside", `{"overrides":{"cpu":null,"containerOverrides":null}}`, `{"overrides":{}}`},
		{"empty lists stay", `{"tags":[],"overrides":{"containerOverrides":[]}}`, `{"overrides":{"containerOverrides":[]},"tags":[]}`},
		{"unknown members", `{"volumeConfigurations":[],"tomorrow":{"a":[1,{"b":null}]},"cluster":"c"}`, `{"cluster":"c"}`},
		{"other case is unknown", `{"Cluster":"c","TASKDEFINITION":"t"}`, `{}`},
		{"empty text is present", `{"platformVersion":""}`, `{"platformVersion":""}`},
		{"zero and false are present", `{"count":0,"enableExecuteCommand":false}`, `{"count":0,"enableExecuteCommand":false}`},
		{"unknown enum value survives", `{"launchType":"TOMORROW"}`, `{"launchType":"TOMORROW"}`},
		{"keys are sorted", `{"tags":[{"value":"v","key":"k"}],"cluster":"c"}`, `{"cluster":"c","tags":[{"key":"k","value":"v"}]}`},
	} {
		var in RunTaskInput
		if err := awsjson.Decode([]byte(tt.in), &in); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if got := encode(t, &in); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestWrongTypes(t *testing.T) {
	for _, in := range []string{
		`{"cluster":1}`, `{"cluster":{}}`, `{"count":"1"}`, `{"count":1.5}`, `{"count":4294967296}`, `{"enableExecuteCommand":"true"}`,
		`{"enableExecuteCommand":1}`, `{"tags":{}}`, `{"tags":["k"]}`, `{"overrides":[]}`, `[]`, `"x"`, `{"cluster":"c"`,
	} {
		var coded awsjson.CodedError
		if err := awsjson.Decode([]byte(in), new(RunTaskInput)); !errors.As(err, &coded) || coded.ErrorCode() != awsjson.CodeSerialization {
			t.Errorf("%s: got %v", in, err)
		}
	}
}

func TestTimestamp(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`1.789591247503E9`, `1789591247.503`},
		{`1789591247.503`, `1789591247.503`},
		{`1789591247`, `1789591247`},
		{`1789591247.050`, `1789591247.050`},
		{`1789591247.0005`, `1789591247.001`},
		{`17e8`, `1700000000`},
		{`0`, `0`},
		{`-0.5`, `-0.500`},
		{`-62135596800`, `-62135596800`},
		{`253402300799.999`, `253402300799.999`},
	} {
		var out SubmitTaskStateChangeInput
		if err := awsjson.Decode([]byte(`{"pullStartedAt":`+tt.in+`}`), &out); err != nil {
			t.Errorf("%s: %v", tt.in, err)
		} else if got := encode(t, &out); got != `{"pullStartedAt":`+tt.want+`}` {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.want)
		}
	}
	for _, in := range []string{`"1789591247"`, `"2026-09-16T00:00:00Z"`, `true`, `{}`, `253402300800`, `-62135596801`, `1e999`} {
		if err := awsjson.Decode([]byte(`{"pullStartedAt":`+in+`}`), new(SubmitTaskStateChangeInput)); err == nil {
			t.Errorf("%s was taken", in)
		}
	}
	at := time.Date(2026, 9, 16, 21, 0, 47, 503_999_999, time.FixedZone("x", 7200))
	if got := TimestampOf(at).Time(); !got.Equal(at.Truncate(time.Millisecond)) || got.Location() != time.UTC {
		t.Errorf("%v became %v", at, got)
	}
}

func TestOperationTables(t *testing.T) {
	table := AwsJSON()
	if len(table) != len(Operations) || TargetPrefix != "AmazonEC2ContainerServiceV20141113" {
		t.Fatalf("%d operations behind %s", len(table), TargetPrefix)
	}
	for _, op := range table {
		if _, ok := op.NewInput().(Input); !ok {
			t.Errorf("%s: %T cannot validate itself", op.Name, op.NewInput())
		}
		if own := Operations[op.Name]; own.Name != op.Name || !slices.IsSorted(own.Errors) || len(own.Errors) < 2 {
			t.Errorf("odd entry %+v", own)
		}
		if !strings.HasSuffix(reflect.TypeOf(op.NewInput()).String(), "."+op.Name+"Input") {
			t.Errorf("%s takes %T", op.Name, op.NewInput())
		}
	}
}

func FuzzDecode(f *testing.F) {
	names := make([]string, 0, len(Operations))
	for _, op := range AwsJSON() {
		full := op.NewInput()
		fill(reflect.ValueOf(full).Elem())
		if seed := encode(f, full); len(seed) < 600 { // the fuzzer would spend its time on making larger ones smaller
			f.Add(uint8(len(names)), []byte(seed))
		}
		names = append(names, op.Name)
	}
	f.Add(uint8(slices.Index(names, "RunTask")), []byte(`{"overrides":{"cpu":"1"},"overrides":{"memory":"2"},"count":1e0}`))
	f.Add(uint8(slices.Index(names, "RegisterTaskDefinition")), []byte(`{"family":"f","containerDefinitions":[{"name":"a",`+
		`"portMappings":[{"containerPort":80}],"dockerLabels":{"a":"b"}}],"tags":[{"key":"k","key":"l"}]}`))
	f.Add(uint8(slices.Index(names, "SubmitTaskStateChange")), []byte(`{"pullStartedAt":1.789591247503E9}`))
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		name := names[int(which)%len(names)]
		once, twice := Operations[name].Input(), Operations[name].Input()
		if awsjson.Decode(body, once) != nil {
			return
		}
		_ = once.(Input).Validate() // must not panic
		text := encode(t, once)
		if err := awsjson.Decode([]byte(text), twice); err != nil {
			t.Fatalf("%s does not read its own %s: %v", name, text, err)
		}
		if again := encode(t, twice); again != text {
			t.Errorf("%s changes:\n%s\n%s", name, text, again)
		}
	})
}

const runTaskBody = `{"cluster":"default","taskDefinition":"web:3","count":2,"launchType":"EC2","startedBy":"ci/1234",` +
	`"clientToken":"0123456789abcdef0123456789abcdef","group":"family:web","enableECSManagedTags":true,` +
	`"networkConfiguration":{"awsvpcConfiguration":{"subnets":["a","b"],"assignPublicIp":"DISABLED"}},` +
	`"overrides":{"containerOverrides":[{"name":"web","command":["serve","--port","80"],"environment":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}]},` +
	`"placementConstraints":[{"type":"memberOf","expression":"attribute:zone == a"}],"placementStrategy":[{"type":"spread","field":"instanceId"}],` +
	`"tags":[{"key":"team","value":"x"}]}`

func BenchmarkDecodeRunTask(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var in RunTaskInput
		if err := awsjson.Decode([]byte(runTaskBody), &in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidateRunTask(b *testing.B) {
	var in RunTaskInput
	if err := awsjson.Decode([]byte(runTaskBody), &in); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := in.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeRunTask(b *testing.B) {
	var answer RunTaskOutput
	fill(reflect.ValueOf(&answer).Elem())
	var out bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if err := awsjson.Encode(&out, &answer); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(out.Len()))
}

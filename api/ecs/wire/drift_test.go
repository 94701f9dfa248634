package wire

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"berth/api/ecs/wire/internal/facts"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

var update = flag.Bool("update", false, "rewrite later.txt with what the SDK has and the facts lack")

// drift walks the table of facts and the SDK's types side by side, from every operation down.
type drift struct {
	t     *testing.T
	model *facts.Model
	later map[string]bool // what only the SDK has
	seen  map[[2]string]bool
}

// TestDrift holds the facts against AWS's SDK: what the facts say must be there with the same kind, and what only the
// SDK has must be listed in later.txt, so that an upgrade of the SDK that brings news fails here and gets looked at.
// Run with -update after that look.
func TestDrift(t *testing.T) {
	d := &drift{t: t, model: loadFacts(t), later: map[string]bool{}, seen: map[[2]string]bool{}}
	client := reflect.TypeFor[*ecs.Client]()
	for name, op := range d.model.Operations {
		method, ok := client.MethodByName(name)
		if !ok {
			t.Errorf("the SDK has no operation %s", name)
			continue
		}
		d.structure(op.Input, method.Type.In(2).Elem())
		d.structure(op.Output, method.Type.Out(0).Elem())
	}
	d.operations(client)
	d.compareLater()
}

func loadFacts(t testing.TB) *facts.Model {
	model, err := facts.Load("facts.json", "facts_later.json")
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func (d *drift) structure(name string, sdk reflect.Type) {
	if d.seen[[2]string{name, sdk.Name()}] {
		return
	}
	d.seen[[2]string{name, sdk.Name()}] = true
	known := map[string]bool{"ResultMetadata": true}
	for _, member := range d.model.Structures[name] {
		goName := strings.ToUpper(member.Name[:1]) + member.Name[1:]
		known[goName] = true
		field, ok := sdk.FieldByName(goName)
		if ok == member.Undocumented {
			d.t.Errorf("%s.%s: in the SDK %v, undocumented %v", name, member.Name, ok, member.Undocumented)
		}
		if ok {
			d.value(name+"."+member.Name, member.Type, field.Type)
		}
	}
	for _, field := range reflect.VisibleFields(sdk) {
		if field.IsExported() && !known[field.Name] {
			d.later["member "+sdk.Name()+"."+field.Name] = true
		}
	}
}

// value compares one type of the table with the SDK's; the SDK has scalars with and without pointers.
func (d *drift) value(where, name string, sdk reflect.Type) {
	if sdk.Kind() == reflect.Pointer {
		sdk = sdk.Elem()
	}
	kind := d.model.Kind(name)
	if want := sdkKind(sdk); want != kind {
		d.t.Errorf("%s: the facts say %s, the SDK %s", where, kind, want)
		return
	}
	switch kind {
	case facts.Structure:
		d.structure(name, sdk)
	case facts.ListKind:
		d.value(where+"[]", d.model.Lists[name].Element, sdk.Elem())
	case facts.MapKind:
		d.value(where+"{}", d.model.Maps[name].Value, sdk.Elem())
	case facts.Enum:
		d.enum(name, sdk)
	}
}

func sdkKind(sdk reflect.Type) string {
	if sdk == reflect.TypeFor[time.Time]() {
		return facts.Timestamp
	}
	switch sdk.Kind() {
	case reflect.String:
		if _, isEnum := sdk.MethodByName("Values"); isEnum {
			return facts.Enum
		}
		return facts.String
	case reflect.Int32:
		return facts.Integer
	case reflect.Int64:
		return facts.Long
	case reflect.Float64:
		return facts.Double
	case reflect.Bool:
		return facts.Boolean
	case reflect.Slice:
		return facts.ListKind
	case reflect.Map:
		return facts.MapKind
	case reflect.Struct:
		return facts.Structure
	}
	return sdk.String()
}

func (d *drift) enum(name string, sdk reflect.Type) {
	values := map[string]bool{}
	for _, value := range reflect.New(sdk).Elem().MethodByName("Values").Call(nil)[0].Seq2() {
		values[value.String()] = true
	}
	for _, value := range d.model.Enums[name] {
		if !values[value] {
			d.t.Errorf("enum %s: the SDK has no %q", name, value)
		}
	}
	for value := range values {
		if !slices.Contains(d.model.Enums[name], value) {
			d.later["value "+sdk.Name()+" "+value] = true
		}
	}
}

// operations notes the operations that only the SDK has. A method of its client is one if it takes context, input and
// options.
func (d *drift) operations(client reflect.Type) {
	for method := range client.Methods() {
		_, known := d.model.Operations[method.Name]
		if method.Type.NumIn() == 4 && strings.HasSuffix(method.Type.In(2).String(), "Input") && !known {
			d.later["operation "+method.Name] = true
		}
	}
}

func (d *drift) compareLater() {
	found := []byte(strings.Join(slices.Sorted(maps.Keys(d.later)), "\n") + "\n")
	if *update {
		if err := os.WriteFile("later.txt", found, 0o644); err != nil {
			d.t.Fatal(err)
		}
	}
	listed, err := os.ReadFile("later.txt")
	if err != nil {
		d.t.Fatal(err)
	}
	if bytes.Equal(listed, found) {
		return
	}
	expected := map[string]bool{}
	for line := range strings.Lines(string(listed)) {
		expected[strings.TrimSpace(line)] = true
	}
	for line := range d.later {
		if !expected[line] {
			d.t.Errorf("new in the SDK, neither in the facts nor in later.txt: %s", line)
		}
	}
	for line := range expected {
		if !d.later[line] {
			d.t.Errorf("in later.txt, but no longer only in the SDK: %s", line)
		}
	}
	if !d.t.Failed() {
		d.t.Error("later.txt is not sorted as -update writes it")
	}
}

// TestShapesFollowFacts checks the generated types by reflection: every member is there, optional, and named right.
func TestShapesFollowFacts(t *testing.T) {
	model := loadFacts(t)
	if len(model.Operations) != 55 || len(Operations) != 55 {
		t.Fatalf("%d operations in the facts, %d in Go", len(model.Operations), len(Operations))
	}
	for name, op := range model.Operations {
		for structure, made := range map[string]any{op.Input: Operations[name].Input(), op.Output: Operations[name].Output()} {
			shape := reflect.TypeOf(made).Elem()
			if len(model.Structures[structure]) != shape.NumField() {
				t.Errorf("%s: %d members, %d fields", structure, len(model.Structures[structure]), shape.NumField())
			}
			for field := range shape.Fields() {
				switch field.Type.Kind() {
				case reflect.Pointer, reflect.Slice, reflect.Map:
				default:
					t.Errorf("%s.%s cannot be absent", shape, field.Name)
				}
				if !strings.HasSuffix(string(field.Tag), `,omitzero"`) {
					t.Errorf("%s.%s would be written as null", shape, field.Name)
				}
			}
		}
	}
}

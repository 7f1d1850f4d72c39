package schema_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/bundle"
	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
	"github.com/packs-cli/packs/schema"
)

// TestSchemasHaveTheFieldsOfTheTypes: what a Go type writes, its schema has,
// and nothing else; what is always written is required.
func TestSchemasHaveTheFieldsOfTheTypes(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		schema.Plan:             plan.Plan{},
		schema.ApplyReport:      executor.Report{},
		schema.ValidationReport: lint.Report{},
		schema.RuleList:         render.RuleList{},
		schema.VerifyReport:     executor.VerifyReport{},
		schema.DiffReport:       executor.DiffReport{},
		schema.BundleReport:     executor.BundleReport{},
		schema.Bundle:           bundle.List{},
		schema.BundleParts:      bundle.PartList{},
		schema.PalettePlan:      executor.PalettePlan{},
		schema.PaletteSync:      executor.PaletteSyncs{},
		schema.PaletteVerify:    executor.PaletteVerification{},
	} {
		root := load(t, name)
		definitions, _ := root["definitions"].(map[string]any)
		compareFields(t, name, reflect.TypeOf(value), root, definitions)
	}
}

func compareFields(t *testing.T, at string, typ reflect.Type, node, definitions map[string]any) {
	t.Helper()
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		if typ.Kind() == reflect.Slice {
			node, _ = node["items"].(map[string]any)
		}
		typ = typ.Elem()
		if ref, ok := node["$ref"].(string); ok {
			node, _ = definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
		}
	}
	if typ.Kind() != reflect.Struct {
		return
	}
	properties, _ := node["properties"].(map[string]any)
	var always []string
	fields := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(typ) {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		fields[name] = field.Type
		if !strings.Contains(options, "omitempty") {
			always = append(always, name)
		}
	}
	if got, want := slices.Sorted(maps.Keys(properties)), slices.Sorted(maps.Keys(fields)); !slices.Equal(got, want) {
		t.Errorf("%s: schema has %v, %s has %v", at, got, typ, want)
	}
	var required []string
	list, _ := node["required"].([]any)
	for _, key := range list {
		text, _ := key.(string)
		required = append(required, text)
	}
	slices.Sort(required)
	slices.Sort(always)
	if !slices.Equal(required, always) {
		t.Errorf("%s: schema requires %v, %s always writes %v", at, required, typ, always)
	}
	for name, child := range fields {
		property, _ := properties[name].(map[string]any)
		if ref, ok := property["$ref"].(string); ok {
			property, _ = definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
		}
		compareFields(t, at+"/"+name, child, property, definitions)
	}
}

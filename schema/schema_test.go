package schema_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/schema"
)

func TestEverySchemaIsNamedAndCompiles(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob("*.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(schema.Names()) {
		t.Errorf("%d files, %d names", len(found), len(schema.Names()))
	}
	for _, name := range schema.Names() {
		if !slices.Contains(found, schema.FileName(name)) {
			t.Errorf("%s has no file", name)
		}
		var invalid *schema.Error
		if err := schema.Validate(name, []byte(`[]`)); !errors.As(err, &invalid) {
			t.Errorf("%s: a list is %v, want *schema.Error", name, err)
		}
	}
}

func TestGetRefusesUnknownNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "nope", "../schema", "packs.schema.json"} {
		if _, err := schema.Get(name); !errors.Is(err, schema.ErrUnknown) {
			t.Errorf("Get(%q): %v", name, err)
		}
		if err := schema.Validate(name, nil); !errors.Is(err, schema.ErrUnknown) {
			t.Errorf("Validate(%q): %v", name, err)
		}
	}
}

func TestValidateReadsTextAndValues(t *testing.T) {
	t.Parallel()
	text := `{"name":"nginx","displayName":"NGINX","version":"1.0.0","layer":"addon","kubeVersion":"1.30"}`
	pack := map[string]any{"name": "nginx", "displayName": "NGINX", "version": "1.0.0", "layer": "addon"}
	for _, value := range []any{[]byte(text), json.RawMessage(text), pack} {
		if err := schema.Validate(schema.Pack, value); err != nil {
			t.Errorf("%T: %v", value, err)
		}
	}
	for _, text := range []string{``, `{`, text + text} {
		if err := schema.Validate(schema.Pack, []byte(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
	if err := schema.Validate(schema.Pack, make(chan int)); err == nil {
		t.Error("a channel is a pack")
	}
}

func TestValidateListsEveryViolation(t *testing.T) {
	t.Parallel()
	text := `{"name":"Nginx","version":"1.0.0","layer":"addons","charts":["a",1]}`
	var invalid *schema.Error
	if err := schema.Validate(schema.Pack, []byte(text)); !errors.As(err, &invalid) {
		t.Fatalf("error %v", err)
	}
	got := make([]string, len(invalid.Violations))
	for i, v := range invalid.Violations {
		got[i] = v.Location + " " + v.Keyword
	}
	want := []string{" required", "/charts/1 type", "/layer enum", "/name pattern"}
	if !slices.Equal(got, want) {
		t.Errorf("violations %q, want %q\n%v", got, want, invalid)
	}
}

func TestRealPacksFit(t *testing.T) {
	t.Parallel()
	corpus := filepath.Join("..", "..", "shared", "corpus")
	packs, err := filepath.Glob(filepath.Join(corpus, "*", "pack.json"))
	if _, statErr := os.Stat(corpus); err != nil || errors.Is(statErr, fs.ErrNotExist) {
		t.Skip("no real packs beside the repository")
	}
	for _, path := range packs {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(schema.Pack, text); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestPacksYAMLIsDescribed holds packs.schema.json to what completion in
// editors and reference pages need.
func TestPacksYAMLIsDescribed(t *testing.T) {
	t.Parallel()
	root := load(t, schema.Packs)
	definitions, _ := root["definitions"].(map[string]any)
	walk(root, "", func(at string, node map[string]any) {
		properties, _ := node["properties"].(map[string]any)
		for key, p := range properties {
			property, _ := p.(map[string]any)
			if text, _ := property["description"].(string); len(text) < 3 || !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "…") {
				t.Errorf("%s/%s: description %q is no sentence", at, key, text)
			}
			if !shown(property, definitions) {
				t.Errorf("%s/%s: neither examples nor a list of its values", at, key)
			}
		}
		if _, isObject := node["properties"]; isObject && at != "" && node["additionalProperties"] != false {
			t.Errorf("%s: unknown keys are not refused", at)
		}
		// An editor flags what Load would still fill in, unless patterns let variables through.
		if pattern, ok := node["pattern"].(string); ok && !strings.HasSuffix(at, "/propertyNames") && !strings.HasSuffix(pattern, `|\$\{`) {
			t.Errorf(`%s: pattern %s does not end in |\$\{`, at, pattern)
		}
	})
}

// shown tells whether a reader sees what a key's value may be.
func shown(property, definitions map[string]any) bool {
	if property["type"] == "boolean" {
		return true
	}
	for _, keyword := range []string{"examples", "enum"} {
		if property[keyword] != nil {
			return true
		}
	}
	ref, _ := property["$ref"].(string)
	target, _ := definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
	return target != nil && shown(target, definitions)
}

// TestRefsStandAlone: draft-07 ignores what stands beside $ref, so only
// annotations may.
func TestRefsStandAlone(t *testing.T) {
	t.Parallel()
	for _, name := range schema.Names() {
		walk(load(t, name), "", func(at string, node map[string]any) {
			if node["$ref"] == nil {
				return
			}
			for key := range node {
				if !slices.Contains([]string{"$ref", "description", "default", "examples", "title"}, key) {
					t.Errorf("%s%s: %s beside $ref", name, at, key)
				}
			}
		})
	}
}

func load(t *testing.T, name string) map[string]any {
	t.Helper()
	text, err := schema.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	return root
}

// walk calls visit for each subschema; examples and defaults are none.
func walk(node any, at string, visit func(at string, node map[string]any)) {
	switch node := node.(type) {
	case map[string]any:
		visit(at, node)
		for key, child := range node {
			if key != "examples" && key != "default" && key != "enum" {
				walk(child, at+"/"+key, visit)
			}
		}
	case []any:
		for i, child := range node {
			walk(child, at+"/"+fmt.Sprint(i), visit)
		}
	}
}

func ExampleValidate() {
	err := schema.Validate(schema.Pack, []byte(`{"name": "nginx", "displayName": "NGINX", "version": "1.0.0", "layer": "app"}`))
	fmt.Println(err)
	// Output:
	// /layer: value must be one of "kernel", "os", "k8s", "cni", "csi", "addon"
}

func ExampleGet() {
	text, err := schema.Get(schema.Packs)
	fmt.Println(err == nil, json.Valid(text))
	// Output: true true
}

package manifest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/schema"
)

// parseOnly reads what stands in a file: no globs, no packs.
func parseOnly(t *testing.T, dir string, data []byte, o LoadOptions) (*loader, bool) {
	t.Helper()
	l, err := newLoader(filepath.Join(dir, "packs.yaml"), o)
	if err != nil {
		t.Fatal(err)
	}
	return l, l.parse(data)
}

// FuzzLoad: no bytes make reading a catalog panic or hang; a catalog without
// mistakes fits the JSON Schema as an editor sees it; and a secret variable
// never comes out.
func FuzzLoad(f *testing.F) {
	example, err := os.ReadFile(filepath.Join("..", "packs.yaml.example"))
	if err != nil {
		f.Fatal(err)
	}
	const start = "apiVersion: packs/v1\nkind: Catalog\n"
	for _, seed := range []string{
		string(example), "", "\x00", "a: b: c", start + "registries: [{name: a, type: layout, path: b}]\npacks: []\n",
		start + "registries: [{name: a, type: oci, host: '${X_TOKEN}', credentials: {passwordEnv: Y}}]\npacks: [{path: '${Y}'}]\n",
		start + "x-a: &a [*a]\n", start + "x-a: &a {<<: *a}\n", start + "x-a: &a {b: c}\nregistries:\n  - <<: [*a, {<<: *a}]\n",
		start + "registries: {a: [}\n", "? [a]\n: b\n", start + "packs: [~, '', [], {}, {path: }, {from: {registry: x}}]\n", "%YAML 1.1\n---\n!!map {}\n...\n---\n",
		start + "registries: [{name: e, type: ecr, account: 1, repository: {tags: {1: 2}}}]\nretired: [{name: a, versions: '>1 <'}]\n",
		start + "registries: [{name: h, type: harbor, host: 'a:99999', project: x, createProject: {storageLimit: 9999999999999TiB}}]\nprune: {keep: {newerThan: 1e9w}}\n",
	} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	o := LoadOptions{Env: func(name string) (string, bool) { return "canary" + name, true }, LintRules: []string{"readme-missing"}}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, ok := parseOnly(t, dir, data, o)
		_, err := l.finish()
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("a variable's value is shown: %v", err)
		}
		if ok && len(l.report.problems) == 0 && !strings.Contains(string(data), "${") {
			fits(t, l.root)
		}
	})
}

// fits holds a catalog that Load takes against the JSON Schema. Texts that
// YAML takes for something else are quoted first: Load keeps them as written.
func fits(t *testing.T, root *value) {
	t.Helper()
	err := schema.Validate(schema.Packs, plain(root, mustStructure(t)))
	var invalid *schema.Error
	if errors.As(err, &invalid) {
		t.Errorf("right for Load, wrong for the schema: %v", err)
	}
}

func mustStructure(t *testing.T) *structure {
	t.Helper()
	s, err := packsStructure()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain turns a value into what encoding/json writes.
func plain(v *value, s *structure) any {
	switch v.kind {
	case mapping:
		m := map[string]any{}
		for _, member := range v.members {
			if child := below(s, member.key, v); child != nil {
				m[member.key] = plain(member.value, child)
			}
		}
		return m
	case list:
		items := make([]any, len(v.items))
		for i, item := range v.items {
			items[i] = plain(item, alternativeFor(s, item).Items.orSelf(s))
		}
		return items
	case scalar, null:
	}
	if s = alternativeFor(s, v); s.Type == "boolean" || s.Type == "integer" || s.Type == "number" {
		var x any
		if err := yaml.Unmarshal([]byte(v.raw), &x); err == nil {
			return x
		}
	}
	return v.text
}

// orSelf keeps plain going where a list stands in one of several alternatives.
func (s *structure) orSelf(parent *structure) *structure {
	if s != nil {
		return s
	}
	for _, o := range parent.OneOf {
		if o.Items != nil {
			return o.Items
		}
	}
	if parent.Items != nil {
		return parent.Items
	}
	return parent
}

// alternativeFor returns the alternative of a schema that a value can fit.
func alternativeFor(s *structure, v *value) *structure {
	for _, o := range s.OneOf {
		if o.takes(v.kind) && (o.Type != "boolean" || v.tag == boolTag) {
			return o
		}
	}
	return s
}

// below returns the schema of a key in any alternative.
func below(s *structure, key string, v *value) *structure {
	for _, o := range append([]*structure{s}, s.OneOf...) {
		if by := o.Properties["type"]; by != nil && by.Const != "" && by.Const != v.str("type") {
			continue
		}
		if child, ok := o.property(key); ok {
			return child
		}
	}
	return nil
}

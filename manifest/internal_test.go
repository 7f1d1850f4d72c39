package manifest

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/schema"
)

func TestReadFileStops(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "packs.yaml")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 100<<20); err != nil {
		t.Fatal(err)
	}
	if data, err := readFile(file); err != nil || len(data) != maxFile+1 {
		t.Errorf("%d bytes, error %v", len(data), err)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	keys := []string{"name", "path", "passwordEnv", "passwordFile", "plainHTTP", "repositoryPrefix", "tls"}
	for word, want := range map[string]string{
		"naem": "name", "PATH": "path", "plainHttp": "plainHTTP", "password": "passwordEnv", "prefix": "repositoryPrefix", "passwordenv": "passwordEnv",
		"tsl": "tls", "zzz": "", "": "", "x": "", "name": "", strings.Repeat("a", 100): "",
	} {
		if got := nearest(word, keys); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

// TestEveryKeywordIsUnderstood: a keyword of the schema that the checker does
// not know would be a rule that nobody enforces.
func TestEveryKeywordIsUnderstood(t *testing.T) {
	t.Parallel()
	known := []string{
		"$schema", "$ref", "title", "description", "default", "examples", "definitions", "type", "const", "enum", "pattern", "patternErrorMessage",
		"minLength", "maxLength", "minimum", "exclusiveMinimum", "maximum", "items", "minItems", "maxItems",
		"properties", "patternProperties", "additionalProperties", "propertyNames", "required", "dependencies", "oneOf", "allOf", "not",
	}
	text, err := schema.Get(schema.Packs)
	if err != nil {
		t.Fatal(err)
	}
	var root any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	var walk func(node any, at string, keywords bool)
	walk = func(node any, at string, keywords bool) {
		switch node := node.(type) {
		case []any:
			for _, child := range node {
				walk(child, at, true)
			}
		case map[string]any:
			for key, child := range node {
				if keywords && !slices.Contains(known, key) {
					t.Errorf("%s: keyword %s", at, key)
				}
				names := keywords && slices.Contains([]string{"properties", "patternProperties", "definitions", "dependencies"}, key)
				if !slices.Contains([]string{"examples", "default", "dependencies", "required", "enum"}, key) || !keywords {
					walk(child, at+"/"+key, !names)
				}
			}
		}
	}
	walk(root, "", true)
}

// TestExamplesOfTheSchema: each example of a key is right by that key's schema.
func TestExamplesOfTheSchema(t *testing.T) {
	t.Parallel()
	root, err := packsStructure()
	if err != nil {
		t.Fatal(err)
	}
	var raw struct {
		Definitions map[string]struct {
			Examples   []json.RawMessage
			Properties map[string]struct{ Examples []json.RawMessage }
		}
		Properties map[string]struct{ Examples []json.RawMessage }
	}
	text, err := schema.Get(schema.Packs)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	n := 0
	try := func(s *structure, label string, examples []json.RawMessage) {
		for _, example := range examples {
			n++
			r := &report{file: label}
			document := document(r, example) // JSON is YAML
			if document == nil {
				t.Errorf("%s: %v", label, r.err())
				continue
			}
			c := &checker{report: r, variables: newVariables(LoadOptions{})}
			c.check(build(r, document), s, label[strings.LastIndexByte(label, '/')+1:])
			if err := r.err(); err != nil {
				t.Errorf("%s: example %s: %v", label, example, err)
			}
		}
	}
	for name, d := range raw.Definitions {
		try(root.Definitions[name], name, d.Examples)
		for key, p := range d.Properties {
			try(root.Definitions[name].Properties[key], name+"/"+key, p.Examples)
		}
	}
	for key, p := range raw.Properties {
		try(root.Properties[key], key, p.Examples)
	}
	if n < 80 {
		t.Errorf("only %d examples", n)
	}
}

// TestGlobsEnd: what all globs of a catalog look at is bounded.
func TestGlobsEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	l, err := newLoader(filepath.Join(dir, "packs.yaml"), LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l.visits = maxVisits - 6
	if !l.parse([]byte("apiVersion: packs/v1\nkind: Catalog\nregistries: [{name: l, type: layout, path: ./l}]\npacks: [{path: '**'}, {path: '**'}, {path: '**'}]\n")) {
		t.Fatal(l.report.err())
	}
	l.packs()
	_, err = l.finish()
	if !errors.Is(err, ErrTooLarge) || strings.Count(err.Error(), "globs have come to") != 1 {
		t.Errorf("error %v", err)
	}
}

// TestRepositoryNamesHaveALimit: of 255 characters, those of the pack's name counted.
func TestRepositoryNamesHaveALimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		prefix int
		want   string
	}{{225, ""}, {230, "has more than 255 characters"}, {250, "characters long: with a pack's name it may have 255"}} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "pack.json"), []byte(`{"name": "`+strings.Repeat("n", 6)+`", "version": "1", "displayName": "n", "layer": "addon"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "packs.yaml")
		text := "apiVersion: packs/v1\nkind: Catalog\nregistries: [{name: r, type: oci, host: h, repositoryPrefix: " + strings.Repeat("p", tt.prefix) + "}]\npacks: [{path: .}]\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(file, LoadOptions{})
		if tt.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("prefix of %d: %v", tt.prefix, err)
		}
	}
}

// FuzzGlob: no pattern makes a walk panic, leave the work tree or find what is
// no pack.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"packs/**", ""}, {"**/*/**", "x"}, {"../**", "**"}, {"{a,b}/[x-z]?*", "\\*"}, {"", "."}, {"/", ""}, {"a/../..//b/./", "a"}, {"**/.git/**", ""}, {"[", "{"},
	} {
		f.Add(seed[0], seed[1])
	}
	top := f.TempDir()
	repo := filepath.Join(top, "repo")
	for _, path := range []string{"outside/pack.json", "repo/.git/x/pack.json", "repo/packs/a/pack.json", "repo/packs/a/b/pack.json", "repo/packs/c/d/pack.json", "repo/x.tgz"} {
		file := filepath.Join(top, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			f.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			f.Fatal(err)
		}
	}
	if err := os.Symlink("../../outside", filepath.Join(repo, "packs", "sly")); err != nil {
		f.Skip(err)
	}
	border, err := newTree(repo, LoadOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, pattern, exclude string) {
		if globFault(pattern) != "" || globFault(exclude) != "" {
			return
		}
		visits := 0
		g, at := newGlobber(border, pattern, []string{exclude}, &visits)
		g.run(at)
		for _, found := range g.found {
			if !border.holds(found.real) || strings.Contains(found.real, string(filepath.Separator)+".git") {
				t.Errorf("%q finds %s", pattern, found.real)
			}
			if _, err := os.Stat(filepath.Join(found.real, packFile)); err != nil && !found.archive {
				t.Errorf("%q finds %s, which is no pack", pattern, found.real)
			}
		}
		if visits > 100 {
			t.Errorf("%q looks at %d files", pattern, visits)
		}
	})
}

// TestTargetsHaveALimit: entries times registries cannot fill the memory;
// entries that say the same share their targets.
func TestTargetsHaveALimit(t *testing.T) {
	t.Parallel()
	const start = "apiVersion: packs/v1\nkind: Catalog\nregistries: [{name: a, type: ecr}, {name: b, type: ecr, region: eu-west-1}]\npacks:\n"
	for entries, want := range map[string]bool{
		"  - {path: x}\n  - {path: y}\n  - {path: z}\n":                                              true,
		"  - {path: x}\n  - {path: y, registries: '*'}\n":                                            true,
		"  - {path: x}\n  - {path: y, registries: '*'}\n  - {path: z, registries: [a, b]}\n":         false,
		"  - {path: x}\n  - {path: y, onChange: skip}\n  - {path: z, onChange: overwrite}\n":         false,
		"  - {path: x, registries: a}\n  - {path: y, registries: b}\n  - {path: z, registries: a}\n": true,
	} {
		l, err := newLoader(filepath.Join(t.TempDir(), "packs.yaml"), LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		l.targetCount = maxTargets - 4
		l.parse([]byte(start + entries))
		if err := l.report.err(); (err == nil) != want || err != nil && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: error %v", entries, err)
		}
	}
}

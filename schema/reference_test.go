package schema_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/schema"
)

var update = flag.Bool("update", false, "rewrite docs/packs-yaml.md")

// TestReferenceIsUpToDate holds docs/packs-yaml.md to the schema that it is made of.
func TestReferenceIsUpToDate(t *testing.T) {
	t.Parallel()
	raw, err := schema.Get("packs")
	if err != nil {
		t.Fatal(err)
	}
	want, err := newReference(raw)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("..", "docs", "packs-yaml.md")
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the schema says: go test ./schema -run Reference -update", file)
	}
}

// reference writes a schema as Markdown, in the order in which it stands there.
type reference struct {
	strings.Builder
	root *yaml.Node
}

func (r *reference) writef(format string, args ...any) {
	_, _ = fmt.Fprintf(r, format, args...) // a Builder never fails
}

func newReference(raw []byte) (string, error) {
	var doc yaml.Node // JSON is YAML, and a node keeps the order of keys
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return "", err
	}
	r := &reference{root: doc.Content[0]}
	r.WriteString("# packs.yaml\n\nThis page is made from the JSON Schema, which `packs schema` prints and `packs init` writes beside packs.yaml for your\n" +
		"editor. [packs.yaml.example](../packs.yaml.example) shows every setting in use. In string values `${VAR}` and\n" +
		"`${VAR:-default}` stand for environment variables, `$${` for a literal `${`.\n")
	r.section("The file", r.root)
	definitions := get(r.root, "definitions")
	for i := 0; i+1 < len(definitions.Content); i += 2 {
		d := definitions.Content[i+1]
		if get(d, "properties") != nil {
			r.section(title(d, definitions.Content[i].Value), d)
		}
	}
	return r.String(), nil
}

func (r *reference) section(name string, d *yaml.Node) {
	r.writef("\n## %s\n\n", name)
	if text := text(d, "description"); text != "" {
		r.writef("%s\n\n", text)
	}
	if example := get(d, "examples"); example != nil && d != r.root {
		r.writef("```yaml\n%s```\n\n", yamlText(example.Content[0]))
	}
	required := make(map[string]bool)
	if list := get(d, "required"); list != nil {
		for _, key := range list.Content {
			required[key.Value] = true
		}
	}
	r.WriteString("| key | value | meaning |\n|---|---|---|\n")
	properties := get(d, "properties")
	for i := 0; i+1 < len(properties.Content); i += 2 {
		key, p := properties.Content[i].Value, properties.Content[i+1]
		mark := ""
		if required[key] {
			mark = " (required)"
		}
		r.writef("| `%s`%s | %s | %s |\n", key, mark, r.value(p), cell(text(p, "description")))
	}
}

// value says in a few words what a key may hold.
func (r *reference) value(p *yaml.Node) string {
	if target := text(p, "$ref"); target != "" {
		name := target[strings.LastIndex(target, "/")+1:]
		d := get(get(r.root, "definitions"), name)
		if get(d, "properties") != nil {
			return link(title(d, name))
		}
		return r.value(d)
	}
	switch {
	case get(p, "const") != nil:
		return "`" + text(p, "const") + "`"
	case get(p, "enum") != nil:
		return r.choices(get(p, "enum").Content) + r.fallback(p)
	case get(p, "oneOf") != nil:
		var all []string
		for _, one := range get(p, "oneOf").Content {
			if v := r.value(one); v != "" {
				all = append(all, v)
			}
		}
		return strings.Join(all, " or ")
	case get(p, "items") != nil:
		return "list of " + r.value(get(p, "items"))
	case get(p, "properties") != nil:
		return "mapping of " + r.keys(p)
	}
	kind := strings.NewReplacer("string", "text", "boolean", "true or false", "integer", "whole number", "object", "mapping").Replace(text(p, "type"))
	if example := get(p, "examples"); example != nil && example.Content[0].Kind == yaml.ScalarNode {
		kind += ", as in `" + cell(example.Content[0].Value) + "`"
	}
	return kind + r.fallback(p)
}

func (r *reference) fallback(p *yaml.Node) string {
	if d := text(p, "default"); d != "" {
		return "; default `" + d + "`"
	}
	return ""
}

func (r *reference) choices(nodes []*yaml.Node) string {
	var all []string
	for _, n := range nodes {
		all = append(all, "`"+n.Value+"`")
	}
	return strings.Join(all, ", ")
}

func (r *reference) keys(p *yaml.Node) string {
	var all []string
	properties := get(p, "properties")
	for i := 0; i < len(properties.Content); i += 2 {
		all = append(all, "`"+properties.Content[i].Value+"`")
	}
	return strings.Join(all, ", ")
}

func get(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func text(n *yaml.Node, key string) string {
	if v := get(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

func title(d *yaml.Node, name string) string {
	if t := text(d, "title"); t != "" {
		return t
	}
	return name
}

// link leads to a section of the page.
func link(title string) string {
	anchor := strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(title), ":", ""), " ", "-")
	return "[" + title + "](#" + anchor + ")"
}

// cell is text that may stand in a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// yamlText writes a part of a schema as YAML.
func yamlText(n *yaml.Node) string {
	var plain any
	if err := n.Decode(&plain); err != nil {
		return ""
	}
	var b strings.Builder
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if e.Encode(plain) != nil || e.Close() != nil {
		return ""
	}
	return b.String()
}

package lint_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/internal/lint"
)

const corpus = "../../../shared/corpus"

// corpusPacks returns the real packs that lie beside the repository.
func corpusPacks(t *testing.T) []lint.Input {
	t.Helper()
	entries, err := os.ReadDir(corpus)
	if err != nil {
		t.Skip("the real packs in ../shared/corpus are not there")
	}
	var packs []lint.Input
	for _, e := range entries {
		packs = append(packs, lint.Input{Dir: filepath.Join(corpus, e.Name()), Path: e.Name()})
	}
	return packs
}

// TestCorpus compares what is found in real packs with testdata/corpus.txt, each
// line of which was looked at by a person.
func TestCorpus(t *testing.T) {
	t.Parallel()
	r, err := lint.Run(t.Context(), corpusPacks(t), lint.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&got, "%s:%d:%d %s %s\n", f.Path, f.Line, f.Column, f.Severity, f.Rule)
	}
	file := filepath.Join("testdata", "corpus.txt")
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("found\n%s\nwant\n%s", got.String(), want)
	}
}

// catalogRules says which of our rules stand for those of the public catalog's
// own check, by its numbers: 1 to 6 are its shell script, 14 to 16 its look at
// the values of charts.
var catalogRules = map[int][]string{
	1:  {"pack-json-missing", "pack-json-syntax"},
	2:  {"pack-json-schema"},
	3:  {"version-leading-v"},
	4:  {"logo-missing"},
	5:  {"readme-missing"},
	6:  {"images-missing", "values-missing", "values-syntax"},
	14: {"charts-key"},
	15: {"values-structure"},
	16: {"values-duplicate-key", "values-duplicate-item"},
}

// fails tells whether one of our rules finds what a rule of the catalog fails
// at. Of pack-json-schema only errors count: its warnings are about what the
// catalog's schema allows.
func fails(findings []lint.Finding, pack string, number int) bool {
	return slices.ContainsFunc(findings, func(f lint.Finding) bool {
		return f.Pack == pack && slices.Contains(catalogRules[number], f.Rule) && (number != 2 || f.Severity == lint.Error)
	})
}

// TestCatalogVerdicts holds our verdict on each pack against that of the public
// catalog's own check, which is written a second time here from its description,
// with none of the linter's code.
func TestCatalogVerdicts(t *testing.T) {
	t.Parallel()
	packs := corpusPacks(t)
	dir := t.TempDir()
	f := parseFixture(t, mutants)
	packs = append(packs, f.write(t, dir)...)
	r, err := lint.Run(t.Context(), packs, lint.Config{})
	if err != nil {
		t.Fatal(err)
	}
	failed := make(map[int]int)
	for _, p := range packs {
		verdict := catalogCheck(t, p.Dir)
		for number := range catalogRules {
			if verdict[number] {
				failed[number]++
			}
			if verdict[1] && number != 1 {
				continue // the catalog looks no further
			}
			if ours := fails(r.Findings, p.Path, number); ours != verdict[number] {
				t.Errorf("%s: rule %d of the catalog fails: %t, ours: %t", p.Path, number, verdict[number], ours)
			}
		}
	}
	for number := range catalogRules {
		if failed[number] == 0 {
			t.Errorf("no pack fails rule %d of the catalog: the comparison says nothing about it", number)
		}
	}
}

// mutants are packs that fail what no real pack at hand does.
const mutants = `
-- packs/m1/pack.json --
{"name": "x",}
-- packs/m2/pack.json (in part) --
{"layer": "addons", "annotations": {"source": "community", "x": 1}}
-- packs/m3/pack.json (in part) --
{"displayName": "(none)"}
-- packs/m4/logo.png (missing) --
-- packs/m5/values.yaml (missing) --
-- packs/m6/values.yaml --
pack:
  content:
    images: []
charts:
  demo: {replicas: 1, replicas: 2}
-- packs/m7/values.yaml --
charts:
  demo: {nodeSelector: {a: [x, x]}, image: [1]}
-- packs/m8/pack.json (in part) --
{"layer": "os", "cloudTypes": ["all", "moon"]}
-- packs/m8/values.yaml --
-- packs/m9/values.yaml --
charts:
  demo: {resources: {limits: {cpu: 1, memory: 2, disk: 3}}}
`

// catalogCheck is the public catalog's own check of one pack: which of its rules fail.
func catalogCheck(t *testing.T, dir string) map[int]bool {
	t.Helper()
	failed := make(map[int]bool)
	var meta map[string]any
	data, err := os.ReadFile(filepath.Join(dir, "pack.json"))
	if err != nil || json.Unmarshal(data, &meta) != nil {
		failed[1] = true
		return failed
	}
	failed[2] = !catalogSchema(meta)
	version, _ := meta["version"].(string)
	failed[3] = version == "" || version[0] == 'v'
	failed[4] = !regular(filepath.Join(dir, "logo.png"))
	failed[5] = !regular(filepath.Join(dir, "README.md"))
	var values yaml.Node
	data, err = os.ReadFile(filepath.Join(dir, "values.yaml"))
	readable := err == nil && yaml.Unmarshal(data, &values) == nil
	var root *yaml.Node
	if readable && len(values.Content) > 0 {
		root = values.Content[0]
	}
	if layer := meta["layer"]; layer != "os" && layer != "k8s" {
		images := child(child(child(root, "pack"), "content"), "images")
		failed[6] = !readable || images == nil || len(images.Content) == 0
	}
	if !readable {
		return failed // there is nothing to compare charts with
	}
	charts, _ := meta["charts"].([]any)
	for _, c := range charts {
		path, _ := c.(string)
		name, chartValues := chartOf(t, filepath.Join(dir, path))
		mine := child(child(root, "charts"), name)
		if mine == nil || mine.Kind != yaml.MappingNode {
			failed[14] = true
			continue
		}
		failed[15] = failed[15] || chartValues != nil && !subset(mine, chartValues, "")
		failed[16] = failed[16] || repeats(mine)
	}
	return failed
}

func regular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// catalogSchema is the part of the catalog's JSON Schema that packs break.
func catalogSchema(meta map[string]any) bool {
	for _, key := range []string{"name", "displayName", "version", "layer"} {
		if s, ok := meta[key].(string); !ok || s == "" {
			return false
		}
	}
	if !slices.Contains([]any{"kernel", "os", "k8s", "cni", "csi", "addon"}, meta["layer"]) {
		return false
	}
	for _, key := range []string{"group", "eol", "addonType", "addonSubType"} {
		if v, there := meta[key]; there {
			if _, ok := v.(string); !ok {
				return false
			}
		}
	}
	clouds := strings.Fields("all aws azure gcp vsphere openstack baremetal maas aks eks tencent tke edge libvirt edge-native coxedge custom")
	list, _ := meta["cloudTypes"].([]any)
	for _, c := range list {
		if s, ok := c.(string); !ok || !slices.Contains(clouds, s) {
			return false
		}
	}
	annotations, _ := meta["annotations"].(map[string]any)
	for _, v := range annotations {
		if _, ok := v.(string); !ok {
			return false
		}
	}
	constraints, _ := meta["constraints"].(map[string]any)
	dependencies, _ := constraints["dependencies"].([]any)
	for _, d := range dependencies {
		m, _ := d.(map[string]any)
		if !slices.Contains([]any{"required", "optional", "notSupported", "upgrade"}, m["type"]) || m["packName"] == "" || m["packName"] == nil {
			return false
		}
	}
	return true
}

func child(n *yaml.Node, key string) *yaml.Node {
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

// subset tells whether all that mine sets is in theirs.
func subset(mine, theirs *yaml.Node, name string) bool {
	if theirs.Kind != yaml.ScalarNode && len(theirs.Content) == 0 {
		return true
	}
	if mine.Kind == yaml.SequenceNode {
		return theirs.Kind == yaml.SequenceNode
	}
	if mine.Kind != yaml.MappingNode {
		return true
	}
	if theirs.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(mine.Content); i += 2 {
		key := mine.Content[i].Value
		other := child(theirs, key)
		if other == nil && name == "limits" && (key == "cpu" || key == "memory") {
			continue
		}
		if other == nil || !subset(mine.Content[i+1], other, key) {
			return false
		}
	}
	return true
}

// repeats tells whether a mapping holds a key twice, or a list an item.
func repeats(n *yaml.Node) bool {
	seen := make(map[string]bool)
	for i, c := range n.Content {
		var text string
		switch {
		case n.Kind == yaml.SequenceNode:
			out, err := yaml.Marshal(c)
			if err != nil {
				return false
			}
			text = string(out)
		case i%2 == 0:
			text = c.Value
		default:
			text = fmt.Sprint("value ", i)
		}
		if seen[text] || repeats(c) {
			return true
		}
		seen[text] = true
	}
	return false
}

// chartOf returns the name of a chart, and its values.
func chartOf(t *testing.T, path string) (string, *yaml.Node) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var about struct{ Name string }
	var values yaml.Node
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		_, inner, _ := strings.Cut(h.Name, "/")
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		switch inner {
		case "Chart.yaml":
			err = yaml.Unmarshal(text, &about)
		case "values.yaml":
			err = yaml.Unmarshal(text, &values)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(values.Content) == 0 {
		return about.Name, nil
	}
	return about.Name, values.Content[0]
}

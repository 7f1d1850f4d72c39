package lint

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/semaphore"

	"github.com/packs-cli/packs/internal/pack"
)

func newMemory(tb testing.TB) *memory {
	tb.Helper()
	m := &memory{ctx: tb.Context(), single: semaphore.NewWeighted(1)}
	tb.Cleanup(m.close)
	return m
}

func TestMaskMacros(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: 1\n":                             "a: 1\n",
		"a: {{ .b }}\n":                      "a: xx xx xx\n",
		"  {{- if .a }}\nb: 1\n":             "              \nb: 1\n",
		"{{ if .a }}{{ end }}":               "                    ",
		"a: \"{{ .b | default \"}}\" }}\"\n": "a: \"xx xx x xxxxxxx xxxx xx\"\n",
		"a: {{`{{ä}}`}}é":                    "a: xxxxxxxxxxxé",
		"a: {{ b\n  c }} d":                  "a: xx x\n  x xx d",
		"a: {{ b":                            "a: {{ b",
		"# {{ b\nc: }} d":                    "# {{ b\nc: }} d",
		"a: # {{ b\nc: {{ d }}":              "a: # {{ b\nc: xx x xx",
		"it's # {{ b\nc: }}":                 "it's # {{ b\nc: }}",
		"a: '# {{ b }}'":                     "a: '# xx x xx'",
		`{{ "a }} b`:                         `xx xx xx b`,
	} {
		masked, _ := maskMacros([]byte(text))
		if string(masked) != want {
			t.Errorf("%q becomes\n%q, want\n%q", text, masked, want)
		}
	}
}

func TestMacroPlaces(t *testing.T) {
	t.Parallel()
	_, macros := maskMacros([]byte("é: {{ a }}{{ b }} # {{ c }}\n\nd: {{ e\n f }} {{ g"))
	var got []string
	for _, m := range macros {
		got = append(got, fmt.Sprintf("%d:%d %q %t", m.line, m.column, m.text, m.open))
	}
	want := []string{`1:4 "{{ a }}" false`, `1:11 "{{ b }}" false`, `3:4 "{{ e\n f }}" false`, `4:7 "{{ g" true`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"2027-01-31": true, "2028-02-29": true, "2000-02-29": true, "2100-02-29": false, "2027-13-01": false,
		"2027-00-01": false, "2027-01-00": false, "2027-1-1": false, "2027/01/01": false, "20a7-01-01": false, "": false,
	} {
		if isDate(s) != want {
			t.Errorf("isDate(%q) = %t", s, !want)
		}
	}
}

// TestCostBounds says that what a document costs is never estimated below the
// number of its nodes.
func TestCostBounds(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"[a,b,[c]]", "{a: b, c: d}", "{a,b}", "? a\n? b\n", "- - - a\n- b\n", "a:\nb:\n", "{\"a\":b,'c':d}", "{a:,b:}", "a: {b: [c: d]}", "-\n-\n-", "?\n?\n", "{?,?}",
	} {
		docs, bad := decodeYAML([]byte(text), 1)
		if bad != nil {
			t.Errorf("%q: %s", text, bad.message)
			continue
		}
		nodes := 0
		for _, d := range docs {
			nodes += count(d)
		}
		if cost := yamlCost([]byte(text)); cost < int64(nodes-1)*176 {
			t.Errorf("%q has %d nodes and is said to cost %d bytes", text, nodes, cost)
		}
	}
}

// TestFaultOfRule says that a fault in one rule hides neither itself nor what
// others find.
func TestFaultOfRule(t *testing.T) {
	t.Parallel()
	p := &pass{target: &target{in: Input{Path: "demo"}}, rule: &Rule{ID: "x", Severity: Error, check: func(*pass) { panic("oops") }}}
	safely(p)
	if found := p.finish(); len(found) != 1 || !strings.Contains(found[0].Message, "oops") || found[0].Rule != "x" {
		t.Errorf("got %v", found)
	}
}

func TestManyFindings(t *testing.T) {
	t.Parallel()
	p := &pass{target: &target{in: Input{Path: "demo"}}, rule: &Rule{ID: "x", Severity: Error}}
	for i := range maxFindings + 5 {
		p.reportf(place{"a", i + 1, 1}, "", "number %d", i)
	}
	found := p.finish()
	if last := found[len(found)-1]; len(found) != maxFindings+1 || last.Line != maxFindings+1 || !strings.Contains(last.Message, "5 more") {
		t.Errorf("%d findings, the last is %v", len(found), last)
	}
}

// fuzzTarget is a pack in a new folder.
func fuzzTarget(t *testing.T, files map[string][]byte) *target {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tg, err := openTarget(t.Context(), Input{Dir: dir, Path: "demo"}, newMemory(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tg.close() })
	return tg
}

// checkAll runs every rule over a pack, and holds what they find to what callers rely on.
func checkAll(t *testing.T, tg *target) {
	t.Helper()
	factsOf(tg)
	for i := range ruleList {
		if ruleList[i].check == nil {
			continue
		}
		p := &pass{target: tg, rule: &ruleList[i]}
		p.rule.check(p)
		for _, f := range p.finish() {
			if f.Message == "" || f.Line < 0 || f.Column < 0 || f.Column > 0 && f.Line == 0 {
				t.Errorf("%s: a finding without message or place: %+v", f.Rule, f)
			}
		}
	}
}

func FuzzPackJSON(f *testing.F) {
	f.Add([]byte(`{"name": "a", "version": "1", "eol": "2027-01-31", "annotations": {"source": "x"}, "charts": ["../a"]}`))
	f.Add([]byte("\xef\xbb\xbf{\"name\": \"a\", \"name\": 1}"))
	f.Add([]byte(`{"constraints": {"dependencies": [{"type": "x"}], "resources": [1]}}`))
	f.Add([]byte(`{"addonTyp": "app-services",}`))
	f.Add([]byte("[[[[\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if file, flaw := parseJSON(data); (file == nil) == (flaw == nil) {
			t.Errorf("%q is neither read nor refused, or both", data)
		}
		checkAll(t, fuzzTarget(t, map[string][]byte{pack.MetaFile: data}))
	})
}

func FuzzValues(f *testing.F) {
	for _, seed := range []string{
		"pack:\n  namespace: \"{{ .spectro.var.a }}\"\n  content:\n    images:\n    - image: a:1\n    - iamge: b\n",
		"charts: &a\n  demo: *a\n", "a: |\n\t{{ if\n", "<<: [*a]\n", "# spectrocloud.com/enabled-presets: a:b,c\n",
		"a: {b: [c,\n\td]}\n? x\n", "\xef\xbb\xbfa: b\r\n", "manifests:\n  x: {}\n  <<: {y: 1}\n",
	} {
		f.Add([]byte(seed))
	}
	meta := []byte(`{"name": "demo", "version": "1.0.0", "layer": "addon", "displayName": "D", "charts": ["c.tgz"], "kubeManifests": ["m.yaml"]}`)
	f.Fuzz(func(t *testing.T, data []byte) {
		checkAll(t, fuzzTarget(t, map[string][]byte{pack.MetaFile: meta, valuesFile: data, presetsFile: data, schemaFile: data, "m.yaml": data, "c.tgz": data}))
	})
}

func FuzzMacros(f *testing.F) {
	for _, seed := range []string{"a {{ b }} {{`}}`}} {{ \"", "# {{\n}}", "é{{é}}é", "{{\n\n}}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if checkText(data) != nil {
			return
		}
		masked, _ := maskMacros(bytes.Clone(data))
		if bytes.Count(masked, []byte("\n")) != bytes.Count(data, []byte("\n")) {
			t.Errorf("%q becomes %q, with another number of lines", data, masked)
		}
		if len([]rune(string(masked))) != len([]rune(string(data))) {
			t.Errorf("%q becomes %q, with another number of characters", data, masked)
		}
	})
}

func FuzzChart(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"))
	if data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "corpus", "kubehunter-1.0.3", "charts", "kube-hunter.tgz")); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := readChart(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			return
		}
		c := &chart{path: "c.tgz"}
		c.parse(files, newMemory(t))
		if c.flaw == nil && (c.name == "" || c.version == "") {
			t.Errorf("a chart without name or version is taken for right")
		}
	})
}

func FuzzLogo(f *testing.F) {
	f.Add([]byte(pngSignature + "\x00\x00\x00\x0dIHDR"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if width, height, err := pngSize(data); err == nil && (width == 0 || height == 0) {
			t.Errorf("%q is an image of %d by %d", data, width, height)
		}
	})
}

func FuzzConstraint(f *testing.F) {
	for _, seed := range []string{
		`{{ required | format "${string:/a{1,2}/}" | hints "a" "b" }}`, `{{ format "${list:[a,b]} ${number:[1-2]}" }}`, `{{ format "${" }}`, "{{`|`}}", "{{-}}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, fault := range constraintFaults(text) {
			if fault.message == "" || fault.severity == "" {
				t.Errorf("%q: a fault without message or severity", text)
			}
		}
	})
}

func FuzzAttributes(f *testing.F) {
	f.Add([]byte("* -text\n*.md eol=lf text\n# x\n[a -text\n"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		for _, r := range parseAttributes(data) {
			attributeMatches(r.pattern, "a/b.md")
		}
	})
}

// count returns how many nodes a document has.
func count(n *yaml.Node) int {
	sum := 1
	for _, c := range n.Content {
		sum += count(c)
	}
	return sum
}

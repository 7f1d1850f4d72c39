package lint_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/manifest"
)

// severityOf returns the severities that a rule's findings have, by path.
func severityOf(r lint.Result, rule string) map[string]lint.Severity {
	found := make(map[string]lint.Severity)
	for _, f := range r.Findings {
		if f.Rule == rule {
			found[f.Path] = f.Severity
		}
	}
	return found
}

const twoPacks = `
-- packs/a-1.0.0/README.md (missing) --
-- packs/a-1.0.0/pack.json (in part) --
{"name": "a", "version": "1.0.0"}
-- packs/b-1.0.0/README.md (missing) --
-- packs/b-1.0.0/pack.json (in part) --
{"name": "b", "version": "1.0.0"}
`

func TestSeverities(t *testing.T) {
	t.Parallel()
	const rule = "readme-missing"
	for name, c := range map[string]struct {
		cfg  lint.Config
		a, b lint.Severity
	}{
		"default":       {lint.Config{}, lint.Error, lint.Error},
		"for all":       {lint.Config{Rules: map[string]lint.Severity{rule: lint.Info}}, lint.Info, lint.Info},
		"off":           {lint.Config{Rules: map[string]lint.Severity{rule: lint.Off}}, "", ""},
		"below a path":  {lint.Config{Paths: []lint.PathRules{{Path: "cat/a-*", Rules: map[string]lint.Severity{rule: lint.Warning}}}}, lint.Warning, lint.Error},
		"below parents": {lint.Config{Paths: []lint.PathRules{{Path: "cat", Rules: map[string]lint.Severity{rule: lint.Warning}}}}, lint.Warning, lint.Warning},
		"later paths win": {lint.Config{
			Rules: map[string]lint.Severity{rule: lint.Off},
			Paths: []lint.PathRules{{Path: "**", Rules: map[string]lint.Severity{rule: lint.Warning}}, {Path: "cat/b-1.0.0/pack.json", Rules: map[string]lint.Severity{rule: lint.Info}}},
		}, lint.Warning, lint.Info},
		"off but for a path": {lint.Config{
			Rules: map[string]lint.Severity{rule: lint.Off},
			Paths: []lint.PathRules{{Path: "cat/b-*", Rules: map[string]lint.Severity{rule: lint.Error}}},
		}, "", lint.Error},
		"off below a path": {lint.Config{Paths: []lint.PathRules{{Path: "cat/b-*", Rules: map[string]lint.Severity{rule: lint.Off}}}}, lint.Error, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := parseFixture(t, twoPacks)
			packs := f.write(t, t.TempDir())
			for i := range packs {
				packs[i].Rel = "cat/" + packs[i].Path // relative to packs.yaml it lies elsewhere
			}
			r, err := lint.Run(t.Context(), packs, c.cfg)
			if err != nil {
				t.Fatal(err)
			}
			got := severityOf(r, rule)
			if got["a-1.0.0/pack.json"] != c.a || got["b-1.0.0/pack.json"] != c.b {
				t.Errorf("got %v, want %q and %q", got, c.a, c.b)
			}
		})
	}
}

func TestIgnore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ignore lint.Ignore
		left   []string // packs whose finding stays
	}{
		"by name":            {lint.Ignore{Rule: "readme-missing", Pack: "a"}, []string{"b-1.0.0"}},
		"by glob":            {lint.Ignore{Rule: "readme-missing", Pack: "*"}, nil},
		"by version":         {lint.Ignore{Rule: "readme-missing", Pack: "b@1.*"}, []string{"a-1.0.0"}},
		"by another":         {lint.Ignore{Rule: "readme-missing", Pack: "b@2.*"}, []string{"a-1.0.0", "b-1.0.0"}},
		"by path":            {lint.Ignore{Rule: "readme-missing", Path: "b-*"}, []string{"a-1.0.0"}},
		"by path and name":   {lint.Ignore{Rule: "readme-missing", Path: "b-*", Pack: "a"}, []string{"a-1.0.0", "b-1.0.0"}},
		"all of one rule":    {lint.Ignore{Rule: "readme-missing"}, nil},
		"of another rule":    {lint.Ignore{Rule: "logo-missing"}, []string{"a-1.0.0", "b-1.0.0"}},
		"by file and no dir": {lint.Ignore{Rule: "readme-missing", Path: "**/pack.json"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := parseFixture(t, twoPacks)
			r, err := lint.Run(t.Context(), f.write(t, t.TempDir()), lint.Config{Ignore: []lint.Ignore{c.ignore}})
			if err != nil {
				t.Fatal(err)
			}
			var left []string
			for path := range severityOf(r, "readme-missing") {
				left = append(left, filepath.Dir(path))
			}
			if slices.Sort(left); !slices.Equal(left, c.left) {
				t.Errorf("findings stay for %v, want %v", left, c.left)
			}
		})
	}
}

// TestUnusedIgnoreOfOtherPacks says that an entry for packs that this run does
// not look at is not called unused.
func TestUnusedIgnoreOfOtherPacks(t *testing.T) {
	t.Parallel()
	f := parseFixture(t, twoPacks)
	cfg := lint.Config{File: "packs.yaml", Partial: true, Ignore: []lint.Ignore{
		{Rule: "logo-missing", Pack: "other", Line: 1},
		{Rule: "logo-missing", Pack: "a", Line: 2},
		{Rule: "logo-missing", Path: "somewhere", Line: 3},
	}}
	r, err := lint.Run(t.Context(), f.write(t, t.TempDir()), cfg)
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, finding := range r.Findings {
		if finding.Rule == "unused-ignore" {
			lines = append(lines, finding.Line)
		}
	}
	if !slices.Equal(lines, []int{2}) {
		t.Errorf("entries of lines %v are called unused, want 2", lines)
	}
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg  lint.Config
		want string
		is   error
	}{
		"unknown rule":     {lint.Config{Rules: map[string]lint.Severity{"readme-mising": lint.Error}}, "did you mean readme-missing?", lint.ErrUnknownRule},
		"unknown in paths": {lint.Config{Paths: []lint.PathRules{{Path: "a", Rules: map[string]lint.Severity{"x": lint.Error}}}}, "--list-rules", lint.ErrUnknownRule},
		"unknown ignored":  {lint.Config{Ignore: []lint.Ignore{{Rule: "logo"}}}, `no such rule as "logo"`, lint.ErrUnknownRule},
		"severity":         {lint.Config{Rules: map[string]lint.Severity{"readme-missing": "fatal"}}, `"fatal" is no severity`, nil},
		"glob":             {lint.Config{Paths: []lint.PathRules{{Path: "a[", Rules: map[string]lint.Severity{"readme-missing": "off"}}}}, "is no glob", nil},
	} {
		_, err := lint.Run(t.Context(), nil, c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestFromManifest(t *testing.T) {
	t.Parallel()
	cfg := lint.FromManifest(&manifest.Catalog{File: "packs.yaml", Lint: manifest.Lint{
		Rules:  map[string]string{"readme-missing": "warning"},
		Paths:  []manifest.LintPath{{Path: "edge", Rules: map[string]string{"crlf": "off"}}},
		Ignore: []manifest.LintIgnore{{Rule: "crlf", Pack: "a", Reason: "r", Position: manifest.Position{Line: 3, Column: 5}}},
	}})
	if cfg.Rules["readme-missing"] != lint.Warning || len(cfg.Paths) != 1 || cfg.Paths[0].Rules["crlf"] != lint.Off {
		t.Errorf("rules are %v and %v", cfg.Rules, cfg.Paths)
	}
	if want := (lint.Ignore{Rule: "crlf", Pack: "a", Reason: "r", Line: 3, Column: 5}); len(cfg.Ignore) != 1 || cfg.Ignore[0] != want {
		t.Errorf("ignore is %v, want %v", cfg.Ignore, want)
	}
}

// TestOthers says that packs which are only known are compared with, and are
// reported nothing about.
func TestOthers(t *testing.T) {
	t.Parallel()
	f := parseFixture(t, `
-- packs/a/README.md --
-- packs/b/README.md --
`)
	packs := f.write(t, t.TempDir())
	r, err := lint.Run(t.Context(), packs[:1], lint.Config{Others: packs[1:]})
	if err != nil {
		t.Fatal(err)
	}
	if r.Checked != 1 {
		t.Errorf("%d packs are called checked, want 1", r.Checked)
	}
	var got []string
	for _, f := range r.Findings {
		if f.Rule == "duplicate-pack" {
			got = append(got, f.Path)
		}
		if strings.HasPrefix(f.Path, "b") {
			t.Errorf("a finding about a pack that is only known: %s", shown(f))
		}
	}
	if !slices.Equal(got, []string{"a/pack.json"}) {
		t.Errorf("duplicates at %v", got)
	}
	packs[0].Targets, packs[1].Targets = []string{"dev"}, []string{"prod"}
	if r, err = lint.Run(t.Context(), packs, lint.Config{}); err != nil {
		t.Fatal(err)
	}
	if found := severityOf(r, "duplicate-pack"); len(found) > 0 {
		t.Errorf("packs for different registries are called duplicates: %v", found)
	}
}

// TestOrder says that findings do not depend on how many packs are checked at once.
func TestOrder(t *testing.T) {
	t.Parallel()
	f := parseFixture(t, twoPacks)
	for _, name := range []string{"c", "d", "e", "f"} {
		f.packs[name+"-1.0.0"] = map[string]entry{"values.yaml": {text: "a: b: c"}, "logo.png": {how: "missing"}}
	}
	packs := f.write(t, t.TempDir())
	var first []lint.Finding
	for _, workers := range []int{1, 2, 8} {
		slices.Reverse(packs)
		r, err := lint.Run(t.Context(), packs, lint.Config{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = r.Findings
		}
		if !slices.EqualFunc(first, r.Findings, func(a, b lint.Finding) bool { return shown(a) == shown(b) && a.Rule == b.Rule }) {
			t.Errorf("with %d workers: %d findings in another order, or others", workers, len(r.Findings))
		}
	}
	if len(first) == 0 {
		t.Error("nothing was found")
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	f := parseFixture(t, twoPacks)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lint.Run(ctx, f.write(t, t.TempDir()), lint.Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the cause of the context", err)
	}
}

// TestArchive says that an archive is checked like a folder, and leaves nothing behind.
func TestArchive(t *testing.T) {
	t.Parallel()
	f := parseFixture(t, `
-- packs/demo-1.2.0.tar.gz/values.yaml --
pack: {}
`)
	dir, temp := t.TempDir(), t.TempDir()
	r, err := lint.Run(t.Context(), f.write(t, dir), lint.Config{TempDir: temp})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]lint.Severity{"demo-1.2.0.tar.gz/values.yaml": lint.Error}
	if got := severityOf(r, "images-missing"); len(got) != 1 || got["demo-1.2.0.tar.gz/values.yaml"] != lint.Error {
		t.Errorf("got %v, want %v", got, want)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

func TestFixes(t *testing.T) {
	t.Parallel()
	f := parseFixture(t, `
-- pack.json (with a byte order mark) --
{"name": "demo", "displayName": "Demo", "version": "1.2.0", "layer": "addon", "addontype": "app-services"}
-- values.yaml --
pack:
  content:
    images:
      - iamge: nginx:1.27.3 # ä
`)
	dir := t.TempDir()
	r, err := lint.Run(t.Context(), f.write(t, dir), lint.Config{})
	if err != nil {
		t.Fatal(err)
	}
	read := func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, path)) }
	fixes, err := lint.Fixes(r.Findings, read)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"demo-1.2.0/pack.json":   `{"name": "demo", "displayName": "Demo", "version": "1.2.0", "layer": "addon", "addonType": "app-services"}` + "\n",
		"demo-1.2.0/values.yaml": "pack:\n  content:\n    images:\n      - image: nginx:1.27.3 # ä\n",
	}
	if len(fixes) != len(want) {
		t.Errorf("%d files would be mended, want %d", len(fixes), len(want))
	}
	for _, fix := range fixes {
		if string(fix.After) != want[fix.Path] {
			t.Errorf("%s would be\n%s\nwant\n%s", fix.Path, fix.After, want[fix.Path])
		}
	}
	shorter := func(string) ([]byte, error) { return []byte("x"), nil }
	if _, err := lint.Fixes(r.Findings, shorter); !errors.Is(err, lint.ErrEdit) {
		t.Errorf("for a file that became shorter: %v, want ErrEdit", err)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	if _, ok := lint.Lookup("charts-key"); !ok {
		t.Error("charts-key is not known")
	}
	if _, ok := lint.Lookup("chart-key"); ok {
		t.Error("chart-key is known")
	}
	if _, ok := lint.Explain("README"); ok {
		t.Error("the list of rules is explained as if it were a rule")
	}
	if got := lint.Nearest("chart-key"); got != "charts-key" {
		t.Errorf("Nearest(chart-key) = %q", got)
	}
}

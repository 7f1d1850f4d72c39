package lint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// gone is a pack whose files vanish once they are listed: even root cannot read
// those.
func gone(t *testing.T, names ...string) *target {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"pack.json":   `{"name": "demo", "displayName": "Demo", "version": "1.2.0", "layer": "os", "charts": ["demo.tgz"], "kubeManifests": ["m.yaml"]}`,
		"values.yaml": "a: b\n", "README.md": "# Demo\n", "demo.tgz": "x", "m.yaml": "x: y\n", "schema.yaml": "a: b\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	target, err := openTarget(t.Context(), Input{Dir: dir, Path: "demo"}, newMemory(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.close(); err != nil {
			t.Error(err)
		}
	})
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return target
}

// TestUnreadableIsToldOnce says that a file that cannot be read is a finding of
// one rule, whichever rules look into it.
func TestUnreadableIsToldOnce(t *testing.T) {
	t.Parallel()
	names := []string{"README.md", "demo.tgz", "m.yaml", "schema.yaml", "values.yaml"}
	target := gone(t, names...)
	told := make(map[string]string)
	for i := range ruleList {
		if ruleList[i].check == nil {
			continue
		}
		p := &pass{target: target, rule: &ruleList[i]}
		p.rule.check(p)
		for _, f := range p.finish() {
			if strings.Contains(f.Message, "cannot be read") {
				told[f.Path] += f.Rule + " "
			}
		}
	}
	for _, name := range names {
		if got := told["demo/"+name]; got != packUnreadable+" " {
			t.Errorf("%s: told by %q, want %s once", name, got, packUnreadable)
		}
	}
	if len(told) != len(names) {
		t.Errorf("told of %v", told)
	}
}

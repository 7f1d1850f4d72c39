package lint_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/lint"
)

// ruleCase is one case of testdata/rules/RULE.txt: a fixture, and what the rule
// finds in it, each line as "want PATH:LINE:COLUMN SEVERITY TEXT".
type ruleCase struct {
	name, fixture string
	want          []string
}

func readCases(t *testing.T, id string) []ruleCase {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "rules", id+".txt"))
	if err != nil {
		t.Fatalf("rule %s has no cases: %v", id, err)
	}
	var cases []ruleCase
	for block := range strings.SplitSeq(string(text), "=== ") {
		name, rest, _ := strings.Cut(block, "\n")
		if strings.TrimSpace(name) == "" {
			continue
		}
		c := ruleCase{name: strings.TrimSpace(name)}
		for {
			line, more, _ := strings.Cut(rest, "\n")
			want, ok := strings.CutPrefix(line, "want ")
			if !ok {
				break
			}
			c.want, rest = append(c.want, want), more
		}
		c.fixture = rest
		cases = append(cases, c)
	}
	return cases
}

// elsewhere holds the rules whose findings are made elsewhere, where registries are
// asked and packs.yaml is read.
var elsewhere = map[string]bool{"published-content": true, "packs-yaml": true}

// TestRules runs every rule over its cases: some where it finds something, some
// where it must be silent.
func TestRules(t *testing.T) {
	t.Parallel()
	for _, rule := range lint.Rules() {
		if elsewhere[rule.ID] {
			continue
		}
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			hit, silent := false, false
			for _, c := range readCases(t, rule.ID) {
				t.Run(c.name, func(t *testing.T) {
					checkCase(t, rule, c)
				})
				hit, silent = hit || len(c.want) > 0, silent || len(c.want) == 0
			}
			if !hit || !silent {
				t.Errorf("the cases of %s need both: one where it finds something, and one where it does not", rule.ID)
			}
		})
	}
}

func checkCase(t *testing.T, rule lint.Rule, c ruleCase) {
	t.Helper()
	f := parseFixture(t, c.fixture)
	dir := t.TempDir()
	packs := f.write(t, dir)
	var got []string
	for _, finding := range runRule(t, rule, f, packs) {
		if finding.Rule == rule.ID {
			if _, one := f.packs[""]; one { // paths are within the pack
				finding.Path = strings.TrimPrefix(strings.TrimPrefix(finding.Path, packs[0].Path), "/")
			}
			got = append(got, shown(finding))
		}
	}
	if len(got) != len(c.want) {
		t.Errorf("%d findings, want %d:\n%s", len(got), len(c.want), strings.Join(got, "\n"))
		return
	}
	for i, want := range c.want {
		where, text, _ := strings.Cut(want, ` "`)
		if !strings.HasPrefix(got[i], where) || !strings.Contains(strings.ReplaceAll(got[i], `\"`, `"`), strings.TrimSuffix(text, `"`)) {
			t.Errorf("got  %s\nwant %s", got[i], want)
		}
	}
}

func runRule(t *testing.T, rule lint.Rule, f fixture, packs []lint.Input) []lint.Finding {
	t.Helper()
	if rule.Severity == lint.Off {
		f.cfg.Rules = map[string]lint.Severity{rule.ID: lint.Warning}
	}
	if rule.Needs == lint.NeedsImages {
		f.cfg.Images = images{}
	}
	f.cfg.TempDir = t.TempDir()
	r, err := lint.Run(t.Context(), packs, f.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.Checked != len(packs) {
		t.Errorf("%d packs were checked, want %d", r.Checked, len(packs))
	}
	if !slices.IsSortedFunc(r.Findings, func(a, b lint.Finding) int { return strings.Compare(a.Path, b.Path) }) {
		t.Errorf("findings are not sorted by path")
	}
	return r.Findings
}

// images answers by what an image is called.
type images struct{}

func (images) Check(_ context.Context, refs []string) []lint.ImageVerdict {
	verdicts := make([]lint.ImageVerdict, len(refs))
	for i, ref := range refs {
		switch {
		case strings.Contains(ref, "no-such"):
			verdicts[i] = lint.ImageVerdict{State: lint.ImageMissing, Message: "manifest unknown"}
		case strings.Contains(ref, "private"):
			verdicts[i] = lint.ImageVerdict{State: lint.ImageDenied, Message: "401 Unauthorized"}
		case strings.Contains(ref, "down"):
			verdicts[i] = lint.ImageVerdict{State: lint.ImageUnknown, Message: "no such host"}
		default:
			verdicts[i] = lint.ImageVerdict{State: lint.ImageFound}
		}
	}
	return verdicts
}

// TestRightPack says that the pack which fixtures start from is right.
func TestRightPack(t *testing.T) {
	t.Parallel()
	f := parseFixture(t, "")
	r, err := lint.Run(t.Context(), f.write(t, t.TempDir()), lint.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range r.Findings {
		t.Errorf("%s [%s]", shown(finding), finding.Rule)
	}
}

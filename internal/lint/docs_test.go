package lint_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/lint"
)

var update = flag.Bool("update", false, "write what is generated: the heads of docs/rules/*.md, and their list")

const pages = "../../docs/rules"

// needs says in a page what a rule must be given.
var needs = map[lint.Need]string{
	lint.NeedsNothing: "the files of the pack",
	lint.NeedsGit:     "git, with `--changed-since REF`",
	lint.NeedsImages:  "the registries of images, with `--check-images`",
	lint.NeedsOnline:  "the registries of packs.yaml, with `--online`",
	lint.NeedsConfig:  "packs.yaml",
}

// head is the beginning of a rule's page.
func head(r lint.Rule) string {
	return fmt.Sprintf("# %s\n\n%s.\n\nSeverity: %s. Looks at: %s.\n", r.ID, strings.ToUpper(r.Summary[:1])+r.Summary[1:], r.Severity, needs[r.Needs])
}

// TestPages says that every rule has a page, every page a rule, that the head of
// a page says what the program does, and that `packs explain` prints the page.
func TestPages(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(pages, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		id := strings.TrimSuffix(filepath.Base(file), ".md")
		if _, ok := lint.Lookup(id); !ok && id != "README" {
			t.Errorf("%s is the page of no rule: take it away", file)
		}
	}
	for _, rule := range lint.Rules() {
		file := filepath.Join(pages, rule.ID+".md")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("rule %s has no page: %v", rule.ID, err)
			continue
		}
		if *update {
			text = []byte(head(rule) + "\n" + body(string(text)))
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !strings.HasPrefix(string(text), head(rule)) {
			t.Errorf("%s does not begin as the program has it; run `go test ./internal/lint -run TestPages -update`", file)
		}
		if explained, ok := lint.Explain(rule.ID); !ok || explained != string(text) {
			t.Errorf("`packs explain %s` does not print %s", rule.ID, file)
		}
	}
}

// body is what people write in a page: all behind the three paragraphs of its head.
func body(page string) string {
	for range 3 {
		_, page, _ = strings.Cut(page, "\n\n")
		if strings.HasPrefix(page, "(head)") {
			_, page, _ = strings.Cut(page, "\n\n")
			return page
		}
	}
	return page
}

// TestList says that the list of rules is complete.
func TestList(t *testing.T) {
	t.Parallel()
	file := filepath.Join(pages, "README.md")
	want := ruleTable()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	begin, _, found := strings.Cut(string(text), "| rule |")
	if *update {
		if err := os.WriteFile(file, []byte(begin+want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !found || string(text) != begin+want {
		t.Errorf("%s is not up to date; run `go test ./internal/lint -run TestList -update`", file)
	}
}

func ruleTable() string {
	var b strings.Builder
	b.WriteString("| rule | severity | what it finds |\n|---|---|---|\n")
	for _, r := range lint.Rules() {
		summary := r.Summary
		switch r.Needs {
		case lint.NeedsGit:
			summary += " (`--changed-since`)"
		case lint.NeedsImages:
			summary += " (`--check-images`)"
		case lint.NeedsOnline:
			summary += " (`--online`)"
		}
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", r.ID, r.ID, r.Severity, summary)
	}
	return b.String()
}

// TestExamples runs the examples of every page: what is called bad has the
// finding, in what is called good nothing at all is found.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, rule := range lint.Rules() {
		if elsewhere[rule.ID] {
			continue
		}
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			text, ok := lint.Explain(rule.ID)
			if !ok {
				t.Fatal("has no page")
			}
			bad, good := example(text, "## Bad"), example(text, "## Good")
			if bad == "" || good == "" {
				t.Fatal("the page lacks an example under ## Bad or ## Good")
			}
			hit := false
			for _, f := range lintExample(t, rule, bad) {
				hit = hit || f.Rule == rule.ID
			}
			if !hit {
				t.Errorf("the rule finds nothing in the bad example")
			}
			for _, f := range lintExample(t, rule, good) {
				t.Errorf("in the good example: %s [%s]", shown(f), f.Rule)
			}
		})
	}
}

func lintExample(t *testing.T, rule lint.Rule, text string) []lint.Finding {
	t.Helper()
	f := parseFixture(t, text)
	return runRule(t, rule, f, f.write(t, t.TempDir()))
}

// example returns the first block of code below a heading.
func example(page, heading string) string {
	_, rest, _ := strings.Cut(page, heading+"\n")
	_, rest, _ = strings.Cut(rest, "```text\n")
	code, _, found := strings.Cut(rest, "```\n")
	if !found {
		return ""
	}
	return code
}

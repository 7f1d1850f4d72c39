package render

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/lint"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sampleFindings has every severity, places of every kind, and text that each
// format has to escape.
func sampleFindings() *lint.Report {
	return lint.NewReport(3, []lint.Finding{
		{Rule: "packs-yaml", Severity: lint.Info, Path: "packs.yaml", Line: 7, Column: 3, Message: "variable HOST is not set"},
		{
			Rule: "name-invalid", Severity: lint.Error, Name: "Nginx", Version: "1.2.0", Pack: "packs/Nginx-1.2.0",
			Path: "packs/Nginx-1.2.0/pack.json", Line: 2, Column: 11,
			Message: `the name "Nginx" cannot be part of a repository's name`, Hint: `did you mean "nginx"?`,
		},
		{
			Rule: "image-entry", Severity: lint.Warning, Name: "Nginx", Version: "1.2.0", Pack: "packs/Nginx-1.2.0",
			Path: "packs/Nginx-1.2.0/values.yaml", Line: 9, Column: 5,
			Message: "<b>100%</b> | `x`, a: \x1b[31mred\nsecond ]]> \"@team\" a@b ü \u202e", Hint: "see `packs explain image-entry`",
		},
		{
			Rule: "image-entry", Severity: lint.Warning, Name: "Nginx", Version: "1.2.0", Pack: "packs/Nginx-1.2.0",
			Path: "packs/Nginx-1.2.0/values.yaml", Line: 10, Column: 5,
			Message: "<b>100%</b> | `x`, a: \x1b[31mred\nsecond ]]> \"@team\" a@b ü \u202e", Hint: "see `packs explain image-entry`",
		},
		{
			Rule: "junk-file", Severity: lint.Warning, Pack: "packs/Nginx-1.2.0-b", Name: "b", Version: "1.0.0",
			Path: "packs/Nginx-1.2.0-b/a b,c:%2/Thumbs ü.db", Message: "a file that systems leave behind",
		},
		{Rule: "pack-unreadable", Severity: lint.Error, Pack: "packs/none", Path: "packs/none", Message: "cannot be read"},
	})
}

// TestFindingFormats compares each format with its golden file.
func TestFindingFormats(t *testing.T) {
	t.Parallel()
	for _, format := range FindingFormats() {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			o := FindingsOptions{Prefix: "catalog", Packs: []string{"packs/Nginx-1.2.0", "packs/Nginx-1.2.0-b", "packs/none", "packs/right"}}
			got := findingsIn(t, format, sampleFindings(), o)
			if format == "sarif" {
				got = withoutRules(t, got)
			}
			golden(t, "findings."+format, got)
			if !strings.HasSuffix(got, "\n") {
				t.Error("does not end in a line break")
			}
		})
	}
}

// TestNothingFound says that every format has a right form of nothing at all.
func TestNothingFound(t *testing.T) {
	t.Parallel()
	for _, format := range FindingFormats() {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			got := findingsIn(t, format, lint.NewReport(1, nil), FindingsOptions{Packs: []string{"packs/right"}})
			if format == "sarif" {
				got = withoutRules(t, got)
			}
			golden(t, "nothing."+format, got)
		})
	}
}

func TestFindingsInAnUnknownFormat(t *testing.T) {
	t.Parallel()
	if err := Findings(&bytes.Buffer{}, "xml", lint.NewReport(0, nil), FindingsOptions{}); err == nil {
		t.Error("an unknown format is no error")
	}
}

func findingsIn(t *testing.T, format string, r *lint.Report, o FindingsOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Findings(&b, format, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s; run `go test ./internal/render -update` and look at the difference:\n%s", file, got)
	}
}

// TestMarkdownFits says that remarks, then warnings, make room for errors, and
// that the report stays below what a comment may hold.
func TestMarkdownFits(t *testing.T) {
	t.Parallel()
	for _, errs := range []int{1, 3000} {
		var all []lint.Finding
		for i := range 3000 {
			for _, s := range []lint.Severity{lint.Info, lint.Warning, lint.Error} {
				if s != lint.Error || i < errs {
					all = append(all, lint.Finding{Rule: "r-" + string(s), Severity: s, Path: "a/b", Line: i + 1, Message: "message"})
				}
			}
		}
		text := findingsIn(t, "markdown", lint.NewReport(1, all), FindingsOptions{})
		if len(text) > 65_536 {
			t.Errorf("%d bytes", len(text))
		}
		if !strings.Contains(text, "`r-error`") || strings.Contains(text, "`r-info`") {
			t.Errorf("with %d errors: the wrong findings are left out", errs)
		}
		if !strings.Contains(text, " findings left out") {
			t.Errorf("with %d errors: does not say that findings are left out", errs)
		}
	}
}

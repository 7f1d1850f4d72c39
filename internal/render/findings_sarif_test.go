package render

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/packs-cli/packs/internal/lint"
)

// withoutRules takes the list of rules out of a log: it changes with every page.
func withoutRules(t *testing.T, log string) string {
	t.Helper()
	var l sarifLog
	if err := json.Unmarshal([]byte(log), &l); err != nil {
		t.Fatal(err)
	}
	for i := range l.Runs {
		l.Runs[i].Tool.Driver.Rules = []sarifRule{}
		for j := range l.Runs[i].Results {
			l.Runs[i].Results[j].RuleIndex = 0
		}
	}
	var b bytes.Buffer
	if err := JSON(&b, l); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSARIFSaysWhatServicesNeed checks what the schema cannot: that results
// point to their rules, and that addresses are relative and can be read.
func TestSARIFSaysWhatServicesNeed(t *testing.T) {
	t.Parallel()
	report := sampleFindings()
	var log sarifLog
	if err := json.Unmarshal([]byte(findingsIn(t, "sarif", report, FindingsOptions{Prefix: "catalog"})), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("version %q, %d runs", log.Version, len(log.Runs))
	}
	run := log.Runs[0]
	if len(run.Tool.Driver.Rules) != len(lint.Rules()) {
		t.Errorf("%d rules, want %d", len(run.Tool.Driver.Rules), len(lint.Rules()))
	}
	for _, r := range run.Tool.Driver.Rules {
		if r.Short.Text == "" || r.Full.Text == "" || r.Help.Text == "" || r.Help.Markdown == "" || r.Configuration.Level == "none" {
			t.Errorf("rule %s lacks a text: %+v", r.ID, r)
		}
	}
	if len(run.Results) != len(report.Findings) {
		t.Fatalf("%d results, want %d", len(run.Results), len(report.Findings))
	}
	prints := make(map[string]bool)
	for i, r := range run.Results {
		f := report.Findings[i]
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.RuleID != f.Rule {
			t.Errorf("result %d is of rule %s, its index %d of %s", i, r.RuleID, r.RuleIndex, run.Tool.Driver.Rules[r.RuleIndex].ID)
		}
		prints[r.Fingerprints["packsFinding/v1"]] = true
		at := r.Locations[0].Physical
		u, err := url.Parse(at.Artifact.URI)
		if err != nil || u.IsAbs() || u.Path != "catalog/"+f.Path || at.Artifact.Base != sarifRoot {
			t.Errorf("address %+v of %s: %v", at.Artifact, f.Path, err)
		}
		if at.Region.StartLine < 1 || at.Region.StartColumn != f.Column {
			t.Errorf("region %+v of %+v", at.Region, f)
		}
	}
	if len(prints) != len(report.Findings) {
		t.Errorf("%d fingerprints for %d findings", len(prints), len(report.Findings))
	}
}

// TestFingerprintsStay says that a finding is the same one when its line moves.
func TestFingerprintsStay(t *testing.T) {
	t.Parallel()
	f := lint.Finding{Rule: "r", Message: "m", Line: 3}
	before := newFingerprints().of(&f, "a/b")
	f.Line = 9
	if after := newFingerprints().of(&f, "a/b"); after != before {
		t.Errorf("fingerprint %s, then %s", before, after)
	}
	if other := newFingerprints().of(&f, "a/c"); other == before {
		t.Error("the same fingerprint for another file")
	}
}

// sarifModule holds the schema of SARIF 2.1.0 by OASIS in its source.
const sarifModule = "github.com/owenrumney/go-sarif/v3@v3.3.1"

// TestSARIFSchema checks logs against the schema of OASIS, which the module proxy has.
func TestSARIFSchema(t *testing.T) {
	t.Parallel()
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft4
	if err := c.AddResource("sarif.json", strings.NewReader(oasisSchema(t))); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*lint.Report{"findings": sampleFindings(), "nothing": lint.NewReport(0, nil)} {
		var log any
		if err := json.Unmarshal([]byte(findingsIn(t, "sarif", r, FindingsOptions{Prefix: "catalog"})), &log); err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(log); err != nil {
			t.Errorf("%s: %#v", name, err)
		}
	}
	if s.Validate(map[string]any{"version": "2.1.0", "runs": []any{map[string]any{}}}) == nil {
		t.Error("the schema takes a run without a tool: it checks nothing")
	}
}

// oasisSchema returns the text of the schema; without a module proxy the test is skipped.
func oasisSchema(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", sarifModule)
	cmd.Dir = t.TempDir() // go.mod is not to change
	out, err := cmd.Output()
	var module struct{ Dir string }
	if err == nil {
		err = json.Unmarshal(out, &module)
	}
	if err != nil || module.Dir == "" {
		t.Skipf("the schema of SARIF cannot be had from the module proxy: %v %s", err, out)
	}
	file := filepath.Join(module.Dir, "pkg", "report", "v210", "sarif", "schema.go")
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	ast.Inspect(parsed, func(n ast.Node) bool {
		if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING && len(s.Value) > len(text) {
			text = s.Value
		}
		return true
	})
	if text, err = strconv.Unquote(text); err != nil {
		t.Fatal(err)
	}
	return text
}

package render_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

func hostilePlan() *plan.Plan {
	p := &plan.Plan{Tool: "1.2.3", Source: &plan.Source{Commit: "c0ffee"}, Remarks: []string{hostile}, Actions: []plan.Action{
		{Kind: plan.CreateRepository, Registry: "one", Repository: "spectro-packs/archive", Reason: "base path repository is missing"},
		{Kind: plan.Push, Registry: "one", Name: "a", Version: "1.0.0", Repository: "r/a", Reference: "h/r/a:1.0.0", Path: "packs/a", Bytes: 2048, Reason: "version is missing"},
		{
			Kind: plan.Conflict, Registry: "one", Name: hostile, Version: hostile, Path: hostile, Reason: hostile, Hint: hostile, Warning: hostile,
			Changes: &plan.Changes{Modified: []string{hostile}}, ContentDigest: hostile,
		},
		{Kind: plan.Unchanged, Registry: "two", Name: "a", Version: "1.0.0", Observed: &plan.Published{Digest: "sha256:aa"}},
	}}
	p.Summary = plan.Summarize(p.Actions)
	return p
}

// TestHTMLOfEveryResult writes each kind of result with hostile text in it.
func TestHTMLOfEveryResult(t *testing.T) {
	t.Parallel()
	report := &executor.Report{Tool: "1.2.3", Remarks: []string{hostile}, Items: []executor.Item{
		{Action: plan.Push, Status: executor.StatusDone, Registry: "one", Name: "a", Version: "1.0.0", Digest: "sha256:aa", Previous: "sha256:bb", Bytes: 2048},
		{Action: plan.Push, Status: executor.StatusFailed, Registry: "one", Name: hostile, Version: hostile, Error: hostile, Hint: hostile, Err: errors.New(hostile)},
	}}
	report.Summary = executor.Summarize(report.Items)
	findings := lint.NewReport(1, []lint.Finding{
		{Rule: "readme-missing", Severity: lint.Error, Name: hostile, Version: hostile, Path: hostile, Line: 3, Column: 1, Message: hostile, Hint: hostile},
	})
	tests := []struct {
		name  string
		write func(b *bytes.Buffer) error
		want  []string
	}{
		{"plan", func(b *bytes.Buffer) error {
			return render.HTMLPlan(b, hostilePlan(), render.PlanOptions{File: "packs.yaml"})
		}, []string{
			"<title>Plan for packs.yaml</title>", "<code>c0ffee</code>", `data-state="unchanged"`, "<code>a@1.0.0</code>", "2.0 kB", `<tr class="wrong" data-state="conflict">`,
		}},
		{"report", func(b *bytes.Buffer) error {
			return render.HTMLReport(b, report, render.ReportOptions{File: "packs.yaml"})
		}, []string{
			"<code>sha256:aa</code>", "was sha256:bb", `<tr class="wrong" data-state="failed">`,
		}},
		{"list", func(b *bytes.Buffer) error { return render.HTMLList(b, render.NewList(hostilePlan())) }, []string{
			`<th scope="col">one</th><th scope="col">two</th>`, `<tr class="doubt" data-state="missing">`, `<span class="right">present</span>`,
		}},
		{"findings", func(b *bytes.Buffer) error { return render.Findings(b, "html", findings, render.FindingsOptions{}) }, []string{
			"<code>readme-missing</code>", `<tr class="wrong" data-state="error">`,
		}},
	}
	for _, tt := range tests {
		var b, again bytes.Buffer
		if err := errors.Join(tt.write(&b), tt.write(&again)); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if b.String() != again.String() {
			t.Errorf("%s: two pages of one result differ", tt.name)
		}
		for _, want := range append(tt.want, "&lt;script&gt;alert(1)") {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: the page lacks %s:\n%s", tt.name, want, b.String())
			}
		}
		for _, bad := range []string{"<img", "\x1b", "\u202e"} {
			if strings.Contains(b.String(), bad) {
				t.Errorf("%s: the page holds %q", tt.name, bad)
			}
		}
	}
}

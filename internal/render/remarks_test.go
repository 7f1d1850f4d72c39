package render

import (
	"bytes"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/plan"
)

// TestRemarksAreShown looks for what no action and no item says, in every form
// for people.
func TestRemarksAreShown(t *testing.T) {
	t.Parallel()
	const remark = "prod: repository a: scanOnPush is false"
	p := &plan.Plan{Remarks: []string{remark, plan.WarningPrefix + "look"}}
	nothing := &executor.Report{Remarks: p.Remarks}
	failed := &executor.Report{
		Remarks: p.Remarks, Summary: executor.ReportSummary{Failed: 1},
		Items: []executor.Item{{Action: plan.Push, Status: executor.StatusFailed, Registry: "prod", Name: "a", Version: "1", Error: "x"}},
	}
	shown := ReportOptions{File: "packs.yaml", Plan: p}
	seen := shown
	seen.PlanSeen = true
	for name, test := range map[string]struct {
		write func(b *bytes.Buffer) error
		want  int
	}{
		"plan":                  {func(b *bytes.Buffer) error { return Plan(b, Style{}, p, PlanOptions{}) }, 1},
		"plan as markdown":      {func(b *bytes.Buffer) error { return MarkdownPlan(b, p, PlanOptions{}) }, 1},
		"nothing to do":         {func(b *bytes.Buffer) error { return Report(b, Style{}, nothing, shown) }, 1},
		"something failed":      {func(b *bytes.Buffer) error { return Report(b, Style{}, failed, shown) }, 1},
		"the plan was seen":     {func(b *bytes.Buffer) error { return Report(b, Style{}, failed, seen) }, 0},
		"nothing, as markdown":  {func(b *bytes.Buffer) error { return MarkdownReport(b, nothing, shown) }, 1},
		"failures, as markdown": {func(b *bytes.Buffer) error { return MarkdownReport(b, failed, shown) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := test.write(&b); err != nil {
				t.Fatal(err)
			}
			for _, line := range []string{"note: " + remark, "warning: look"} {
				if n := strings.Count(b.String(), line); n != test.want {
					t.Errorf("%q %d times, want %d:\n%s", line, n, test.want, b.String())
				}
			}
		})
	}
}

package render

import (
	"io"

	"github.com/packs-cli/packs/internal/lint"
)

var severityTones = map[lint.Severity]string{lint.Error: "wrong", lint.Warning: "doubt"}

// writeFindingsHTML writes findings as a page: a table for each pack.
func writeFindingsHTML(w io.Writer, r *lint.Report, _ FindingsOptions) error {
	page := &htmlPage{Title: "Validation", Lead: findingsSummary(r), State: "right", Facts: sourceFacts(r.Source), Foot: "packs " + Clean(r.Tool)}
	if r.Summary.Errors > 0 {
		page.State = "wrong"
	}
	for _, g := range groupFindings(r.Findings) {
		t := htmlTable{Title: g.title(), Subtitle: Clean(g.pack), Columns: []string{"severity", "place", "rule", "finding"}}
		for i := range g.findings {
			f := &g.findings[i]
			what := textLine(f.Message)
			if f.Hint != "" {
				what = append(what, htmlText{Text: Clean(f.Hint), Dim: true})
			}
			t.Rows = append(t.Rows, htmlRow{
				State: severityWord(f.Severity), Tone: severityTones[f.Severity],
				Cells: [][]htmlText{codeLine(place(g.below(f.Path), f.Line, f.Column)), codeLine(f.Rule), what},
			})
		}
		page.Tables = append(page.Tables, t)
	}
	return writeHTML(w, page)
}

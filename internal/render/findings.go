package render

import (
	"io"
	"strings"

	"github.com/packs-cli/packs/internal/lint"
)

var severityColors = map[lint.Severity]string{lint.Error: red, lint.Warning: yellow, lint.Info: cyan}

// Findings writes a validation report: a line for each finding, with its place
// first so that editors jump there, and the counts.
func Findings(w io.Writer, s Style, r *lint.Report) error {
	t := newPage(w, s)
	for _, f := range r.Findings {
		where := ""
		if f.Path != "" {
			where = t.paint(bold, Clean(place(f.Path, f.Line, f.Column))+":") + " "
		}
		label := t.paint(severityColors[f.Severity], string(f.Severity)+":")
		t.line(where, label, " ", Clean(f.Message), " ", t.paint(dim, "["+Clean(f.Rule)+"]"))
		if f.Hint != "" {
			t.paragraph(2, cyan, t.hint(f.Hint))
		}
	}
	if len(r.Findings) > 0 {
		t.line()
	}
	t.line(t.paint(bold, findingsSummary(r.Summary)))
	return t.flush()
}

func findingsSummary(s lint.Summary) string {
	line := "Valid: "
	if s.Errors > 0 {
		line = "Invalid: "
	}
	var parts []string
	if s.Packs > 0 || s.Errors == 0 { // with a wrong packs.yaml no pack is reached
		parts = append(parts, Count(s.Packs, "pack")+" checked")
	}
	if s.Errors+s.Warnings+s.Infos == 0 {
		parts = append(parts, "nothing found")
	}
	for _, c := range []struct {
		n    int
		noun string
	}{{s.Errors, "error"}, {s.Warnings, "warning"}, {s.Infos, "remark"}} {
		if c.n > 0 {
			parts = append(parts, Count(c.n, c.noun))
		}
	}
	return line + strings.Join(parts, ", ") + "."
}

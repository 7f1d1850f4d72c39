package render

import (
	"io"

	"github.com/packs-cli/packs/internal/lint"
)

var severityColors = map[lint.Severity]string{lint.Error: red, lint.Warning: yellow, lint.Info: cyan}

// writeFindingsText writes a line for each finding, with its place first so that
// editors and terminals jump there, pack by pack, and the counts.
func writeFindingsText(w io.Writer, r *lint.Report, o FindingsOptions) error {
	t := newPage(w, o.Style)
	for _, g := range groupFindings(r.Findings) {
		if title := g.title(); title != "" {
			t.line(t.paint(bold, title), t.paint(dim, "  "+Clean(g.pack)))
		}
		for i := range g.findings {
			t.finding(&g.findings[i])
		}
		t.line()
	}
	t.line(t.paint(bold, findingsSummary(r)))
	return t.flush()
}

func (p *page) finding(f *lint.Finding) {
	where := ""
	if f.Path != "" {
		where = Clean(place(f.Path, f.Line, f.Column)) + ": "
	}
	label := p.paint(severityColors[f.Severity], severityWord(f.Severity)+":")
	p.line(where, label, " ", Clean(f.Message), " ", p.paint(dim, "["+Clean(f.Rule)+"]"))
	if f.Hint != "" {
		p.paragraph(2, cyan, p.hint(f.Hint))
	}
}

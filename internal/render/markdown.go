package render

import (
	"io"
	"strings"

	"github.com/packs-cli/packs/plan"
)

// MarkdownPlan writes a plan as a table for a pull request or a summary of a CI
// run.
func MarkdownPlan(w io.Writer, p *plan.Plan, o PlanOptions) error {
	t := newPage(w, Style{})
	t.line("### ", escapeMarkdown(planSummary(p, o.File)+unmanagedLine(p)))
	rows := withUnmanaged(planRows(p, o.ShowUnchanged), unmanagedOf(p))
	for i := range rows {
		r := &rows[i]
		if i == 0 || r.registry != rows[i-1].registry {
			t.line()
			t.line("#### ", escapeMarkdown(Clean(r.registry)))
			t.line()
			t.line("| | version | size | why |")
			t.line("|---|---|---:|---|")
		}
		why := append(make([]string, 0, 1+len(r.below)), escapeMarkdown(r.reason))
		for _, n := range r.below {
			why = append(why, escapeMarkdown(Clean(n.text)))
		}
		what := "`" + strings.ReplaceAll(r.what, "`", "'") + "`"
		t.line("| ", escapeMarkdown(r.mark.symbol), " ", r.mark.word, " | ", what, " | ", r.size, " | ", strings.Join(why, "<br>"), " |")
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Warning != "" {
			t.line()
			t.line("> warning: ", escapeMarkdown(item(a.Name, a.Version, a.Repository)+" in "+Clean(a.Registry)+": "+Clean(a.Warning)))
		}
	}
	markdownRemarks(t, p.Remarks)
	for _, gap := range p.Gaps {
		t.line()
		t.line("> note: ", escapeMarkdown(Clean(oneLineOf(gap))))
	}
	for _, step := range paletteSteps(p) {
		t.line()
		t.line("> ", escapeMarkdown(step))
	}
	return t.flush()
}

func markdownRemarks(t *page, remarks []string) {
	for _, r := range remarks {
		t.line()
		t.line("> ", escapeMarkdown(remarkText(r)))
	}
}

var markdownEscaper = strings.NewReplacer(
	`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "*", `\*`, "_", `\_`, "~", `\~`,
	"[", `\[`, "]", `\]`, "#", `\#`, "!", `\!`, "+", `\+`, "-", `\-`, " @", " @<!-- -->",
)

// escapeMarkdown keeps text from being read as markup, or as the mention of a
// person. Code between back quotes stays as it is.
func escapeMarkdown(s string) string {
	parts := strings.Split(s, "`")
	if len(parts)%2 == 0 {
		return markdownEscaper.Replace(strings.ReplaceAll(s, "`", "'"))
	}
	for i := range parts {
		if i%2 == 0 {
			parts[i] = markdownEscaper.Replace(parts[i])
		} else {
			parts[i] = strings.ReplaceAll(parts[i], "|", `\|`) // cells end at it even in code
		}
	}
	return strings.Join(parts, "`")
}

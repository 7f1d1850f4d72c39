package render

import (
	"cmp"
	"io"
	"strings"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/plan"
)

// MarkdownReport writes what an apply did as a table for a pull request or a
// summary of a CI run. What was left alone is only counted.
func MarkdownReport(w io.Writer, r *executor.Report, o ReportOptions) error {
	t := newPage(w, Style{})
	if nothingDone(r.Summary) {
		t.line("### ", escapeMarkdown(nothingApplied(r, o)))
		markdownRemarks(t, r.Remarks)
		return t.flush()
	}
	t.line("### ", escapeMarkdown(appliedLine(r, &o)))
	registry := ""
	for i := range r.Items {
		it := &r.Items[i]
		if it.Status == executor.StatusDone && !it.Action.Writes() {
			continue
		}
		if it.Registry != registry {
			registry = it.Registry
			t.line()
			t.line("#### ", escapeMarkdown(Clean(registry)))
			t.line()
			t.line("| | version | size | digest, or why not |")
			t.line("|---|---|---:|---|")
		}
		markdownItem(t, it)
	}
	for _, warned := range reportWarnings(r.Items) {
		t.line()
		t.line("> warning: ", escapeMarkdown(strings.Join(warned.items, ", ")+": "+Clean(warned.text)))
	}
	markdownRemarks(t, r.Remarks)
	return t.flush()
}

// markdownItem writes the row of an item.
func markdownItem(t *page, it *executor.Item) {
	m, size, why := marks[it.Action], "", "`"+Clean(it.Digest)+"`"
	if it.Bytes > 0 {
		size = Size(it.Bytes)
	}
	switch {
	case it.Status != executor.StatusDone:
		m, why = statusMark(it), escapeMarkdown(Clean(cmp.Or(it.Error, it.Reason)))
		if it.Hint != "" && it.Status != executor.StatusSkipped {
			why += "<br>" + escapeMarkdown(Clean(it.Hint))
		}
	case it.Digest == "" && it.Previous != "":
		why = escapeMarkdown(Clean(it.Reason)) + ", was `" + Clean(it.Previous) + "`"
	case it.Digest == "":
		why = escapeMarkdown(Clean(it.Reason))
	case it.Previous != "":
		why += ", was `" + Clean(it.Previous) + "`"
	}
	what := "`" + strings.ReplaceAll(item(it.Name, it.Version, it.Repository), "`", "'") + "`"
	t.line("| ", escapeMarkdown(m.symbol), " ", m.word, " | ", what, " | ", size, " | ", why, " |")
}

// statusMark shows what was not done.
func statusMark(it *executor.Item) mark {
	switch it.Status {
	case executor.StatusConflict:
		return marks[plan.Conflict]
	case executor.StatusSkipped:
		return marks[plan.Skip]
	case executor.StatusFailed, executor.StatusDone:
	}
	return mark{"✗", "failed", red}
}

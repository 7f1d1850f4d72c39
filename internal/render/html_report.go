package render

import (
	"cmp"
	"io"

	"github.com/packs-cli/packs/executor"
)

// HTMLReport writes what an apply did as a page: a table for each registry.
func HTMLReport(w io.Writer, r *executor.Report, o ReportOptions) error {
	page := &htmlPage{Title: "Report of packs apply", Lead: appliedLine(r, &o), State: "right", Foot: "packs " + Clean(r.Tool)}
	if o.Pruned {
		page.Title = "Report of packs prune"
	}
	if nothingDone(r.Summary) {
		page.Lead = nothingApplied(r, o)
	}
	if r.Summary.Failed+r.Summary.Conflict > 0 || r.Interrupted {
		page.State = "wrong"
	}
	page.Facts = sourceFacts(r.Source)
	for _, remark := range r.Remarks {
		page.Notes = append(page.Notes, remarkText(remark))
	}
	for _, items := range byRegistry(r.Items) {
		t := htmlTable{Title: Clean(items[0].Registry), Columns: []string{"result", "version", "sent", "manifest", "what to know"}}
		for i := range items {
			if t.Subtitle == "" {
				t.Subtitle = address(items[i].Reference, items[i].Repository, items[i].Version, items[i].Name)
			}
			t.Rows = append(t.Rows, reportHTMLRow(&items[i]))
		}
		page.Tables = append(page.Tables, t)
	}
	return writeHTML(w, page)
}

func reportHTMLRow(it *executor.Item) htmlRow {
	m := marks[it.Action]
	if it.Status != executor.StatusDone {
		m = statusMark(it)
	}
	sent := ""
	if it.Bytes > 0 {
		sent = Size(it.Bytes)
	}
	manifest := codeLine(it.Digest)
	if it.Previous != "" {
		manifest = append(manifest, htmlText{Text: "was " + Clean(it.Previous), Dim: true})
	}
	know := append(textLine(oneLineOf(cmp.Or(it.Error, it.Reason))), changeLines(it.Changes)...)
	for _, text := range []string{it.Warning, it.Hint} {
		if text != "" {
			know = append(know, htmlText{Text: Clean(text), Dim: true})
		}
	}
	return htmlRow{State: m.word, Tone: tones[m.color], Cells: [][]htmlText{
		versionCell(it.Name, it.Version, it.Repository, it.Path), textLine(sent), manifest, know,
	}}
}

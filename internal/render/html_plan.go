package render

import (
	"io"

	"github.com/packs-cli/packs/plan"
)

// tones colour marks on pages: what changes nothing needs none.
var tones = map[string]string{green: "right", yellow: "doubt", red: "wrong"}

// HTMLPlan writes a plan as a page: a table for each registry. Unchanged
// versions are in it, too: a page can be filtered.
func HTMLPlan(w io.Writer, p *plan.Plan, o PlanOptions) error {
	page := &htmlPage{Title: "Plan for " + Clean(o.File), Lead: planSummary(p, o.File) + unmanagedLine(p), State: "right", Foot: "packs " + Clean(p.Tool)}
	if p.Summary.Conflict+p.Summary.Unknown > 0 {
		page.State = "wrong"
	}
	page.Facts = sourceFacts(p.Source)
	for _, r := range p.Remarks {
		page.Notes = append(page.Notes, remarkText(r))
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		if i == 0 || a.Registry != p.Actions[i-1].Registry {
			page.Tables = append(page.Tables, htmlTable{Title: Clean(a.Registry), Columns: []string{"action", "version", "size", "content", "why"}})
		}
		t := &page.Tables[len(page.Tables)-1]
		if t.Subtitle == "" {
			t.Subtitle = address(a.Reference, a.Repository, a.Version, a.Name)
		}
		t.Rows = append(t.Rows, planHTMLRow(a))
	}
	unmanagedHTML(page, p)
	return writeHTML(w, page)
}

func planHTMLRow(a *plan.Action) htmlRow {
	m, size, why := marks[a.Kind], "", textLine(oneLineOf(a.Reason))
	if a.Bytes > 0 {
		size = Size(a.Bytes)
	}
	why = append(why, changeLines(a.Changes)...)
	for _, text := range []string{a.Warning, a.Hint} {
		if text != "" {
			why = append(why, htmlText{Text: Clean(text), Dim: true})
		}
	}
	return htmlRow{State: m.word, Tone: tones[m.color], Cells: [][]htmlText{
		versionCell(a.Name, a.Version, a.Repository, a.Path), textLine(size), codeLine(a.ContentDigest), why,
	}}
}

// versionCell is a version, or a repository, with the path of the pack.
func versionCell(name, version, repository, path string) []htmlText {
	cell := codeLine(item(name, version, repository))
	if path != "" {
		cell = append(cell, htmlText{Text: Clean(path), Dim: true})
	}
	return cell
}

// changeLines are the files that differ.
func changeLines(c *plan.Changes) []htmlText {
	if c.Len() == 0 {
		return nil
	}
	var lines []htmlText
	for _, n := range changeNotes(c) {
		lines = append(lines, htmlText{Text: n.text, Code: true})
	}
	return lines
}

// sourceFacts tell the commit that a result is of.
func sourceFacts(s *plan.Source) []htmlFact {
	if s == nil {
		return nil
	}
	facts := []htmlFact{{Name: "git commit", Text: Clean(s.Commit), Code: true}}
	if s.Dirty {
		facts = append(facts, htmlFact{Name: "work tree", Text: "has changes that are not committed"})
	}
	return facts
}

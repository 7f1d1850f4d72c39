package render

import (
	"io"

	"github.com/packs-cli/packs/executor"
)

var verifyTones = map[executor.VerifyStatus]string{
	executor.VerifyOK:        "right",
	executor.VerifyMissing:   "wrong",
	executor.VerifyDifferent: "wrong",
	executor.VerifyDamaged:   "wrong",
	executor.VerifyIgnored:   "doubt",
	executor.VerifyUnmanaged: "doubt",
	executor.VerifyUnknown:   "wrong",
}

// HTMLVerify writes a verification as a page for an auditor: a row for each
// version and registry.
func HTMLVerify(w io.Writer, r *executor.VerifyReport, o VerifyOptions) error {
	p := &htmlPage{Title: "Verification of " + Clean(o.File), Lead: verifyLine(r, o.File), State: "right", Foot: "packs " + Clean(r.Tool)}
	if !r.Right() {
		p.State = "wrong"
	}
	p.Facts = sourceFacts(r.Source)
	proof := "manifests; layers were asked for by digest and size"
	if r.Deep {
		proof = "every layer, file by file"
	}
	p.Facts = append(p.Facts, htmlFact{Name: "read", Text: proof})
	if r.Shard != nil {
		p.Facts = append(p.Facts, htmlFact{Name: "shard", Text: r.Shard.String()})
	}
	for _, n := range verifyNotes(r) {
		p.Notes = append(p.Notes, Clean(n))
	}
	p.Tables = verifyTables(r.Items, r.Palette != nil)
	return writeHTML(w, p)
}

func verifyTables(items []executor.VerifyItem, palette bool) []htmlTable {
	var tables []htmlTable
	for i := range items {
		it := &items[i]
		if i == 0 || it.Registry != items[i-1].Registry {
			tables = append(tables, htmlTable{
				Title:   Clean(it.Registry),
				Columns: []string{"state", "version", "git", "content in git", "content published", "manifest", "what is wrong"},
			})
		}
		t := &tables[len(tables)-1]
		if t.Subtitle == "" {
			t.Subtitle = address(it.Reference, it.Repository, it.Version, it.Name)
		}
		row := verifyRow(it)
		if palette {
			if len(t.Rows) == 0 {
				t.Columns = append(t.Columns, "in Palette")
			}
			row.Cells = append(row.Cells, textLine(inPalette(it)))
		}
		t.Rows = append(t.Rows, row)
	}
	return tables
}

func verifyRow(it *executor.VerifyItem) htmlRow {
	published := codeLine(it.Published)
	if word := proofWord(it); word != "" {
		published = append(published, htmlText{Text: word, Dim: true})
	}
	wrong := textLine(oneLineOf(it.Problem))
	wrong = append(wrong, changeLines(changesOf(it))...)
	if it.Hint != "" {
		wrong = append(wrong, htmlText{Text: Clean(it.Hint), Dim: true})
	}
	return htmlRow{
		State: verifyMarks[it.Status].word, Tone: verifyTones[it.Status],
		Cells: [][]htmlText{codeLine(item(it.Name, it.Version, it.Repository)), gitCell(it), codeLine(it.ContentDigest), published, codeLine(it.Digest), wrong},
	}
}

// gitCell is where a pack is in git; its path where it lies in no work tree;
// the source of a copy.
func gitCell(it *executor.VerifyItem) []htmlText {
	switch {
	case it.From != "":
		return append(textLine("copied from"), codeLine(it.From)...)
	case it.Git == nil:
		return codeLine(it.Path)
	}
	cell := append(codeLine(it.Git.Path), codeLine(it.Git.Commit)...)
	if it.Git.Dirty {
		cell = append(cell, htmlText{Text: uncommitted})
	}
	return cell
}

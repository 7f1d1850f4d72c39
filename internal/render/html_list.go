package render

import "io"

// HTMLList writes a list as a page: packs × registries.
func HTMLList(w io.Writer, l *List) error {
	page := &htmlPage{Title: "Packs and registries", Lead: listSummary(l), State: "right", Facts: sourceFacts(l.Source), Foot: "packs " + Clean(l.Tool)}
	if l.Summary.Missing+l.Summary.Different+l.Summary.Unknown > 0 {
		page.State = "wrong"
	}
	for _, gap := range l.Gaps {
		page.Notes = append(page.Notes, Clean(oneLineOf(gap)))
	}
	t := htmlTable{Title: "Versions", Columns: []string{"state", "version"}}
	for _, r := range l.Registries {
		t.Columns = append(t.Columns, Clean(r))
	}
	for i := range l.Packs {
		t.Rows = append(t.Rows, listHTMLRow(l.Registries, &l.Packs[i]))
	}
	page.Tables = []htmlTable{t}
	return writeHTML(w, page)
}

// listHTMLRow is the row of a version; its state is the worst that it has in
// any registry.
func listHTMLRow(registries []string, p *ListPack) htmlRow {
	row := htmlRow{Cells: [][]htmlText{versionCell(p.Name, p.Version, "", p.Path)}}
	next := 0 // states stand in the order of the registries
	for _, r := range registries {
		if next == len(p.States) || p.States[next].Registry != r {
			row.Cells = append(row.Cells, textLine("-")) // does not go there
			continue
		}
		s := &p.States[next]
		next++
		row.Cells = append(row.Cells, []htmlText{{Text: s.State, Tone: tones[stateColors[s.State]]}})
		if row.State == "" || worse(s.State, row.State) {
			row.State, row.Tone = s.State, tones[stateColors[s.State]]
		}
	}
	return row
}

// worse tells whether a state needs more attention than another.
func worse(state, other string) bool {
	rank := map[string]int{"present": 0, "unmanaged": 1, "missing": 2, "different": 3, "unknown": 4}
	return rank[state] > rank[other]
}

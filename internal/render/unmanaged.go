package render

import (
	"slices"

	"github.com/packs-cli/packs/plan"
)

// unmanagedMark is how a version is shown that packs.yaml does not have.
var unmanagedMark = mark{"*", "unmanaged", yellow}

// withUnmanaged puts versions that packs.yaml does not have below the rows of
// their registry.
func withUnmanaged(rows []row, unmanaged []plan.Unmanaged) []row {
	if len(unmanaged) == 0 {
		return rows
	}
	of := make(map[string][]row)
	var order []string // of registries that have no other row, too
	for i := range unmanaged {
		u := &unmanaged[i]
		if of[u.Registry] == nil {
			order = append(order, u.Registry)
		}
		of[u.Registry] = append(of[u.Registry], row{
			registry: u.Registry, address: address(u.Reference, u.Repository, u.Version, u.Name), mark: unmanagedMark,
			what: item(u.Name, u.Version, ""), reason: "packs.yaml does not have it",
		})
	}
	out := make([]row, 0, len(rows)+len(unmanaged))
	for i := range rows {
		out = append(out, rows[i])
		if r := rows[i].registry; i == len(rows)-1 || rows[i+1].registry != r {
			out = append(out, of[r]...)
			delete(of, r)
		}
	}
	for _, registry := range order {
		out = append(out, of[registry]...)
	}
	return out
}

// unmanagedOf are the unmanaged versions that the plan does not delete.
func unmanagedOf(p *plan.Plan) []plan.Unmanaged {
	deleted := make(map[plan.Key]bool)
	for i := range p.Actions {
		if a := &p.Actions[i]; a.Kind == plan.Delete {
			deleted[plan.Key{Registry: a.Registry, Name: a.Name, Version: a.Version}] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(p.Unmanaged), func(u plan.Unmanaged) bool {
		return deleted[plan.Key{Registry: u.Registry, Name: u.Name, Version: u.Version}]
	})
}

// unmanagedLine counts them.
func unmanagedLine(p *plan.Plan) string {
	switch n := len(unmanagedOf(p)); n {
	case 0:
		return ""
	case 1:
		return " 1 version is published that packs.yaml does not have."
	default:
		return " " + Count(n, "version") + " are published that packs.yaml does not have."
	}
}

// unmanagedHTML adds them to the tables of a plan.
func unmanagedHTML(page *htmlPage, p *plan.Plan) {
	for _, u := range unmanagedOf(p) {
		at := slices.IndexFunc(page.Tables, func(t htmlTable) bool { return t.Title == Clean(u.Registry) })
		if at < 0 {
			at = len(page.Tables)
			page.Tables = append(page.Tables, htmlTable{
				Title: Clean(u.Registry), Subtitle: address(u.Reference, u.Repository, u.Version, u.Name),
				Columns: []string{"action", "version", "size", "content", "why"},
			})
		}
		t := &page.Tables[at]
		t.Rows = append(t.Rows, htmlRow{State: unmanagedMark.word, Tone: tones[unmanagedMark.color], Cells: [][]htmlText{
			versionCell(u.Name, u.Version, "", ""), nil, nil, textLine("packs.yaml does not have it"),
		}})
	}
	for _, gap := range p.Gaps {
		page.Notes = append(page.Notes, Clean(oneLineOf(gap)))
	}
}

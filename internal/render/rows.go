package render

import "strings"

const (
	markWidth = 2 + 1 + 1 + len("overwrite") + 2 // "  ~ overwrite  "
	sizeWidth = len("999.9 kB")
	minReason = 20
	maxName   = 60 // wider names are not aligned for, where there is no terminal
)

// writeRows writes rows below the heading of their registry, in columns.
func writeRows(t *page, rows []row) {
	nameWidth, sized := 0, false
	for _, r := range rows {
		nameWidth = max(nameWidth, min(width(r.what), maxName))
		sized = sized || r.size != ""
	}
	taken := markWidth
	if sized {
		taken += sizeWidth + 2
	}
	if t.Width > 0 {
		nameWidth = min(nameWidth, max(t.Width-taken-2-minReason, minReason))
	}
	for i := range rows {
		if i == 0 || rows[i].registry != rows[i-1].registry {
			heading(t, rows[i:])
		}
		writeRow(t, &rows[i], nameWidth, sized)
		if i == len(rows)-1 || rows[i].registry != rows[i+1].registry {
			t.line()
		}
	}
}

// heading names a registry and where it is; the first row that knows the
// address tells it.
func heading(t *page, rows []row) {
	name, where := Clean(rows[0].registry), ""
	for _, r := range rows {
		if r.registry != rows[0].registry || where != "" {
			break
		}
		where = r.address
	}
	if t.Width > 0 {
		where = middle(where, max(t.Width-width(name)-2, minReason))
	}
	t.line(t.paint(bold, name), "  ", t.paint(dim, where))
}

func writeRow(t *page, r *row, nameWidth int, sized bool) {
	what := r.what
	if t.Width > 0 {
		what = middle(what, nameWidth)
	}
	head := t.paint(r.mark.color, pad("  "+r.mark.symbol+" "+r.mark.word, markWidth)) + pad(what, nameWidth)
	used := markWidth + max(width(what), nameWidth)
	if sized {
		head += "  " + strings.Repeat(" ", max(sizeWidth-width(r.size), 0)) + r.size
		used += 2 + sizeWidth
	}
	if t.Width == 0 || used+2+width(r.reason) <= t.Width {
		t.line(head, "  ", r.reason)
	} else {
		t.line(head)
		t.paragraph(markWidth, "", r.reason)
	}
	for _, n := range r.below {
		t.paragraph(markWidth, n.color, t.hint(n.text))
	}
}

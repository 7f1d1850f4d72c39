package render

import (
	"io"
	"strings"

	"github.com/packs-cli/packs/plan"
)

// PlanOptions says what of a plan is shown.
type PlanOptions struct {
	File          string // packs.yaml as the user named it
	ShowUnchanged bool
}

// mark is how an action is shown: a symbol and a word, so that colour is never
// the only sign.
type mark struct{ symbol, word, color string }

var marks = map[plan.ActionKind]mark{
	plan.CreateProject:    {"+", "create", green},
	plan.CreateRepository: {"+", "create", green},
	plan.UpdateRepository: {"~", "update", yellow},
	plan.Push:             {"+", "push", green},
	plan.Overwrite:        {"~", "overwrite", yellow},
	plan.Unchanged:        {"=", "unchanged", dim},
	plan.Conflict:         {"!", "conflict", red},
	plan.Unknown:          {"?", "unknown", red},
	plan.Delete:           {"-", "delete", red},
	plan.DeleteRepository: {"-", "delete", red},
	plan.Skip:             {".", "skip", yellow},
}

// Plan writes a plan as a review: the changes of each registry, one a line,
// then warnings and the counts. A plan of nothing to do is one line.
func Plan(w io.Writer, s Style, p *plan.Plan, o PlanOptions) error {
	t := newPage(w, s)
	rows := withUnmanaged(planRows(p, o.ShowUnchanged), unmanagedOf(p))
	writeRows(t, rows)
	writeWarnings(t, planWarnings(p.Actions))
	writeRemarks(t, p.Remarks)
	for _, gap := range p.Gaps {
		t.paragraph(0, yellow, "note: "+Clean(oneLineOf(gap)))
	}
	for _, step := range paletteSteps(p) {
		t.paragraph(0, "", t.hint(step))
	}
	t.paragraph(0, bold, planSummary(p, o.File)+unmanagedLine(p))
	return t.flush()
}

func writeRemarks(t *page, remarks []string) {
	for _, r := range remarks {
		t.paragraph(0, "", remarkText(r))
	}
}

// remarkText says whether a remark is a warning or a note.
func remarkText(remark string) string {
	if strings.HasPrefix(remark, plan.WarningPrefix) {
		return Clean(remark)
	}
	return "note: " + Clean(remark)
}

// row is one line of a review, with what belongs below it.
type row struct {
	registry string // name and address: the heading
	address  string
	mark     mark
	what     string
	size     string
	reason   string
	below    []note
}

// note is a line below a row.
type note struct{ color, text string }

func planRows(p *plan.Plan, unchanged bool) []row {
	var rows []row
	hinted := make(map[string]bool)
	for i := 0; i < len(p.Actions); i++ {
		a := &p.Actions[i]
		if a.Kind == plan.Unchanged && !unchanged {
			continue
		}
		r := newRow(a)
		if a.Kind == plan.Unknown {
			if n := sameUnknown(p.Actions[i:]); n > 1 {
				r.what, r.size = Count(n, "version"), ""
				i += n - 1
			}
		}
		if a.Kind == plan.Conflict && a.Hint != "" && !hinted[a.Hint] {
			hinted[a.Hint] = true
			r.below = append(r.below, note{cyan, a.Hint})
		}
		rows = append(rows, r)
	}
	return rows
}

func newRow(a *plan.Action) row {
	r := row{
		registry: a.Registry, address: address(a.Reference, a.Repository, a.Version, a.Name),
		mark: marks[a.Kind], what: item(a.Name, a.Version, a.Repository), reason: Clean(a.Reason),
	}
	if a.Kind == plan.Unknown && a.Err != nil {
		why, _ := cause(a.Err)
		r.reason = Clean(why)
	}
	if a.Bytes > 0 {
		r.size = Size(a.Bytes)
	}
	if a.Changes.Len() > 0 {
		r.reason = shortReason(a.Reason, a.Changes)
		r.below = changeNotes(a.Changes)
	}
	return r
}

// sameUnknown is how many versions from the first on are unknown for one cause.
func sameUnknown(actions []plan.Action) int {
	why := func(a *plan.Action) string {
		if a.Err == nil {
			return a.Reason
		}
		text, _ := cause(a.Err)
		return text
	}
	n, first := 0, &actions[0]
	for i := range actions {
		a := &actions[i]
		if a.Kind != plan.Unknown || a.Registry != first.Registry || a.Name == "" || why(a) != why(first) {
			break
		}
		n++
	}
	return n
}

// item names what an action is about: NAME@VERSION, or a repository or project.
func item(name, version, repository string) string {
	if name == "" {
		return Clean(repository)
	}
	return Clean(name + "@" + version)
}

// address is the registry's host, or folder, and base path: what stands before
// /NAME:VERSION in a reference.
func address(reference, repository, version, name string) string {
	base, found := strings.CutSuffix(reference, "/"+name+":"+version)
	if !found || name == "" || !strings.HasSuffix(repository, "/"+name) {
		return ""
	}
	return Clean(base)
}

// shortReason leaves the list of files out of a reason: it follows below.
func shortReason(reason string, c *plan.Changes) string {
	at := strings.Index(reason, ": "+c.First(1)[0])
	if at < 0 {
		return Clean(reason)
	}
	rest := ""
	if i := strings.LastIndex(reason[at:], "; "); i >= 0 {
		rest = reason[at+i:]
	}
	return Clean(reason[:at] + " (" + Count(c.Len(), "file") + ")" + rest)
}

// maxFiles is how many changed files of a pack are listed.
const maxFiles = 10

func changeNotes(c *plan.Changes) []note {
	untracked := make(map[string]bool, len(c.Untracked))
	for _, path := range c.Untracked {
		untracked[path] = true
	}
	colors := map[byte]string{'+': green, '-': red, '~': yellow, 'x': yellow}
	var notes []note
	for _, f := range c.First(maxFiles) {
		text := f[:1] + " " + Clean(f[1:])
		if f[0] == 'x' {
			text += " (executable bit)"
		}
		if f[0] != '-' && untracked[f[1:]] {
			text += " (untracked in git)"
		}
		notes = append(notes, note{colors[f[0]], text})
	}
	if n := c.Len() - maxFiles; n > 0 {
		notes = append(notes, note{dim, "and " + Count(n, "more file")})
	}
	return notes
}

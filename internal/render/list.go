package render

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/packs-cli/packs/internal/version"
	"github.com/packs-cli/packs/plan"
)

// ListKind is the kind of a list's JSON document.
const ListKind = "PackList"

// List tells which versions are in which registries.
type List struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Tool       string       `json:"tool,omitempty"`
	Source     *plan.Source `json:"source,omitempty"`
	Summary    ListSummary  `json:"summary"`
	Registries []string     `json:"registries"`
	Packs      []ListPack   `json:"packs"`
	Gaps       []string     `json:"gaps,omitempty"` // why registries may hold more
}

// ListSummary counts the versions of a list, once for each registry they go to.
type ListSummary struct {
	Versions  int `json:"versions"` // different ones
	Present   int `json:"present"`
	Missing   int `json:"missing"`
	Different int `json:"different"`
	Unknown   int `json:"unknown"`
	Unmanaged int `json:"unmanaged"`
}

// ListPack is one version and its state in each registry it goes to.
type ListPack struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Path    string      `json:"path,omitempty"`
	States  []ListState `json:"states"`
}

// ListState is the state of a version in one registry: present, missing,
// different, unknown or unmanaged.
type ListState struct {
	Registry  string `json:"registry"`
	State     string `json:"state"`
	Reference string `json:"reference,omitempty"`
	Digest    string `json:"digest,omitempty"` // of the manifest that is there
}

// NewList turns a plan around: by version rather than by registry.
func NewList(p *plan.Plan) *List {
	l := &List{APIVersion: plan.APIVersion, Kind: ListKind, Tool: p.Tool, Source: p.Source, Registries: []string{}, Packs: []ListPack{}, Gaps: p.Gaps}
	rows := make(map[string]int)
	for i := range p.Actions {
		a := &p.Actions[i]
		l.addRegistry(a.Registry)
		state := listState(a.Kind)
		if state == "" || a.Name == "" || a.Subject != "" {
			continue
		}
		s := ListState{Registry: a.Registry, State: state, Reference: a.Reference}
		if a.Observed != nil {
			s.Digest = a.Observed.Digest
		}
		l.add(rows, ListPack{Name: a.Name, Version: a.Version, Path: a.Path}, s)
	}
	for _, u := range p.Unmanaged {
		l.addRegistry(u.Registry)
		l.add(rows, ListPack{Name: u.Name, Version: u.Version}, ListState{Registry: u.Registry, State: "unmanaged", Reference: u.Reference})
	}
	for i := range l.Packs {
		slices.SortStableFunc(l.Packs[i].States, func(a, b ListState) int {
			return cmp.Compare(slices.Index(l.Registries, a.Registry), slices.Index(l.Registries, b.Registry))
		})
	}
	slices.SortStableFunc(l.Packs, func(a, b ListPack) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), version.Compare(a.Version, b.Version))
	})
	l.Summary.Versions = len(l.Packs)
	return l
}

func (l *List) addRegistry(name string) {
	if !slices.Contains(l.Registries, name) {
		l.Registries = append(l.Registries, name)
	}
}

// add adds the state of a version in one registry; rows tell where versions are.
func (l *List) add(rows map[string]int, p ListPack, s ListState) {
	key := p.Name + "@" + p.Version
	at, known := rows[key]
	if !known {
		at = len(l.Packs)
		rows[key] = at
		l.Packs = append(l.Packs, p)
	}
	l.Packs[at].States = append(l.Packs[at].States, s)
	l.Summary.add(s.State)
}

func listState(k plan.ActionKind) string {
	switch k {
	case plan.Unchanged:
		return "present"
	case plan.Push:
		return "missing"
	case plan.Overwrite, plan.Conflict, plan.Skip:
		return "different"
	case plan.Unknown:
		return "unknown"
	case plan.CreateProject, plan.CreateRepository, plan.UpdateRepository, plan.Delete, plan.DeleteRepository:
	}
	return ""
}

func (s *ListSummary) add(state string) {
	switch state {
	case "present":
		s.Present++
	case "missing":
		s.Missing++
	case "different":
		s.Different++
	case "unknown":
		s.Unknown++
	case "unmanaged":
		s.Unmanaged++
	}
}

// TextList writes a list as a matrix: a row for each version, a column for each
// registry.
func TextList(w io.Writer, s Style, l *List) error {
	t := newPage(w, s)
	nameWidth, versionWidth := len("NAME"), len("VERSION")
	for _, p := range l.Packs {
		nameWidth, versionWidth = max(nameWidth, width(Clean(p.Name))), max(versionWidth, width(Clean(p.Version)))
	}
	columns := make([]int, len(l.Registries))
	used := versionWidth + 4
	for i, r := range l.Registries {
		columns[i] = max(width(Clean(r)), len("different")) // as long as unmanaged
		used += columns[i] + 2
	}
	if t.Width > 0 {
		nameWidth = min(nameWidth, max(t.Width-used, minReason))
	}
	head := pad("NAME", nameWidth) + "  " + pad("VERSION", versionWidth)
	for i, r := range l.Registries {
		head += "  " + pad(Clean(r), columns[i])
	}
	t.line(t.paint(bold, strings.TrimRight(head, " ")))
	for i := range l.Packs {
		p := &l.Packs[i]
		line := pad(middle(Clean(p.Name), nameWidth), nameWidth) + "  " + pad(Clean(p.Version), versionWidth)
		t.line(line, cells(t, l.Registries, columns, p.States))
	}
	t.line()
	for _, gap := range l.Gaps {
		t.paragraph(0, yellow, "note: "+Clean(oneLineOf(gap)))
	}
	t.line(t.paint(bold, listSummary(l)))
	return t.flush()
}

var stateColors = map[string]string{"present": green, "missing": yellow, "different": red, "unknown": red, "unmanaged": yellow}

func cells(t *page, registries []string, columns []int, states []ListState) string {
	var b strings.Builder
	next := 0 // states stand in the order of the registries
	for i, r := range registries {
		text := "-" // does not go there
		if next < len(states) && states[next].Registry == r {
			text = states[next].State
			next++
		}
		if i == len(registries)-1 {
			columns[i] = 0
		}
		b.WriteString("  " + t.paint(stateColors[text], text) + pad("", columns[i]-width(text)))
	}
	return b.String()
}

func listSummary(l *List) string {
	var parts []string
	for _, c := range []struct {
		n    int
		word string
	}{{l.Summary.Present, "present"}, {l.Summary.Missing, "missing"}, {l.Summary.Different, "different"}, {l.Summary.Unknown, "unknown"}, {l.Summary.Unmanaged, "unmanaged"}} {
		if c.n > 0 {
			parts = append(parts, strconv.Itoa(c.n)+" "+c.word)
		}
	}
	line := Count(l.Summary.Versions, "version") + " for " + Count(len(l.Registries), "registry")
	if len(parts) > 0 {
		line += ": " + strings.Join(parts, ", ")
	}
	return line + "."
}

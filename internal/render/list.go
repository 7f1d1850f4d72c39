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
}

// ListSummary counts the versions of a list, once for each registry they go to.
type ListSummary struct {
	Versions  int `json:"versions"` // different ones
	Present   int `json:"present"`
	Missing   int `json:"missing"`
	Different int `json:"different"`
	Unknown   int `json:"unknown"`
}

// ListPack is one version and its state in each registry it goes to.
type ListPack struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Path    string      `json:"path,omitempty"`
	States  []ListState `json:"states"`
}

// ListState is the state of a version in one registry: present, missing,
// different or unknown.
type ListState struct {
	Registry  string `json:"registry"`
	State     string `json:"state"`
	Reference string `json:"reference,omitempty"`
	Digest    string `json:"digest,omitempty"` // of the manifest that is there
}

// NewList turns a plan around: by version rather than by registry.
func NewList(p *plan.Plan) *List {
	l := &List{APIVersion: plan.APIVersion, Kind: ListKind, Tool: p.Tool, Source: p.Source, Registries: []string{}, Packs: []ListPack{}}
	rows := make(map[string]int)
	for i := range p.Actions {
		a := &p.Actions[i]
		if len(l.Registries) == 0 || l.Registries[len(l.Registries)-1] != a.Registry {
			l.Registries = append(l.Registries, a.Registry)
		}
		state := listState(a.Kind)
		if state == "" || a.Name == "" || a.Subject != "" {
			continue
		}
		key := a.Name + "@" + a.Version
		at, known := rows[key]
		if !known {
			at = len(l.Packs)
			rows[key] = at
			l.Packs = append(l.Packs, ListPack{Name: a.Name, Version: a.Version, Path: a.Path})
		}
		s := ListState{Registry: a.Registry, State: state, Reference: a.Reference}
		if a.Observed != nil {
			s.Digest = a.Observed.Digest
		}
		l.Packs[at].States = append(l.Packs[at].States, s)
		l.Summary.add(state)
	}
	slices.SortStableFunc(l.Packs, func(a, b ListPack) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), version.Compare(a.Version, b.Version))
	})
	l.Summary.Versions = len(l.Packs)
	return l
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
		columns[i] = max(width(Clean(r)), len("different"))
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
	t.line(t.paint(bold, listSummary(l)))
	return t.flush()
}

var stateColors = map[string]string{"present": green, "missing": yellow, "different": red, "unknown": red}

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
	}{{l.Summary.Present, "present"}, {l.Summary.Missing, "missing"}, {l.Summary.Different, "different"}, {l.Summary.Unknown, "unknown"}} {
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

package render

import (
	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/plan"
)

// warning is what to beware of, and what it concerns.
type warning struct {
	text, hint string
	items      []string
}

func planWarnings(actions []plan.Action) []warning {
	var all []warning
	for i := range actions {
		a := &actions[i]
		if a.Warning == "" {
			continue
		}
		w := warning{a.Warning, a.Hint, []string{item(a.Name, a.Version, a.Repository) + " in " + Clean(a.Registry)}}
		if a.Kind == plan.Conflict {
			w.hint = "" // stands at the conflict
		}
		all = append(all, w)
	}
	return all
}

func reportWarnings(items []executor.Item) []warning {
	var all []warning
	for i := range items {
		it := &items[i]
		if it.Warning == "" {
			continue
		}
		w := warning{it.Warning, it.Hint, []string{item(it.Name, it.Version, it.Repository) + " in " + Clean(it.Registry)}}
		if it.Status != executor.StatusDone {
			w.hint = "" // stands at the conflict, or with the failure
		}
		all = append(all, w)
	}
	return all
}

// writeWarnings writes each different warning once, with what it concerns.
func writeWarnings(t *page, all []warning) {
	var groups []*warning
	byText := make(map[string]*warning)
	for _, w := range all {
		key := w.text + "\x00" + w.hint
		if g := byText[key]; g != nil {
			g.items = append(g.items, w.items...)
			continue
		}
		byText[key] = &w
		groups = append(groups, &w)
	}
	for _, g := range groups {
		t.paragraph(0, yellow, "warning: "+names(g.items, maxNamed)+": "+Clean(g.text))
		if g.hint != "" {
			t.paragraph(2, cyan, t.hint(g.hint))
		}
	}
	if len(groups) > 0 {
		t.line()
	}
}

// maxNamed is how many packs a grouped message names.
const maxNamed = 3

package render

import (
	"strings"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/plan"
)

// paletteSteps says what apply --palette does about registries that change.
func paletteSteps(p *plan.Plan) []string {
	var steps []string
	for i := range p.Palette {
		s := &p.Palette[i]
		if s.Sync {
			steps = append(steps, "palette: `packs apply --palette` then syncs "+Clean(s.Name)+" at "+Clean(s.Palette)+", waits up to "+shortTime(s.Timeout)+
				" and looks for "+Count(s.Versions, "version")+" of registry "+Clean(s.Registry))
		}
	}
	return steps
}

// shortTime leaves out zero parts: 10m, not 10m0s.
func shortTime(text string) string {
	text = Clean(text)
	if rest, ok := strings.CutSuffix(text, "m0s"); ok {
		text = rest + "m"
	}
	if rest, ok := strings.CutSuffix(text, "h0m"); ok {
		text = rest + "h"
	}
	return text
}

// writePalette tells what came of an apply in Palette: a line for each
// registry, and the versions that Palette does not show as they are.
func writePalette(t *page, r *executor.Report) {
	if r.Palette == nil || r.Summary.Palette == nil {
		return
	}
	for i := range r.Palette.Registries {
		s := &r.Palette.Registries[i]
		t.line(t.paint(bold, Clean(s.Name)), t.paint(dim, " at "+Clean(s.Palette)), "  ", t.paint(syncColors[s.State], string(s.State)), "  ", Clean(s.LastSynced))
	}
	writeVersions(t, r.Palette.Packs)
	c := *r.Summary.Palette
	t.paragraph(0, bold, "Palette: "+versionCounts(c)+".")
	switch {
	case c.TimedOut > 0:
		t.paragraph(0, cyan, t.hint("Nothing need be pushed again: `packs palette status` shows how far the sync is, `packs palette verify` what is there."))
	case !c.Well():
		t.paragraph(0, cyan, t.hint("Nothing need be pushed again once the cause is mended: `packs palette sync --wait`, then `packs palette verify`."))
	}
}

// PaletteFaults are the registries of a report that Palette could not be led to read.
func PaletteFaults(r *executor.Report) []Fault {
	if r.Palette == nil {
		return nil
	}
	return PaletteSyncFaults(r.Palette.Registries)
}

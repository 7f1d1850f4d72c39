package render

import (
	"io"
	"strconv"
	"strings"

	"github.com/packs-cli/packs/executor"
)

// PalettePlan writes what is to be done about the registries in Palette, or as
// a report what was done.
func PalettePlan(w io.Writer, s Style, p *executor.PalettePlan) error {
	t := newPage(w, s)
	for i := range p.Registries {
		c := &p.Registries[i]
		if i > 0 {
			t.line()
		}
		t.line(t.paint(bold, Clean(c.Registry)), "  ", Clean(c.Name), t.paint(dim, " at "+Clean(c.Palette)+"  "+c.Type+"  "+Clean(c.UID)))
		m, done := paletteMark(c)
		head := t.paint(m.color, pad("  "+m.symbol+" "+done, markWidth))
		t.line(head, Clean(c.Endpoint))
		if c.Err != nil && c.Status != executor.StatusSkipped {
			continue // told on stderr, with its cause
		}
		t.paragraph(markWidth, "", Clean(c.Reason))
		for _, d := range c.Changes {
			t.paragraph(markWidth, "", Clean(d.Setting)+": "+shownSetting(d.Have)+" → "+shownSetting(d.Want))
		}
		if c.Warning != "" {
			t.paragraph(markWidth, yellow, "warning: "+Clean(c.Warning))
		}
		if c.Hint != "" {
			t.paragraph(markWidth, cyan, t.hint(c.Hint))
		}
	}
	t.line()
	t.paragraph(0, bold, paletteSummary(p))
	if p.Kind == executor.PaletteRegisterKind && p.Summary.Pending() {
		t.paragraph(0, cyan, t.hint("Palette reads new registries by itself: `packs palette sync --wait` waits for it."))
	}
	return t.flush()
}

func paletteMark(c *executor.PaletteChange) (m mark, word string) {
	if c.Status == executor.StatusFailed {
		return mark{symbol: "!", color: red}, "failed"
	}
	word = string(c.Action)
	switch c.Action {
	case executor.PaletteCreate:
		return mark{symbol: "+", color: green}, word
	case executor.PaletteUpdate:
		return mark{symbol: "~", color: yellow}, word
	case executor.PaletteUnknown:
		return mark{symbol: "?", color: red}, word
	case executor.PaletteUnchanged:
	}
	return mark{symbol: "=", color: dim}, word
}

func shownSetting(text string) string {
	if text == "" {
		return "none"
	}
	return Clean(text)
}

func paletteSummary(p *executor.PalettePlan) string {
	to := " to create"
	update, failed := " to update", " unknown"
	if p.Kind == executor.PaletteRegisterKind {
		to, update, failed = " registered", " updated", " failed"
	}
	var parts []string
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, text)
		}
	}
	add(p.Summary.Create, Count(p.Summary.Create, "registry")+to)
	add(p.Summary.Update, strconv.Itoa(p.Summary.Update)+update)
	add(p.Summary.Unchanged, strconv.Itoa(p.Summary.Unchanged)+" unchanged")
	add(p.Summary.Failed, strconv.Itoa(p.Summary.Failed)+failed)
	if len(parts) == 0 {
		parts = append(parts, "nothing was done")
	}
	return "Palette: " + strings.Join(parts, ", ") + "."
}

// PalettePlanFaults are the registries that could not be compared or registered.
func PalettePlanFaults(p *executor.PalettePlan) []Fault {
	var faults []Fault
	for i := range p.Registries {
		if c := &p.Registries[i]; c.Err != nil {
			faults = append(faults, Fault{Where: c.Registry, What: c.Error, Hint: c.Hint})
		}
	}
	return faults
}

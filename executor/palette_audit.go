package executor

import (
	"context"
	"fmt"

	"github.com/packs-cli/packs/manifest"
)

// AuditPalette adds to a verification whether Palette shows each version, of
// the registries that have a palette: block, as it is in the pack.
func (e *Executor) AuditPalette(ctx context.Context, r *VerifyReport) error {
	s := e.stations()
	defer s.Close()
	if len(s.all) == 0 {
		return ErrNoPalette
	}
	local := make(map[string]*manifest.Pack, len(e.chosen))
	for _, p := range e.chosen {
		local[p.Path] = p
	}
	s.each(func(_ int, st *station) {
		var packs []sought
		var items []*VerifyItem
		for i := range r.Items {
			it := &r.Items[i]
			if it.Registry == st.spec.Name && it.Name != "" && it.Status != VerifyUnmanaged {
				packs, items = append(packs, sought{it.Name, it.Version, local[it.Path]}), append(items, it)
			}
		}
		for i, v := range e.verifyAt(ctx, st, packs) {
			items[i].Palette, items[i].PaletteHint = v.State, v.Hint
			if v.State != VersionVisible {
				items[i].PaletteProblem = v.Reason
			}
		}
	})
	r.CountPalette()
	if e.ended(ctx) {
		return fmt.Errorf("%w while Palette was asked", ErrInterrupted)
	}
	return nil
}

// CountPalette counts how Palette shows the versions of a report, where it was
// asked for any.
func (r *VerifyReport) CountPalette() {
	var c PaletteCounts
	asked := false
	for i := range r.Items {
		asked = asked || r.Items[i].Palette != ""
		c.count(r.Items[i].Palette)
	}
	if asked {
		r.Palette = &c
	}
}

package executor

import (
	"context"

	"github.com/packs-cli/packs/internal/palette"
)

// PaletteTerraform writes resources of the vendor's Terraform provider for the
// chosen registries that have a palette: block. Palette is not asked; Amazon is
// where only it knows the host of a registry. No secret is read.
func (e *Executor) PaletteTerraform(ctx context.Context) (string, error) {
	var all []*palette.Wanted
	for _, t := range e.targets {
		if t.spec.Palette == nil {
			continue
		}
		if err := t.address(ctx); err != nil {
			return "", err
		}
		w, err := palette.Want(t.spec)
		if err != nil {
			return "", err
		}
		all = append(all, w)
	}
	if len(all) == 0 {
		return "", ErrNoPalette
	}
	return palette.Terraform(all), nil
}

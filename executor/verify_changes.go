package executor

import (
	"context"

	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/plan"
)

// changes tells the files in which a published version differs from the pack on
// disk, or from what is copied. Both are read once more: few versions differ, and lists of the files of
// all would be large.
func (v *verification) changes(ctx context.Context, i int) (*plan.Changes, error) {
	s := v.survey
	published, err := v.readLayer(ctx, s.targets[i], s.versions[i].Repository, v.evidence[i].info.Layer)
	if err != nil {
		return nil, err
	}
	if c := s.copies[i]; c != nil {
		if err := v.readSource(ctx, c); err != nil {
			return nil, err
		}
		return plan.Diff(planFiles(published.Files), planFiles(c.files)), nil
	}
	wanted, err := pack.Read(ctx, s.packs[i].Dir, pack.Options{})
	if err != nil {
		return nil, &PackError{Path: s.packs[i].Path, Err: err}
	}
	return plan.Diff(planFiles(published.Files), planFiles(wanted.Files)), nil
}

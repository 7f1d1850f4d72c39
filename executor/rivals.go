package executor

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// rival is a copy of a version that a registry gets from elsewhere, too.
type rival struct {
	at   int // in the survey: who was first
	copy *copied
	from *manifest.From
}

// collisions makes sure that what goes to one place from two has one content.
// The first of packs.yaml is then published, folders and archives before copies.
func (e *Executor) collisions(ctx context.Context, s *survey) error {
	var errs []error
	for _, r := range s.rivals {
		if err := e.collide(ctx, s, r); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (e *Executor) collide(ctx context.Context, s *survey, r rival) error {
	v, c := &s.versions[r.at], r.copy
	first, other := "pack "+v.Path, s.copies[r.at]
	if other != nil {
		first = "registry " + v.From
		if s.rewrites[r.at] != r.from.Rewrite {
			return e.collision(r, v, first, "one entry rewrites it, the other does not")
		}
	}
	for _, side := range []*copied{c, other} {
		if side == nil || side.seen.err != nil || !side.seen.present {
			continue
		}
		if err := e.readSource(ctx, side); err != nil {
			return e.collision(r, v, first, "it cannot be told whether their content is the same: "+err.Error())
		}
	}
	if c.seen.err != nil || other != nil && other.seen.err != nil {
		return nil //nolint:nilerr // the plan tells that a source could not be asked; nothing of it is copied
	}
	wanted := v.ContentDigest
	if other != nil {
		wanted = other.content
	}
	if c.content != wanted {
		return e.collision(r, v, first, "and their content differs")
	}
	return nil
}

func (e *Executor) collision(r rival, v *plan.Version, first, why string) error {
	return &InputError{
		Option: fmt.Sprintf("%s:%d:", e.catalog.File, r.from.Position.Line),
		Value:  fmt.Sprintf("from: %s", r.from.Registry),
		Message: fmt.Sprintf("%s@%s goes to registry %s from here and from %s, %s: take one of them away, or narrow it with only:",
			v.Name, v.Version, v.Registry, first, why),
	}
}

func comparePins(a, b *PinError) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
}

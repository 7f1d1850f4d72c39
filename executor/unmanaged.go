package executor

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/plan"
)

// notListed says that nothing is known of what else a registry holds.
func notListed(t *target, err error) Listing {
	return Listing{Registry: t.spec.Name, Gaps: []string{err.Error()}, Errs: []error{err}}
}

// extras are the versions that a registry holds and packs.yaml does not send
// there, in the part of the catalog that this run looks at, and how far that is
// known. The error is that the run was stopped.
func (e *Executor) extras(ctx context.Context, t *target, managed map[plan.Key]bool) ([]VerifyItem, Listing, error) {
	inv, err := e.inventory(ctx, t)
	switch {
	case errors.Is(err, ErrInterrupted):
		return nil, Listing{}, err
	case err != nil:
		return nil, notListed(t, err), nil
	}
	listing := Listing{Registry: t.spec.Name, Complete: inv.complete(), Errs: inv.gaps}
	for _, gap := range inv.gaps {
		listing.Gaps = append(listing.Gaps, gap.Error())
	}
	var items []VerifyItem
	for i := range inv.repositories {
		s := &inv.repositories[i]
		for _, tag := range s.versions {
			if managed[plan.Key{Registry: t.spec.Name, Name: s.name, Version: tag}] || !e.looksAt(s.name, tag) {
				continue
			}
			items = append(items, VerifyItem{
				Status: VerifyUnmanaged, Registry: t.spec.Name, Repository: s.repository, Name: s.name, Version: tag,
				Reference: t.spec.Reference(s.name, tag), Problem: "packs.yaml does not have it",
			})
		}
	}
	return items, listing, nil
}

// looksAt tells whether a version, of packs.yaml or not, is in the part of the
// catalog that this run looks at.
func (e *Executor) looksAt(name, v string) bool {
	return e.opts.Shard.HasPack(name) &&
		(len(e.selectors) == 0 || slices.ContainsFunc(e.selectors, func(s selector) bool { return s.selects(name, v) }))
}

// managed are the versions that packs.yaml sends anywhere, whatever part of it
// this run looks at: packs on disk, and the copies that a survey found. Of pins it
// is those alone.
func (e *Executor) managed(s *survey, pins bool) map[plan.Key]bool {
	all := make(map[plan.Key]bool)
	for i := range s.versions {
		all[s.versions[i].Key()] = true
	}
	if pins {
		return all
	}
	for i := range e.catalog.Packs {
		p := &e.catalog.Packs[i]
		for _, t := range p.Targets {
			all[plan.Key{Registry: t.Registry, Name: p.Name, Version: p.Version}] = true
		}
	}
	return all
}

// notKnown adds to a listing that it is not known what shall be copied to a registry.
func (l *Listing) notKnown(u plan.Unlisted) {
	l.Complete = false
	l.Errs = append(l.Errs, u.Err)
	l.Gaps = append(l.Gaps, "what "+u.From+" holds is not known: "+u.Err.Error())
}

// gatherUnmanaged finds what else a registry holds, and reads the manifests.
func (v *verification) gatherUnmanaged(ctx context.Context, at int, t *target) error {
	items, listing, err := v.extras(ctx, t, v.managed(v.survey, v.options.Pins != nil))
	if err != nil {
		return err
	}
	g := new(errgroup.Group) // its functions report into the items and return nil
	g.SetLimit(concurrency(t.spec))
	for i := range items {
		if v.options.Pins != nil {
			items[i].Problem = "it is not pinned"
		}
		g.Go(func() error {
			if !v.ended(ctx) {
				v.describe(ctx, t, &items[i])
			}
			return nil
		})
	}
	_ = g.Wait()
	v.extra[at], v.listings[at] = items, listing
	return v.interrupted(ctx)
}

// describe says what an unmanaged version is, as far as its manifest tells.
func (v *verification) describe(ctx context.Context, t *target, it *VerifyItem) {
	found := v.observe(ctx, t, it.Repository, it.Version)
	if found.err != nil {
		it.Problem += "; it could not be read: " + found.err.Error()
		return
	}
	it.Digest, it.Layer = found.info.Manifest.Digest.String(), found.info.Layer.Digest.String()
	if found.notPack != nil {
		it.Problem += ", and it is no pack: " + found.notPack.Error()
		return
	}
	if it.Published = found.info.ContentDigest; it.Published != "" {
		it.Proof = ProofManifest
	}
}

// addUnmanaged adds to a plan what registries hold beyond packs.yaml.
func (e *Executor) addUnmanaged(ctx context.Context, s *survey, p *plan.Plan) error {
	managed := e.managed(s, false)
	found, listings := make([][]VerifyItem, len(e.targets)), make([]Listing, len(e.targets))
	g := new(errgroup.Group)
	for i, t := range e.targets {
		g.Go(func() (err error) {
			found[i], listings[i], err = e.extras(ctx, t, managed)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, w := range s.wishes {
		for _, u := range e.unknown(w) {
			if i := slices.IndexFunc(e.targets, func(t *target) bool { return t.spec.Name == u.Registry }); i >= 0 {
				listings[i].notKnown(u)
			}
		}
	}
	for i := range e.targets {
		for _, it := range found[i] {
			p.Unmanaged = append(p.Unmanaged, plan.Unmanaged{
				Registry: it.Registry, Repository: it.Repository, Name: it.Name, Version: it.Version, Reference: it.Reference,
			})
		}
		for _, gap := range listings[i].Gaps {
			p.Gaps = append(p.Gaps, listings[i].Registry+": not all that it holds is known: "+gap)
		}
	}
	return nil
}

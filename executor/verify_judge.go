package executor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/version"
	"github.com/packs-cli/packs/plan"
)

// judge turns what was gathered into items, in the order of the report.
func (v *verification) judge(ctx context.Context) ([]VerifyItem, error) {
	s := v.survey
	items := []VerifyItem{}
	for at, t := range v.targets {
		items = append(items, t.placeItems(&s.places[at])...)
		var mine []VerifyItem
		for i := range s.versions {
			if s.targets[i] != t {
				continue
			}
			if err := v.interrupted(ctx); err != nil {
				return nil, err
			}
			if it := v.judgeOne(ctx, i); it.Status != "" {
				mine = append(mine, it)
			}
		}
		mine = append(mine, v.notKnown(at)...)
		slices.SortStableFunc(mine, func(a, b VerifyItem) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), version.Compare(a.Version, b.Version))
		})
		items = append(append(items, mine...), v.extra[at]...)
	}
	return items, v.interrupted(ctx)
}

// placeItems says whether the project and the base path repository are there.
func (t *target) placeItems(found *places) []VerifyItem {
	var items []VerifyItem
	add := func(name, what string, e plan.Existence) {
		if name == "" {
			return
		}
		it := VerifyItem{Status: VerifyOK, Registry: t.spec.Name, Repository: name}
		switch {
		case e.Err != nil:
			it.fail(VerifyUnknown, e.Err)
		case !e.Present:
			it.Status, it.Problem, it.Hint = VerifyMissing, what+" is missing", "`packs apply` creates it"
		}
		items = append(items, it)
	}
	add(t.project(), "the project", found.project)
	add(t.basePath(), "the base path repository", found.basePath)
	return items
}

// fail notes why nothing better can be said of an item.
func (it *VerifyItem) fail(s VerifyStatus, err error) {
	it.Status, it.Err, it.Problem = s, err, err.Error()
	var re *registry.Error
	if errors.As(err, &re) {
		it.Hint = re.Hint
	}
}

// notKnown are the from: entries of which it is not known what they copy to a registry.
func (v *verification) notKnown(at int) []VerifyItem {
	var items []VerifyItem
	for _, w := range v.survey.wishes {
		for _, u := range v.unknown(w) {
			if u.Registry != v.targets[at].spec.Name {
				continue
			}
			it := VerifyItem{Registry: u.Registry, Repository: u.Repository, From: u.From}
			it.fail(VerifyUnknown, u.Err)
			items = append(items, it)
			if v.opts.Unmanaged {
				v.listings[at].notKnown(u)
			}
		}
	}
	return items
}

// judgeOne says what one version is worth. What the source of a copy holds and is
// no pack is not copied, and nothing is said of it.
func (v *verification) judgeOne(ctx context.Context, i int) VerifyItem {
	s, ev := v.survey, &v.evidence[i]
	want, t := &s.versions[i], s.targets[i]
	it := VerifyItem{
		Status: VerifyOK, Registry: want.Registry, Repository: want.Repository, Name: want.Name, Version: want.Version, Path: want.Path,
		Reference: t.spec.Reference(want.Name, want.Version), From: want.From,
		Digest: ev.info.Manifest.Digest.String(), Layer: ev.info.Layer.Digest.String(), Published: ev.content, Proof: ev.proof,
	}
	err := v.want(ctx, i, &it)
	switch {
	case want.NotPack != "":
		return VerifyItem{}
	case err != nil:
		it.fail(VerifyUnknown, err)
	case errors.Is(ev.err, registry.ErrDigest), errors.Is(ev.err, registry.ErrCorrupt):
		it.fail(VerifyDamaged, ev.err)
		it.Hint = cmp.Or(it.Hint, "delete the version in the registry, then `packs apply` publishes it again")
	case errors.Is(ev.err, registry.ErrNotFound):
		it.Status, it.Problem, it.Hint = VerifyMissing, "the version is missing", "`packs apply` publishes it"
	case ev.err != nil:
		it.fail(VerifyUnknown, ev.err)
	case ev.notPack != nil:
		it.fail(VerifyDifferent, ev.notPack)
	default:
		v.judgeContent(ctx, i, &it)
	}
	return it
}

// want finds out which content a version shall have: that of the pack on disk, of
// what is copied, or of a pin; a pin without one takes any. The same manifest is the same content; for another one the
// source's layer is read where it does not say what is in it.
func (v *verification) want(ctx context.Context, i int, it *VerifyItem) error {
	s, ev := v.survey, &v.evidence[i]
	if v.options.Pins != nil {
		it.ContentDigest = cmp.Or(v.pins[i].ContentDigest, ev.content)
		return nil
	}
	if s.copies[i] == nil {
		it.ContentDigest = s.digests[s.packs[i]].digest
		return nil
	}
	s.describe(i)
	want := &s.versions[i]
	it.ContentDigest = want.ContentDigest
	switch {
	case want.Err != nil:
		return fmt.Errorf("the source could not be asked: %w", want.Err)
	case want.NotPack != "" || ev.err != nil || ev.notPack != nil:
		return nil //nolint:nilerr // that is told of the item, and needs no content to compare with
	case want.Digest == it.Digest && it.ContentDigest == "":
		it.ContentDigest = ev.content
	case it.ContentDigest == "":
		if err := v.readSource(ctx, s.copies[i]); err != nil {
			return fmt.Errorf("the source could not be read: %w", err)
		}
		it.ContentDigest = s.copies[i].content
	}
	return nil
}

// judgeContent compares the content of a version that was read. What only a
// manifest says to be different is read before it is believed.
func (v *verification) judgeContent(ctx context.Context, i int, it *VerifyItem) {
	s, ev := v.survey, &v.evidence[i]
	if ev.content != it.ContentDigest && ev.proof != ProofLayer {
		v.readContent(ctx, s.targets[i], it.Repository, ev)
		it.Published, it.Proof = ev.content, ev.proof
		switch {
		case ev.notPack != nil:
			it.fail(VerifyDifferent, ev.notPack)
			return
		case ev.err != nil:
			it.fail(VerifyUnknown, ev.err)
			if errors.Is(ev.err, registry.ErrDigest) || errors.Is(ev.err, registry.ErrCorrupt) {
				it.Status = VerifyDamaged
			}
			return
		}
	}
	claimed := ev.info.ContentDigest
	switch ignored := s.targets[i].ignored(ev.info, it.Name, it.Version); {
	case ev.content != it.ContentDigest:
		v.explainDifference(ctx, i, it)
	case v.otherManifest(i, it):
		it.Status, it.Problem = VerifyDifferent, "another manifest is pinned: "+v.pins[i].Digest
		it.Hint = "publish the manifest that is pinned, or pin this one"
	case pack.KnownDigest(claimed) && claimed != ev.content:
		it.Status = VerifyDifferent
		it.Problem = fmt.Sprintf("the files are right, but the manifest says that their content digest is %.100q", claimed)
		it.Hint = fmt.Sprintf("delete the version in the registry, then `packs apply --pack %s@%s` publishes it anew", it.Name, it.Version)
	case ignored != "":
		it.Status, it.Problem = VerifyIgnored, "the content is right, but it "+ignored
		it.Hint = "`packs apply --repair-shape` publishes it in the right shape"
	}
}

// otherManifest tells whether a pin names another manifest than is there.
func (v *verification) otherManifest(i int, it *VerifyItem) bool {
	return v.options.Pins != nil && v.pins[i].Digest != "" && v.pins[i].Digest != it.Digest
}

// explainDifference names the files that differ. A pin does not tell.
func (v *verification) explainDifference(ctx context.Context, i int, it *VerifyItem) {
	it.Status, it.Problem = VerifyDifferent, "published with other content"
	if v.options.Pins != nil {
		it.Problem, it.Hint = "published with other content than is pinned", "publish what is pinned, or pin this"
		return
	}
	it.Hint = fmt.Sprintf("bump the version in pack.json; `packs apply --overwrite %s@%s` replaces what is published", it.Name, it.Version)
	changes, err := v.changes(ctx, i)
	if err != nil {
		it.Problem += "; which files differ could not be told: " + err.Error()
		return
	}
	it.Changes = changes
}

// ignored says why Palette would not see an artifact, "" where it would. In a
// registry that packs.yaml gives the newer shape, that shape is right.
func (t *target) ignored(info artifact.Info, name, version string) string {
	if info.Shape == shape(t.spec) {
		info.Shape = artifact.Shape10
	}
	return info.Ignored(name, version)
}

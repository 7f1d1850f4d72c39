package executor

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/version"
)

// inventory is what a registry holds below its base path.
type inventory struct {
	repositories []stock // sorted by name
	// gaps are the reasons why something may be missing from it: the registry does
	// not list its repositories, so that only names in packs.yaml were looked for,
	// or the tags of one could not be listed. Empty means that it is complete.
	gaps []error
}

// stock is what one repository holds.
type stock struct {
	name       string   // of the pack
	repository string   // without host
	versions   []string // sorted by version
	// sidecars are tags that are no versions: signatures and the like, named after
	// the digest of the manifest that they belong to. They go with their subject.
	sidecars []string
	err      error // why its tags could not be listed; it is among the gaps as well
}

func (inv *inventory) complete() bool { return len(inv.gaps) == 0 }

// inventory lists what a registry holds. The error is that the run was stopped,
// or that the registry cannot be asked at all; all else is in the gaps.
func (e *Executor) inventory(ctx context.Context, t *target) (*inventory, error) {
	inv := new(inventory)
	names, err := list(ctx, t)
	switch {
	case errors.Is(err, registry.ErrNotListed):
		inv.gaps = append(inv.gaps, err)
		names = e.named()
	case err != nil:
		return nil, err
	}
	if err := e.takeStock(ctx, t, inv, names); err != nil {
		return nil, err
	}
	return inv, nil
}

// takeStock lists the tags of packs. Where there are gaps, packs without any tag
// are left out.
func (e *Executor) takeStock(ctx context.Context, t *target, inv *inventory, names []string) error {
	inv.repositories = make([]stock, len(names))
	g := new(errgroup.Group) // its functions report into the inventory and return nil
	g.SetLimit(concurrency(t.spec))
	for i, name := range names {
		g.Go(func() error {
			s := stock{name: name, repository: t.spec.Repository(name)}
			if !e.ended(ctx) {
				s.list(ctx, t)
			}
			inv.repositories[i] = s
			return nil
		})
	}
	_ = g.Wait()
	if err := e.interrupted(ctx); err != nil {
		return err
	}
	for i := range inv.repositories {
		if err := inv.repositories[i].err; err != nil {
			inv.gaps = append(inv.gaps, err)
		}
	}
	if len(inv.gaps) > 0 { // looked for by name, or of no avail
		inv.repositories = slices.DeleteFunc(inv.repositories, func(s stock) bool {
			return s.err == nil && len(s.versions) == 0 && len(s.sidecars) == 0
		})
	}
	return nil
}

// list returns the names of the packs whose repositories a registry says it has.
func list(ctx context.Context, t *target) ([]string, error) {
	l, ok := t.Registry.(registry.Lister)
	if !ok {
		return nil, registry.NotListed(t.spec.Address()+"/"+t.spec.Base(), errors.ErrUnsupported, "")
	}
	repositories, err := l.Repositories(ctx, t.spec.Base())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range repositories {
		if name, ok := strings.CutPrefix(r, t.spec.Base()+"/"); ok && pack.ValidName(name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// list asks for the tags of a repository and sorts them.
func (s *stock) list(ctx context.Context, t *target) {
	tags, err := t.Tags(ctx, s.repository)
	if err != nil {
		s.err = err
		return
	}
	for _, tag := range tags {
		switch {
		case !pack.ValidVersion(tag): // hostile: no registry may hold it
		case isSidecar(tag):
			s.sidecars = append(s.sidecars, tag)
		default:
			s.versions = append(s.versions, tag)
		}
	}
	slices.SortFunc(s.versions, version.Compare)
	slices.Sort(s.sidecars)
	s.versions, s.sidecars = slices.Compact(s.versions), slices.Compact(s.sidecars)
}

// sidecarTag is how tags are named that belong to another manifest: by cosign
// (sha256-HEX.sig, .att, .sbom), and by the fallback of the OCI distribution
// specification for registries without its referrers API (sha256-HEX).
var sidecarTag = regexp.MustCompile(`^(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})(?:\.[A-Za-z0-9._-]*)?$`)

// isSidecar tells whether a tag is no version of a pack, but belongs to one.
func isSidecar(tag string) bool { return sidecarTag.MatchString(tag) }

// named returns the names of packs that packs.yaml has, sorted: in folders and
// archives, and written out in from: and retired: entries.
func (e *Executor) named() []string {
	var names []string
	add := func(name string) {
		if pack.ValidName(name) { // a glob is none
			names = append(names, name)
		}
	}
	for i := range e.catalog.Packs {
		add(e.catalog.Packs[i].Name)
	}
	for i := range e.catalog.From {
		for _, name := range e.catalog.From[i].Names {
			add(name)
		}
		for _, name := range e.catalog.From[i].Only.Names {
			add(name)
		}
	}
	for i := range e.catalog.Retired {
		add(e.catalog.Retired[i].Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

package executor

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// Saved returns a plan of this executor as it is written to a file: with what
// was asked for, and nothing that holds for this machine alone. It can be
// applied wherever the same packs.yaml lies among the same packs.
func (e *Executor) Saved(p *plan.Plan) *plan.Plan {
	out := e.portable(p)
	out.Unmanaged, out.Gaps = nil, nil // apply does nothing about them, and so cannot hold them to be true
	out.Saved = &plan.Saved{
		Format: plan.SavedFormat, Registries: e.opts.Registries, Packs: e.opts.Packs, Overwrite: e.opts.Overwrite,
		RepairShape: e.opts.RepairShape, UpdateRepositories: e.opts.UpdateRepositories,
		Prune: e.opts.Prune, IncludeUnmanaged: e.opts.IncludeUnmanaged, PruneRepositories: e.opts.PruneRepositories,
	}
	return out
}

// AskAgain makes options ask for what a saved plan was asked for.
func (o *Options) AskAgain(p *plan.Plan) {
	s := p.Saved
	if p.Shard != nil {
		o.Shard = *p.Shard
	}
	o.Registries, o.Packs, o.Overwrite = s.Registries, s.Packs, s.Overwrite
	o.RepairShape, o.UpdateRepositories = s.RepairShape, s.UpdateRepositories
	o.Prune, o.IncludeUnmanaged, o.PruneRepositories = s.Prune, s.IncludeUnmanaged, s.PruneRepositories
}

// portable returns a copy of a plan whose references to layouts are relative to
// packs.yaml, as paths of packs are, where they lie in the same work tree.
func (e *Executor) portable(p *plan.Plan) *plan.Plan {
	addresses := e.addresses()
	out := *p
	out.Actions = slices.Clone(p.Actions)
	for i := range out.Actions {
		a := &out.Actions[i]
		if r, ok := e.catalog.Registry(a.Registry); ok {
			a.Reference = portable(addresses, r, a.Reference)
		}
	}
	return &out
}

func portable(addresses map[string]string, r *manifest.Registry, reference string) string {
	if rest, ok := strings.CutPrefix(reference, r.Address()+"/"); ok && addresses[r.Name] != "" {
		return addresses[r.Name] + "/" + rest
	}
	return reference
}

// addresses are the folders of layouts relative to packs.yaml, by the names of
// the registries; those outside of the work tree have none.
func (e *Executor) addresses() map[string]string {
	dir, err := filepath.EvalSymlinks(e.catalog.Dir)
	if err != nil {
		dir = e.catalog.Dir
	}
	within := cmp.Or(e.catalog.WorkTree, dir)
	all := make(map[string]string)
	for i := range e.catalog.Registries {
		r := &e.catalog.Registries[i]
		if r.Type != manifest.TypeLayout {
			continue
		}
		rel, err := filepath.Rel(e.catalog.Dir, r.Path)
		if err != nil {
			continue // on another drive
		}
		if in, err := filepath.Rel(within, filepath.Join(dir, rel)); err != nil || !filepath.IsLocal(in) {
			continue
		}
		if rel = filepath.ToSlash(rel); !strings.HasPrefix(rel, "../") {
			rel = "./" + rel
		}
		all[r.Name] = rel
	}
	return all
}

// UnfitError says what of a saved plan does not fit the catalog.
type UnfitError struct{ Problems []string }

// Error lists the problems, one a line.
func (e *UnfitError) Error() string {
	return "the plan does not fit packs.yaml:\n" + strings.Join(e.Problems, "\n")
}

// StaleError lists what moved since a plan was saved. It is ErrStale.
type StaleError struct{ Moved []plan.Move }

// Error says how much moved.
func (e *StaleError) Error() string { return fmt.Sprintf("%d items %v", len(e.Moved), ErrStale) }

// Is makes it ErrStale.
func (e *StaleError) Is(target error) bool { return target == ErrStale }

// Replan plans anew what a saved plan says, and returns the new plan, which does
// what is left of it: what is already done as planned counts as done. Where
// anything else moved it is *StaleError. A plan that does not fit the catalog is
// *UnfitError; registries are asked only for one that does. The executor must
// have been made with the options of the plan: see Options.AskAgain.
func (e *Executor) Replan(ctx context.Context, saved *plan.Plan) (*plan.Plan, error) {
	if err := e.fits(saved); err != nil {
		return nil, err
	}
	now, err := e.Plan(ctx)
	if err != nil {
		return nil, err
	}
	if moved := plan.Moved(saved, e.portable(now)); len(moved) > 0 {
		return nil, &StaleError{moved}
	}
	return now, nil
}

// fits holds every action of a saved plan against the catalog: it may name only
// what packs.yaml names, and by the same words.
func (e *Executor) fits(saved *plan.Plan) error {
	packs := make(map[string]*manifest.Pack, len(e.catalog.Packs))
	names := make(map[string]bool, len(e.catalog.Packs))
	for i := range e.catalog.Packs {
		p := &e.catalog.Packs[i]
		packs[p.Path], names[p.Name] = p, true
	}
	for i := range e.catalog.Retired {
		names[e.catalog.Retired[i].Name] = true
	}
	known := &known{packs, names, e.addresses()}
	var unfit UnfitError
	for i := range saved.Actions {
		a := &saved.Actions[i]
		if why := e.unfit(a, known); why != "" {
			what := a.Repository
			if a.Name != "" {
				what = a.Name + "@" + a.Version
			}
			unfit.Problems = append(unfit.Problems, fmt.Sprintf("action %d, %s of %.200q in %.200q: %s", i+1, a.Kind, what, a.Registry, why))
		}
	}
	if len(unfit.Problems) > 0 {
		return &unfit
	}
	return nil
}

// known is what packs.yaml names.
type known struct {
	packs     map[string]*manifest.Pack // by path
	names     map[string]bool           // of packs
	addresses map[string]string         // of layouts
}

// unfit says why an action does not fit the catalog, or "".
func (e *Executor) unfit(a *plan.Action, k *known) string {
	t := e.target(a.Registry)
	if t == nil {
		return "packs.yaml has no such registry, or the plan was not asked for it"
	}
	if a.Name == "" {
		return e.unfitPlace(t, a, k.names)
	}
	if a.From != "" {
		return e.unfitCopy(t, a, k.addresses)
	}
	p := k.packs[a.Path]
	switch {
	case a.Path == "" && prunes(a.Kind) && a.Repository == t.spec.Repository(a.Name) && (k.names[a.Name] || e.mayCopy("", t.spec.Name, a.Name)):
		return unfitReference(t.spec, a, k.addresses) // of a delete: what the rules of packs.yaml say of it is compared next
	case p == nil:
		return fmt.Sprintf("packs.yaml has no pack at %.200q", a.Path)
	case p.Name != a.Name || p.Version != a.Version:
		return fmt.Sprintf("the pack at %s is %s@%s", a.Path, p.Name, p.Version)
	case !slices.ContainsFunc(p.Targets, func(want manifest.Target) bool { return want.Registry == a.Registry }):
		return "packs.yaml does not send the pack to that registry"
	case a.Repository != t.spec.Repository(a.Name):
		return fmt.Sprintf("the repository is %.200q, and packs.yaml says %s", a.Repository, t.spec.Repository(a.Name))
	}
	return unfitReference(t.spec, a, k.addresses)
}

// prunes tells whether an action of a kind may be about a version that shall go.
func prunes(k plan.ActionKind) bool {
	return k == plan.Delete || k == plan.Skip || k == plan.Unknown
}

// unfitCopy looks at an action that copies a version.
func (e *Executor) unfitCopy(t *target, a *plan.Action, addresses map[string]string) string {
	switch {
	case !e.mayCopy(a.From, t.spec.Name, a.Name):
		return fmt.Sprintf("packs.yaml copies no such pack from %.200q to that registry", a.From)
	case a.Repository != t.spec.Repository(a.Name):
		return fmt.Sprintf("the repository is %.200q, and packs.yaml says %s", a.Repository, t.spec.Repository(a.Name))
	}
	return unfitReference(t.spec, a, addresses)
}

// mayCopy tells whether a from: entry copies packs of a name from one registry,
// or any where source is empty, to another.
func (e *Executor) mayCopy(source, target, name string) bool {
	return slices.ContainsFunc(e.catalog.From, func(f manifest.From) bool {
		w := &wishes{from: &f}
		return (source == "" || f.Registry == source) && goesTo(&f, target) && (name == "" || w.names(name))
	})
}

// unfitReference holds a reference against packs.yaml. An ECR registry that
// packs.yaml names no host of tells it when it is asked: until then the rest is
// compared.
func unfitReference(r *manifest.Registry, a *plan.Action, addresses map[string]string) string {
	if r.Type == manifest.TypeECR && r.Host == "" && strings.HasSuffix(a.Reference, "/"+a.Repository+":"+a.Version) {
		return ""
	}
	if want := portable(addresses, r, r.Reference(a.Name, a.Version)); a.Reference != want {
		return fmt.Sprintf("the reference is %.200q, and packs.yaml says %s", a.Reference, want)
	}
	return ""
}

// unfitPlace looks at an action about a project or repository.
func (e *Executor) unfitPlace(t *target, a *plan.Action, names map[string]bool) string {
	if a.Version != "" || a.Path != "" || a.Reference != "" || a.ContentDigest != "" || a.Observed != nil {
		return "it says of a project or repository what only a version has"
	}
	if project := t.project(); project != "" && a.Repository == project && (a.Kind == plan.CreateProject || a.Kind == plan.Unknown) {
		return ""
	}
	if a.From != "" {
		if a.Kind != plan.Unknown || !e.mayCopy(a.From, t.spec.Name, "") {
			return fmt.Sprintf("packs.yaml copies nothing from %.200q to that registry", a.From)
		}
		return ""
	}
	base := t.spec.Base()
	name, below := strings.CutPrefix(a.Repository, base+"/")
	if a.Kind == plan.CreateProject || a.Repository != base && (!below || !names[name] && !e.mayCopy("", t.spec.Name, name)) {
		return "packs.yaml names no such project or repository"
	}
	return ""
}
